{{ config(materialized='table') }}
-- grain: one row per day, user class, scope rule and cut
-- Internal users, bots and test users are out of scope by name, whichever of the person's ids says so.
with cost_rows as (select * from {{ ref('int_cost_rows') }}),

user_persons as (select * from {{ ref('int_user_persons') }}),

excluded_persons as (select * from {{ ref('int_excluded_persons') }}),

profiles as (select * from {{ ref('int_user_profiles') }}),

cohorts as (select * from {{ ref('int_user_cohorts') }})

select
    cost_rows.usage_date,
    case
        when {{ person_of('cost_rows') }} is null then 'unattributed'
        else coalesce(excluded_persons.exclusion_kind || '_user', 'end_user')
    end as class,
    {{ cost_cuts('profiles', 'cost_rows', 'cohorts.cohort') }}
    {{ person_of('cost_rows') }} is not null as is_matched,
    if({{ person_of('cost_rows') }} is null, 'unattributed', 'user_id') as link_method,
    coalesce(
        excluded_persons.exclusion_kind || '_user',
        feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name
    ) as scope_rule,
    {{ cost_sums() }}
from cost_rows
left join user_persons on cost_rows.user_key = user_persons.user_key
left join excluded_persons
    on {{ person_of('cost_rows') }} = excluded_persons.person_key
    and cost_rows.usage_date >= excluded_persons.valid_from
    and cost_rows.usage_date < excluded_persons.valid_to
left join profiles on {{ person_of('cost_rows') }} = profiles.subject_id
left join cohorts on {{ person_of('cost_rows') }} = cohorts.user_key
{{ scope_rule('active_user') }}
group by all
