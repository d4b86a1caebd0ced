{{ config(materialized='table') }}
-- grain: one row per thing compared: channel, account, day (or month where the bill has no days) and
-- those of API key, model, processing and meter that the bill of that day carries
-- Full outer: what stands in one book only is a row too.
with computed as (select * from {{ ref('int_computed_lines') }}),

provider_usage as (select * from {{ ref('int_provider_usage_lines') }}),

billed as (

    select *, coalesce(model_key, raw_model) as model
    from {{ ref('int_billed_lines') }}
    where is_bill_of_record and charge_kind in ('usage', 'adjustment')
        -- an amount in another currency is unknown in USD: it must not be compared as zero
        and billed_usd is not null

),

bill_days as (select * from {{ ref('int_bill_days') }}),

invoiced_months as (

    select distinct channel, account, billing_month from billed where document_type = 'invoice'

),

reported_months as (

    select distinct channel, account, cast(date_trunc('month', usage_date) as date) as billing_month
    from bill_days

),

usage_sides as (

    select 'computed' as side, * from computed
    union all by name
    select 'usage' as side, * from provider_usage

),

-- an uncovered day of an invoiced month is compared with the invoice, by month
usage_keys as (

    select
        usage_sides.side,
        bill_days.usage_date is null and reported_months.channel is not null
            and invoiced_months.channel is not null as is_month_total,
        usage_sides.channel,
        usage_sides.account,
        cast(date_trunc('month', usage_sides.usage_date) as date) as billing_month,
        case
            when bill_days.usage_date is not null or invoiced_months.channel is null then usage_sides.usage_date
        end as usage_date,
        case
            when bill_days.usage_date is not null then 'cost_report'
            when invoiced_months.channel is null then 'none'
            else 'invoice'
        end as bill,
        case when bill_days.has_api_key then usage_sides.api_key_id end as api_key_id,
        case
            when bill_days.usage_date is not null and not bill_days.has_meter then null
            when is_month_total then null
            else usage_sides.model
        end as model_key,
        case
            when bill_days.usage_date is not null and not bill_days.has_meter then null
            when is_month_total then null
            else usage_sides.meter
        end as meter,
        case when bill_days.has_processing then usage_sides.processing end as processing,
        cast(usage_sides.quantity as decimal(38, 18)) as quantity,
        usage_sides.cost_usd,
        usage_sides.unit_price_usd,
        usage_sides.unpriced_reason
    from usage_sides
    left join bill_days
        on usage_sides.channel = bill_days.channel
        and usage_sides.account = bill_days.account
        and usage_sides.usage_date = bill_days.usage_date
    left join invoiced_months
        on usage_sides.channel = invoiced_months.channel
        and usage_sides.account = invoiced_months.account
        and date_trunc('month', usage_sides.usage_date) = invoiced_months.billing_month
    left join reported_months
        on usage_sides.channel = reported_months.channel
        and usage_sides.account = reported_months.account
        and date_trunc('month', usage_sides.usage_date) = reported_months.billing_month

),

-- in a month that has cost reports too, the invoice is compared as a total: what it adds to them
billed_keys as (

    select
        'billed' as side,
        billed.document_type = 'invoice' and reported_months.channel is not null as is_month_total,
        billed.channel,
        billed.account,
        billed.billing_month,
        billed.usage_date,
        billed.document_type as bill,
        case when bill_days.has_api_key then billed.api_key_id end as api_key_id,
        case
            when bill_days.has_meter then billed.model
            when billed.document_type = 'invoice' and not is_month_total then billed.model
        end as model_key,
        case
            when bill_days.has_meter then billed.meter
            when billed.document_type = 'invoice' and not is_month_total then billed.meter
        end as meter,
        case when bill_days.has_processing then coalesce(billed.processing, 'realtime') end as processing,
        billed.quantity,
        billed.billed_usd,
        billed.rounding_allowance_usd,
        1 as billed_rows
    from billed
    left join bill_days
        on billed.channel = bill_days.channel
        and billed.account = bill_days.account
        and billed.usage_date = bill_days.usage_date
    left join reported_months
        on billed.channel = reported_months.channel
        and billed.account = reported_months.account
        and billed.billing_month = reported_months.billing_month

    union all by name

    select
        'billed' as side,
        true as is_month_total,
        reports.channel,
        reports.account,
        reports.billing_month,
        'invoice' as bill,
        -sum(reports.billed_usd) as billed_usd,
        0 as billed_rows,
        cast(0 as decimal(38, 18)) as rounding_allowance_usd
    from billed as reports
    inner join invoiced_months
        on reports.channel = invoiced_months.channel
        and reports.account = invoiced_months.account
        and reports.billing_month = invoiced_months.billing_month
    where reports.document_type = 'cost_report'
    group by reports.channel, reports.account, reports.billing_month

),

sides as (

    select * from usage_keys
    union all by name
    select * from billed_keys

)

select
    channel,
    account,
    billing_month,
    usage_date,
    bill,
    api_key_id,
    model_key,
    meter,
    processing,
    is_month_total,
    sum(quantity) filter (where side = 'computed') as computed_quantity,
    coalesce(sum(cost_usd) filter (where side = 'computed'), {{ zero_money() }}) as computed_cost_usd,
    sum(quantity) filter (where side = 'usage') as usage_quantity,
    coalesce(sum(cost_usd) filter (where side = 'usage'), {{ zero_money() }}) as usage_cost_usd,
    coalesce(sum(billed_rows) filter (where side = 'billed'), 0) as billed_rows,
    coalesce(sum(billed_usd) filter (where side = 'billed'), {{ zero_money() }}) as billed_usd,
    -- a quantity counts only where every billed row of the pair states one
    case
        when count(*) filter (where side = 'billed' and quantity is null) = 0
            then sum(quantity) filter (where side = 'billed')
    end as billed_quantity,
    coalesce(
        sum(rounding_allowance_usd * billed_rows) filter (where side = 'billed'), {{ zero_money() }}
    ) as rounding_allowance_usd,
    case
        when count(distinct unit_price_usd) filter (where side <> 'billed') = 1
            then min(unit_price_usd) filter (where side <> 'billed')
    end as unit_price_usd,
    coalesce(bool_or(unpriced_reason is not null) filter (where side <> 'billed'), false) as has_unpriced_usage
from sides
group by channel, account, billing_month, usage_date, bill, api_key_id, model_key, meter, processing, is_month_total
