-- grain: one row per channel, account, month and published figure, which `trueup close` records
-- A figure that is not known (no bill yet) has no row.
with months as (

    select
        channel,
        account,
        month,
        sum(computed_cost_usd) as computed,
        sum(billed_usd) as billed,
        sum(payable_usd) as payable
    from {{ ref('reconciliation_months') }}
    group by channel, account, month

),

figures as (

    unpivot months on computed, billed, payable into name measure value amount_usd

),

trued_up as (

    select channel, account, month, sum(trued_up_cost_usd) as amount_usd
    from {{ ref('int_cost_center_costs') }}
    group by channel, account, month

),

residuals as (

    select channel, account, month, residual_code, sum(residual_usd) as amount_usd
    from {{ ref('reconciliation_lines') }}
    where residual_usd <> 0
    group by channel, account, month, residual_code

)

select channel, account, month, measure, cast(amount_usd as decimal(38, 18)) as amount_usd
from figures
union all
select channel, account, month, 'trued_up' as measure, cast(amount_usd as decimal(38, 18)) as amount_usd
from trued_up
union all
select
    channel, account, month, 'residual:' || residual_code as measure, cast(amount_usd as decimal(38, 18)) as amount_usd
from residuals
