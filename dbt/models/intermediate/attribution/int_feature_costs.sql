-- grain: one row per day, feature and scope rule
with cost_rows as (select * from {{ ref('int_cost_rows') }})

select
    cost_rows.usage_date,
    cost_rows.feature as class,
    cost_rows.feature <> 'unattributed' as is_matched,
    coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) as scope_rule,
    {{ cost_sums() }}
from cost_rows
{{ scope_rule('feature') }}
group by all
