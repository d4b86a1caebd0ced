{{ config(materialized='table') }}
-- grain: one row per day, feature, scope rule and cut
with cost_rows as (select * from {{ ref('int_cost_rows') }}),

cohorts as (select * from {{ ref('int_user_cohorts') }})

select
    cost_rows.usage_date,
    cost_rows.feature as class,
    {%- for column in cuts() %}
    coalesce({{ 'cohorts' if column == 'cohort' else 'cost_rows' }}.{{ column }}, 'unattributed') as {{ column }},
    {%- endfor %}
    cost_rows.feature <> 'unattributed' as is_matched,
    coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) as scope_rule,
    sum(cost_rows.uncounted_usage_rows) as uncounted_usage_rows,
    {{ cost_sums() }}
from cost_rows
left join cohorts on cost_rows.user_key = cohorts.user_key
{{ scope_rule('feature') }}
group by all
