{{ config(materialized='table') }}
-- grain: one row per day, user class, scope rule and cut; internal users are out of scope by name
with cost_rows as (select * from {{ ref('int_cost_rows') }}),

profiles as (select * from {{ ref('int_user_profiles') }}),

cohorts as (select * from {{ ref('int_user_cohorts') }})

select
    cost_rows.usage_date,
    case
        when cost_rows.user_key is null then 'unattributed'
        when cost_rows.is_internal_user then 'internal_user'
        else 'end_user'
    end as class,
    {{ cost_cuts('profiles', 'cost_rows', 'cohorts.cohort') }}
    cost_rows.user_key is not null as is_matched,
    if(cost_rows.user_key is null, 'unattributed', 'user_id') as link_method,
    coalesce(
        if(cost_rows.is_internal_user, 'internal_user', null),
        feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name
    ) as scope_rule,
    {{ cost_sums() }}
from cost_rows
left join profiles on cost_rows.user_key = profiles.subject_id
left join cohorts on cost_rows.user_key = cohorts.user_key
{{ scope_rule('active_user') }}
group by all
