{{ config(meta={'dagster': {'ref': {'name': 'reconciliation_lines'}}}) }}
-- A returned row is a channel, account and month whose residuals do not add up to billed minus
-- computed, or whose two sides do not equal the ledger and the bill of record.
with lines as (

    select
        channel,
        account,
        month,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(billed_usd) as billed_usd,
        sum(residual_usd) as residual_usd
    from {{ ref('reconciliation_lines') }}
    group by channel, account, month

),

ledger as (

    select
        channel,
        account,
        cast(date_trunc('month', usage_date) as date) as month,
        coalesce(sum(cost_usd), 0) as cost_usd
    from {{ ref('fct_charge_lines') }}
    group by channel, account, cast(date_trunc('month', usage_date) as date)

),

bills as (

    select
        channel,
        account,
        billing_month as month,
        bool_or(document_type = 'invoice') as has_invoice,
        bool_or(document_type = 'invoice' and charge_kind = 'usage') as has_invoiced_usage,
        coalesce(sum(billed_usd) filter (where document_type = 'invoice' and is_usage), 0) as invoiced_usage_usd,
        coalesce(sum(billed_usd) filter (where document_type = 'invoice' and not is_usage), 0) as invoiced_other_usd,
        coalesce(sum(billed_usd) filter (where document_type = 'cost_report' and is_usage), 0) as reported_usage_usd,
        coalesce(sum(billed_usd) filter (where document_type = 'cost_report' and not is_usage), 0)
            as reported_other_usd
    from (select *, charge_kind in ('usage', 'adjustment') as is_usage from {{ ref('fct_billed_lines') }})
    where is_bill_of_record and billed_usd is not null and charge_kind <> 'expiry'
    group by channel, account, billing_month

)

select lines.*, ledger.cost_usd, bills.* exclude (channel, account, month)
from lines
full outer join ledger using (channel, account, month)
full outer join bills using (channel, account, month)
where lines.residual_usd <> lines.billed_usd - lines.computed_cost_usd
    or coalesce(lines.computed_cost_usd, 0) <> coalesce(ledger.cost_usd, 0)
    or coalesce(lines.billed_usd, 0)
    <> coalesce(
        if(bills.has_invoiced_usage, 0, bills.reported_usage_usd) + bills.invoiced_usage_usd
        + if(bills.has_invoice, bills.invoiced_other_usd, bills.reported_other_usd),
        0
    )
