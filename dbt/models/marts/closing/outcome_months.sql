-- grain: one row per calendar month, unit and class: the denominators of the unit-cost marts
-- `trueup close` records these rows, so that a later change of a closed month can be told.
with tickets as (

    select
        'resolved_ticket' as unit,
        period_start as month,
        resolution_kind as class,
        sum(resolved_final) as outcomes_final,
        sum(resolved_provisional) as outcomes_provisional,
        sum(trued_up_loaded_cost_usd) as loaded_cost_usd
    from {{ ref('cost_per_resolved_ticket') }}
    where period_grain = 'month'
    group by all

),

tasks as (

    select
        'successful_task' as unit,
        period_start as month,
        task_type as class,
        sum(successful_tasks - successful_provisional) as outcomes_final,
        sum(successful_provisional) as outcomes_provisional,
        sum(trued_up_loaded_cost_usd) as loaded_cost_usd
    from {{ ref('cost_per_successful_task') }}
    where period_grain = 'month'
    group by all

),

users as (

    select
        'active_user' as unit,
        period_start as month,
        user_class as class,
        sum(active_users) as outcomes_final,
        0 as outcomes_provisional,
        sum(trued_up_loaded_cost_usd) as loaded_cost_usd
    from {{ ref('cost_per_active_user') }}
    where period_grain = 'month'
    group by all

),

conversions as (

    select
        'conversion' as unit,
        period_start as month,
        conversion_type as class,
        sum(conversions_final) as outcomes_final,
        sum(conversions_provisional) as outcomes_provisional,
        sum(trued_up_loaded_cost_usd) as loaded_cost_usd
    from {{ ref('cost_per_conversion') }}
    where period_grain = 'month'
    group by all

),

unioned as (

    select * from tickets
    union all by name
    select * from tasks
    union all by name
    select * from users
    union all by name
    select * from conversions

)

select
    month,
    unit,
    class,
    cast(outcomes_final + outcomes_provisional as bigint) as outcomes,
    cast(outcomes_final as bigint) as outcomes_final,
    cast(outcomes_provisional as bigint) as outcomes_provisional,
    cast(loaded_cost_usd as decimal(38, 18)) as loaded_cost_usd
from unioned
where outcomes_final + outcomes_provisional > 0
