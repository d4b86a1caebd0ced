{{ config(meta={'dagster': {'ref': {'name': 'spend_concentration'}}}) }}
-- A returned row is a month and dimension whose members and rest do not sum to the month of the
-- ledger, on one of the two bases. Tolerance zero.
with ledger as (

    select
        period_start,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from {{ ref('cost_per_active_user') }}
    where period_grain = 'month'
    group by period_start

)

select *
from {{ ref('spend_concentration') }} as spend
left join ledger on spend.period_start = ledger.period_start
where spend.computed_cost_usd + spend.unattributed_computed_cost_usd is distinct from ledger.computed_cost_usd
    or spend.trued_up_cost_usd + spend.unattributed_trued_up_cost_usd is distinct from ledger.trued_up_cost_usd
