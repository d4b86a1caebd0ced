{{ config(meta={'dagster': {'ref': {'name': 'unit_cost_changes'}}}) }}
-- A returned row is a day and task type whose meters do not cost what the cohort costs, or whose parts of calls
-- leave more than rounding to the line for it: a millionth of the cost.
with lines as (

    select
        concluded_date,
        task_type,
        sum(cost_usd) as cost_usd,
        sum(if(meter = 'rounding_of_parts', abs(cost_usd), 0)) as rounding_usd
    from {{ ref('int_task_meter_costs') }}
    group by all

),

cohorts as (

    select period_start, task_type, computed_cost_usd
    from {{ ref('task_cost_factors') }}
    where cohort = 'concluded' and period_grain = 'day'

)

select cohorts.*, lines.cost_usd, lines.rounding_usd
from cohorts
left join lines on cohorts.period_start = lines.concluded_date and cohorts.task_type = lines.task_type
where cohorts.computed_cost_usd <> coalesce(lines.cost_usd, 0)
    or lines.rounding_usd * 1000000 > greatest(cohorts.computed_cost_usd, 0.000001)
