{{ config(materialized='table') }}
-- grain: one row per billed line that the FOCUS export carries, with the invoice it belongs to, and
-- one row per invoice for what the days of its cost report do not show
-- Sum of billed_amount per invoice is the payable amount of that invoice. The days of a cost report
-- stand for the charges of the one invoice that covers them; where several invoices cover a day, or
-- one in another currency, the invoices speak for themselves and the report is left out.
with lines as (

    select
        *,
        charge_kind not in ('tax', 'credit', 'purchase', 'drawdown', 'expiry') as is_charge
    from {{ ref('int_billed_lines') }}
    where is_bill_of_record

),

invoices as (

    select
        channel,
        account,
        invoice_id,
        billed_currency,
        min(billing_month) as billing_month,
        min(period_start) filter (where is_charge) as first_day,
        max(period_end) filter (where is_charge) as last_day,
        min(document_path) as document_path,
        coalesce(sum(billed_amount) filter (where is_charge), {{ zero_money() }}) as charged_amount
    from lines
    where document_type = 'invoice'
    group by channel, account, invoice_id, billed_currency

),

-- a month that an export calls its invoice is the number of no document
report_lines as (

    select * replace (if(is_issuer_invoice_id is not false, invoice_id, null) as invoice_id)
    from lines
    where document_type = 'cost_report'

),

covering as (

    select
        days.channel,
        days.account,
        days.usage_date,
        count(*) as invoices,
        min(invoices.invoice_id) as invoice_id,
        min(invoices.billed_currency) as billed_currency
    from (select distinct channel, account, usage_date from report_lines) as days
    inner join invoices
        on days.channel = invoices.channel
        and days.account = invoices.account
        and days.usage_date between invoices.first_day and invoices.last_day
    group by days.channel, days.account, days.usage_date

),

-- a cost export may name the invoice of its lines by itself; where that document has not arrived and
-- another covers the day, the other speaks, and nothing is billed twice
assigned as (

    select
        report_lines.* replace (
            case
                when own_invoices.invoice_id is not null then report_lines.invoice_id
                when covering.channel is null then report_lines.invoice_id
                when covering.invoices = 1 and covering.billed_currency = report_lines.billed_currency
                    then covering.invoice_id
            end as invoice_id
        ),
        own_invoices.invoice_id is not null or covering.channel is not null as has_document
    from report_lines
    left join invoices as own_invoices
        on report_lines.channel = own_invoices.channel
        and report_lines.account = own_invoices.account
        and report_lines.invoice_id = own_invoices.invoice_id
        and report_lines.billed_currency = own_invoices.billed_currency
    left join covering
        on report_lines.channel = covering.channel
        and report_lines.account = covering.account
        and report_lines.usage_date = covering.usage_date

),

exported as (select * from assigned where not has_document or invoice_id is not null),

shown_by_day as (

    select channel, account, invoice_id, billed_currency, sum(billed_amount) as shown_amount
    from exported
    where has_document and is_charge
    group by channel, account, invoice_id, billed_currency

),

spine as (

    select * exclude (has_document), invoice_id is not null as has_invoice
    from exported
    where is_charge or not has_document

    union all by name

    select lines.*, true as has_invoice
    from lines
    anti join shown_by_day
        on lines.is_charge
        and lines.channel = shown_by_day.channel
        and lines.account = shown_by_day.account
        and lines.invoice_id = shown_by_day.invoice_id
        and lines.billed_currency = shown_by_day.billed_currency
    where lines.document_type = 'invoice'

    union all by name

    select
        concat_ws(':', 'balance', invoices.channel, invoices.account, invoices.invoice_id) as billed_line_id,
        'invoice' as document_type,
        invoices.channel,
        invoices.account,
        invoices.invoice_id,
        'balance' as charge_kind,
        invoices.billed_currency,
        invoices.charged_amount - shown_by_day.shown_amount as billed_amount,
        invoices.first_day as period_start,
        invoices.last_day as period_end,
        invoices.billing_month,
        invoices.document_path,
        true as has_invoice
    from invoices
    inner join shown_by_day
        on invoices.channel = shown_by_day.channel
        and invoices.account = shown_by_day.account
        and invoices.invoice_id = shown_by_day.invoice_id
        and invoices.billed_currency = shown_by_day.billed_currency
    where invoices.charged_amount <> shown_by_day.shown_amount

)

select
    billed_line_id,
    source,
    document_type,
    channel,
    account,
    sub_account,
    api_key_id,
    invoice_id,
    charge_kind,
    description,
    model_key,
    meter,
    processing,
    quantity,
    billed_amount,
    billed_currency,
    coalesce(rounding_allowance_usd, {{ zero_money() }}) as rounding_allowance_usd,
    coalesce(usage_date, period_start) as period_start,
    coalesce(usage_date, period_end) as period_end,
    billing_month,
    document_path,
    if(has_invoice, 'invoiced', 'reported') as billing_status
from spine
