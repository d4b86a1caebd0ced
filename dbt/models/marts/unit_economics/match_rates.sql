-- grain: one row per unit, calendar period (day, week, month), link method and whether it is in scope
-- How much of the spend each key matched: filter to one unit and one period_grain before summing.
with costs as (

    {% for unit, costs in [
        ('active_user', ref('int_user_costs')),
        ('resolved_ticket', ref('int_ticket_costs')),
        ('successful_task', ref('int_task_costs')),
        ('conversion', ref('int_conversion_costs')),
    ] -%}
    select
        '{{ unit }}' as unit,
        usage_date,
        link_method,
        scope_rule is null as in_scope,
        sum(usage_rows) as usage_rows,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from {{ costs }}
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

periods as (

    {% for grain in ['day', 'week', 'month'] -%}
    select
        unit,
        '{{ grain }}' as period_grain,
        {{ period_start("'" ~ grain ~ "'", 'usage_date') }} as period_start,
        link_method,
        in_scope,
        cast(sum(usage_rows) as bigint) as usage_rows,
        cast(sum(computed_cost_usd) as decimal(38, 18)) as computed_cost_usd,
        cast(sum(trued_up_cost_usd) as decimal(38, 18)) as trued_up_cost_usd
    from costs
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    *,
    {{ ratio(
        'computed_cost_usd',
        'sum(computed_cost_usd) over (partition by unit, period_grain, period_start, in_scope)'
    ) }} as computed_share_ratio
from periods
