{{ config(materialized='table') }}
-- grain: one row per day, conversion type, link method, scope rule and cut
with cost_rows as (select * from {{ ref('int_linked_conversion_costs') }}),

profiles as (select * from {{ ref('int_conversion_profiles') }}),

cohorts as (select * from {{ ref('int_user_cohorts') }}),

conversions as (select * from {{ ref('int_conversions') }})

select
    cost_rows.usage_date,
    coalesce(conversions.conversion_type, 'unattributed') as class,
    {{ cost_cuts('profiles', 'cost_rows', 'cohorts.cohort') }}
    conversions.conversion_id is not null as is_matched,
    coalesce(cost_rows.link_method, 'unattributed') as link_method,
    coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) as scope_rule,
    {{ cost_sums() }}
from cost_rows
left join conversions on cost_rows.subject_id = conversions.conversion_id
left join profiles on cost_rows.subject_id = profiles.subject_id
left join cohorts on coalesce(profiles.user_key, cost_rows.user_key) = cohorts.user_key
{{ scope_rule('conversion') }}
group by all
