-- grain: one row per day, user class and scope rule; internal users are out of scope by name
with cost_rows as (select * from {{ ref('int_cost_rows') }})

select
    cost_rows.usage_date,
    case
        when cost_rows.user_key is null then 'unattributed'
        when cost_rows.is_internal_user then 'internal_user'
        else 'end_user'
    end as class,
    cost_rows.user_key is not null as is_matched,
    coalesce(
        if(cost_rows.is_internal_user, 'internal_user', null),
        feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name
    ) as scope_rule,
    {{ cost_sums() }}
from cost_rows
{{ scope_rule('active_user') }}
group by all
