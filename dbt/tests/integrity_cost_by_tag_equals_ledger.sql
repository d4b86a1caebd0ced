{{ config(meta={'dagster': {'ref': {'name': 'cost_by_tag'}}}) }}
-- A returned row is a tag view and period grain whose rows do not sum to the ledger's cost rows.
with ledger as (

    select sum(computed_cost_usd) as computed_cost_usd, sum(trued_up_cost_usd) as trued_up_cost_usd
    from {{ ref('int_cost_rows') }}

),

totals as (

    select
        tag_view,
        period_grain,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from {{ ref('cost_by_tag') }}
    group by tag_view, period_grain

)

select totals.*
from totals
cross join ledger
where totals.computed_cost_usd <> ledger.computed_cost_usd or totals.trued_up_cost_usd <> ledger.trued_up_cost_usd
