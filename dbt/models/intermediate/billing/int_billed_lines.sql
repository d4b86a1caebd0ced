-- grain: one row per billed line: cost report lines by day, invoice lines by period
-- One cost report is the bill of record per channel, account and day: a dated rule, else the one
-- that publishes the most exact amounts. An invoice stands above both and is compared by month.
with reports as (select * from {{ ref('int_cost_report_lines') }}),

invoices as (select * from {{ ref('stg_invoices__invoice_lines') }}),

documents as (select * from {{ ref('bill_documents') }}),

channels as (select * from {{ ref('channel_aliases') }}),

rules as (select * from {{ ref('stg_reference__source_precedence') }} where role = 'bill'),

meters as (select * from {{ ref('billing_meters') }}),

aliases as (select * from {{ ref('model_aliases') }}),

report_days as (

    select distinct channel, account, usage_date, source from reports

),

bills_of_record as (

    select report_days.channel, report_days.account, report_days.usage_date, report_days.source
    from report_days
    left join documents on report_days.source = documents.source
    left join rules
        on report_days.source = rules.source
        and (rules.channel is null or report_days.channel = rules.channel)
        and (rules.account is null or report_days.account = rules.account)
        and report_days.usage_date >= rules.valid_from
        and report_days.usage_date < rules.valid_to
    qualify row_number() over (
        partition by report_days.channel, report_days.account, report_days.usage_date
        order by rules.source is null, documents.precedence, report_days.source
    ) = 1

),

unioned as (

    select
        reports.* exclude (has_item),
        'cost_report' as document_type,
        cast(null as varchar) as invoice_id,
        'usage' as charge_kind,
        reports.usage_date as period_start,
        reports.usage_date as period_end,
        bills_of_record.source is not null as is_bill_of_record,
        not reports.has_item as is_day_total
    from reports
    left join bills_of_record
        on reports.channel = bills_of_record.channel
        and reports.account = bills_of_record.account
        and reports.usage_date = bills_of_record.usage_date
        and reports.source = bills_of_record.source

    union all by name

    select
        invoices.* exclude (raw_channel, issued_on, invoiced_unit_price),
        coalesce(channels.channel, lower(invoices.raw_channel)) as channel,
        'invoice' as document_type,
        true as is_bill_of_record,
        false as is_day_total
    from invoices
    left join channels on invoices.raw_channel = channels.raw_channel

)

select
    -- the same content may lie under two accounts, so the file alone does not name the line
    concat_ws(':', unioned.source, unioned.account_label, unioned.file_id, unioned.row_number) as billed_line_id,
    unioned.source,
    unioned.file_id,
    unioned.row_number,
    unioned.document_type,
    unioned.is_bill_of_record,
    unioned.channel,
    unioned.account,
    unioned.sub_account,
    unioned.api_key_id,
    unioned.invoice_id,
    unioned.charge_kind,
    unioned.description,
    unioned.raw_model,
    aliases.model_key,
    -- an invoice template may name the house meter itself
    case
        when unioned.is_day_total then null
        when meters.meter is not null then meters.meter
        when unioned.document_type = 'invoice' then unioned.raw_meter
        else 'unmapped'
    end as meter,
    unioned.raw_processing as processing,
    cast(unioned.raw_quantity * coalesce(meters.quantity_factor, 1) as decimal(38, 18)) as quantity,
    unioned.quantity_unit,
    unioned.billed_amount,
    unioned.billed_currency,
    case when unioned.billed_currency = 'USD' then unioned.billed_amount end as billed_usd,
    {{ as_money('documents.half_unit_usd') }} as rounding_allowance_usd,
    unioned.usage_date,
    unioned.period_start,
    unioned.period_end,
    cast(date_trunc('month', coalesce(unioned.usage_date, unioned.period_start)) as date) as billing_month
from unioned
left join documents on unioned.source = documents.source
left join meters
    on unioned.source = meters.source
    and unioned.raw_meter = meters.label
left join aliases
    on unioned.channel = aliases.channel
    and unioned.raw_model = aliases.raw_model
    and coalesce(unioned.usage_date, unioned.period_start)
    >= coalesce(cast(aliases.valid_from as date), date '1970-01-01')
    and coalesce(unioned.usage_date, unioned.period_start)
    < coalesce(cast(aliases.valid_to as date), date '9999-12-31')
