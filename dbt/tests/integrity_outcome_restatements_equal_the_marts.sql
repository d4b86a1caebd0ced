{{ config(meta={'dagster': {'ref': {'name': 'outcome_restatements'}}}) }}
-- A returned row is a closed month, unit and class whose recorded count plus every change is not the count
-- that the unit-cost marts show now. Tolerance zero.
with recorded as (

    select
        month,
        line.unit as unit,
        line.class as class,
        line.final + line.provisional as outcomes
    from (
        select
            month,
            unnest(from_json(
                published_outcomes,
                '[{"unit": "VARCHAR", "class": "VARCHAR", "final": "BIGINT", "provisional": "BIGINT"}]'
            )) as line
        from {{ ref('int_outcome_closes') }}
    )

),

changes as (select month, unit, class, change as outcomes from {{ ref('outcome_restatements') }}),

published as (

    select period_start as month, 'resolved_ticket' as unit, resolution_kind as class,
        resolved_final + resolved_provisional as outcomes
    from {{ ref('cost_per_resolved_ticket') }}
    where period_grain = 'month'
    union all
    select period_start, 'successful_task', task_type, successful_tasks
    from {{ ref('cost_per_successful_task') }}
    where period_grain = 'month'
    union all
    select period_start, 'active_user', user_class, active_users
    from {{ ref('cost_per_active_user') }}
    where period_grain = 'month'
    union all
    select period_start, 'conversion', conversion_type, conversions_final + conversions_provisional
    from {{ ref('cost_per_conversion') }}
    where period_grain = 'month'

),

balances as (

    select * from recorded
    union all
    select * from changes
    union all
    select month, unit, class, -outcomes from published where month in (select month from {{ ref('int_outcome_closes') }})

)

select month, unit, class, sum(outcomes) as difference
from balances
group by month, unit, class
having sum(outcomes) <> 0
