{{ config(meta={'dagster': {'ref': {'name': 'reconciliation_months'}}}) }}
-- Trued-up cost is what the bill asks for usage: of the invoice where it charges usage, else of the cost
-- reports, and every fee and commitment. Tax, credits, refunds and prepaid amounts stand outside. A share
-- that went to no row, or to two, would show here. Months in another currency leave the part that the
-- rate of exchange moved outside, so they are compared by their residuals alone.
-- A returned row is a channel, account and month, billed in full, whose trued-up cost is another sum.
with cost_rows as (select * from {{ ref('int_cost_rows') }}),

billed as (select * from {{ ref('fct_billed_lines') }} where is_bill_of_record),

trued_up as (

    select
        channel,
        account,
        cast(date_trunc('month', usage_date) as date) as month,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from cost_rows
    group by channel, account, cast(date_trunc('month', usage_date) as date)
    having not bool_or(is_accrued)

),

payable as (

    select
        channel,
        account,
        billing_month as month,
        bool_or(document_type = 'invoice' and charge_kind in ('usage', 'adjustment')) as is_invoiced,
        sum(billed_usd) filter (where document_type = 'invoice' and charge_kind in ('usage', 'adjustment'))
            as invoiced_usd,
        sum(billed_usd) filter (where document_type = 'cost_report' and charge_kind in ('usage', 'adjustment'))
            as reported_usd,
        coalesce(sum(billed_usd) filter (where charge_kind in ('fee', 'commitment')), 0) as fee_usd
    from billed
    group by channel, account, billing_month
    having bool_and(billed_currency = 'USD')

)

select
    trued_up.channel,
    trued_up.account,
    trued_up.month,
    trued_up.trued_up_cost_usd,
    if(payable.is_invoiced, payable.invoiced_usd, payable.reported_usd) + payable.fee_usd as payable_usage_usd
from trued_up
inner join payable
    on trued_up.channel = payable.channel
    and trued_up.account = payable.account
    and trued_up.month = payable.month
where trued_up.trued_up_cost_usd <> if(payable.is_invoiced, payable.invoiced_usd, payable.reported_usd) + payable.fee_usd
