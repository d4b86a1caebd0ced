-- grain: one row per billed line of a cost report or an invoice, in the house vocabulary, before
-- model, meter and currency are looked up
with reports as (select * from {{ ref('int_cost_report_lines') }}),

invoices as (select * from {{ ref('stg_invoices__invoice_lines') }}),

channels as (select * from {{ ref('channel_aliases') }}),

lines as (

    select
        reports.* exclude (has_item, charge_kind),
        'cost_report' as document_type,
        coalesce(reports.charge_kind, 'usage') as charge_kind,
        coalesce(reports.charge_start, reports.usage_date) as period_start,
        coalesce(reports.charge_end, reports.usage_date) as period_end,
        not reports.has_item as is_day_total
    from reports

    union all by name

    select
        invoices.* exclude (raw_channel),
        coalesce(channels.channel, lower(invoices.raw_channel)) as channel,
        'invoice' as document_type,
        true as is_issuer_invoice_id,
        false as is_day_total
    from invoices
    left join channels on invoices.raw_channel = channels.raw_channel

)

select
    * exclude (charge_start, charge_end, billing_period),
    -- compared in the month of its day; an invoice may state days of its neighbours, for a correction or
    -- because its month is cut in another zone
    cast(date_trunc('month', coalesce(usage_date, period_start)) as date) as billing_month,
    coalesce(billing_period, cast(date_trunc('month', coalesce(usage_date, period_start)) as date)) as invoice_month,
    -- the day whose rate converts a foreign amount under the policy invoice_date
    coalesce(issued_on, usage_date, period_end) as conversion_date
from lines
