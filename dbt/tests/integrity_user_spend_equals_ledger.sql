{{ config(meta={'dagster': {'ref': {'name': 'user_spend'}}}) }}
-- A returned row is a month whose people and not_shown do not sum to the ledger, on one of the two
-- bases, or whose growths do not sum to its growth. Tolerance zero.
with ledger as (

    select
        period_start,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from {{ ref('cost_per_active_user') }}
    where period_grain = 'month'
    group by period_start

),

people as (

    select
        period_start,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd,
        sum(growth_usd) as growth_usd,
        count(*) filter (where person_key = 'not_shown') as rests
    from {{ ref('user_spend') }}
    group by period_start

)

select *
from people
full outer join ledger on people.period_start = ledger.period_start
left join ledger as ledger_before on people.period_start = ledger_before.period_start + interval 1 month
where coalesce(people.computed_cost_usd, 0) <> coalesce(ledger.computed_cost_usd, 0)
    or coalesce(people.trued_up_cost_usd, 0) <> coalesce(ledger.trued_up_cost_usd, 0)
    or people.growth_usd <> ledger.trued_up_cost_usd - ledger_before.trued_up_cost_usd
    or people.rests <> 1
