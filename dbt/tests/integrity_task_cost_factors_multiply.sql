{{ config(meta={'dagster': {'ref': {'name': 'task_cost_factors'}}}) }}
-- A returned row is a cohort whose factors do not multiply to its cost per success, or whose counts are not
-- those of task_success_rates. In counts the product is exact; a unit cost is rounded once, so times
-- its count it may miss the cost by half of 10^-12 per counted one.
with factors as (select * from {{ ref('task_cost_factors') }} where cohort = 'concluded'),

rates as (select * from {{ ref('task_success_rates') }}),

checked as (

    select
        coalesce(factors.period_grain, rates.period_grain) as period_grain,
        coalesce(factors.period_start, rates.period_start) as period_start,
        coalesce(factors.task_type, rates.task_type) as task_type,
        factors.concluded_tasks is not distinct from rates.concluded_tasks
        and factors.successful_tasks is not distinct from rates.successful_tasks
        and factors.attempts >= factors.concluded_tasks as counts_agree,
        {%- for unit, count in [
            ('attempt', 'attempts'), ('task', 'concluded_tasks'), ('successful_task', 'successful_tasks')
        ] %}
        {%- for basis in ['computed', 'trued_up'] %}
        abs(
            factors.{{ basis }}_{{ unit }}_unit_cost_usd * factors.{{ count }} - factors.{{ basis }}_cost_usd
        ) * 2 <= factors.{{ count }} * 0.000000000001
        and {% endfor %}
        {%- endfor %}
        (factors.successful_tasks = 0) = (factors.computed_successful_task_unit_cost_usd is null) as costs_agree
    from factors
    full outer join rates
        on factors.period_grain = rates.period_grain
        and factors.period_start = rates.period_start
        and factors.task_type = rates.task_type

)

select * from checked where not coalesce(counts_agree and coalesce(costs_agree, true), false)
