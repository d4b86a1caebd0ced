{{ config(materialized='table') }}
-- grain: one row per thing compared: channel, account, day (or month where the bill has no days), kind of
-- charge and those of API key, model, processing and meter that the bill of that day carries
-- Full outer: what stands in one book only is a row too.
with used as (select * from {{ ref('int_usage_keys') }}),

days as (select * from {{ ref('int_comparison_days') }}),

billed as (

    select
        lines.*,
        coalesce(lines.model_key, lines.raw_model) as model,
        lines.model_key is null and lines.raw_model is not null as is_unknown_model,
        if(lines.charge_kind in ('usage', 'adjustment'), 'usage', lines.charge_kind) as compared_kind,
        -- the same line again: nothing that the bill shows tells the copies apart
        row_number() over (
            partition by
                lines.document_type, lines.channel, lines.account, lines.sub_account, lines.usage_date, lines.period_start,
                lines.period_end, lines.api_key_id, lines.description, lines.raw_model, lines.meter, lines.processing,
                lines.service_tier, lines.geo, lines.charge_kind, lines.quantity, lines.billed_amount,
                lines.billed_currency
            order by lines.billed_line_id
        ) > 1 and lines.billed_amount <> 0 as is_copy
    from {{ ref('int_billed_lines') }} as lines
    -- an amount in another currency without a rate is unknown in USD: it must not be compared as zero
    -- prepaid credits that expire are lost, and no document asks for them
    where lines.is_bill_of_record and lines.billed_usd is not null and lines.charge_kind <> 'expiry'

),

invoiced_months as (

    select
        channel,
        account,
        billing_month,
        bool_or(model is not null and meter is not null) filter (where charge_kind = 'usage') as has_meter,
        -- an adjustment alone does not stand for the month
        bool_or(charge_kind = 'usage') as has_usage
    from billed
    where document_type = 'invoice'
    group by channel, account, billing_month

),

reported_months as (

    select distinct channel, account, cast(date_trunc('month', usage_date) as date) as billing_month
    from {{ ref('int_bill_days') }}

),

placed as (

    select
        billed.*,
        days.has_bill_meter,
        days.has_bill_key,
        days.has_bill_processing,
        coalesce(invoiced_months.has_meter, false) as has_invoice_meter,
        billed.document_type = 'invoice' and reported_months.channel is not null and billed.compared_kind = 'usage'
            as is_month_total,
        -- what an invoice says of taxes, credits and fees stands above the cost report
        billed.document_type = 'invoice' or billed.compared_kind = 'usage' or invoiced_months.channel is null as counts
    from billed
    left join days
        on billed.channel = days.channel
        and billed.account = days.account
        and billed.usage_date = days.usage_date
    left join invoiced_months
        on billed.channel = invoiced_months.channel
        and billed.account = invoiced_months.account
        and billed.billing_month = invoiced_months.billing_month
    left join reported_months
        on billed.channel = reported_months.channel
        and billed.account = reported_months.account
        and billed.billing_month = reported_months.billing_month

),

-- in a month that has cost reports too, the invoice is compared as a total: what it adds to them
billed_keys as (

    select
        channel,
        account,
        billing_month,
        usage_date as key_date,
        document_type as bill,
        is_month_total,
        compared_kind as charge_kind,
        if(document_type = 'cost_report' and compared_kind = 'usage' and has_bill_key, api_key_id, null) as key_api_key_id,
        if(
            compared_kind = 'usage' and not is_month_total
            and if(document_type = 'cost_report', has_bill_meter, has_invoice_meter),
            model, null
        ) as key_model,
        if(
            compared_kind = 'usage' and not is_month_total
            and if(document_type = 'cost_report', has_bill_meter, has_invoice_meter),
            meter, null
        ) as key_meter,
        if(
            document_type = 'cost_report' and compared_kind = 'usage' and has_bill_processing,
            coalesce(processing, 'realtime'), null
        ) as key_processing,
        quantity,
        billed_usd,
        rounding_allowance_usd,
        is_copy,
        is_unknown_model,
        quantity > 0 and billed_amount = 0 as is_free,
        charge_kind = 'adjustment' as is_adjustment,
        1 as billed_rows,
        if(billed_currency <> 'USD', billed_amount, null) as foreign_amount,
        if(billed_currency <> 'USD', billed_currency, null) as foreign_currency,
        issued_on,
        period_start,
        period_end,
        billed_line_id
    from placed
    where counts

    union all by name

    select
        reports.channel,
        reports.account,
        reports.billing_month,
        'invoice' as bill,
        true as is_month_total,
        'usage' as charge_kind,
        -sum(reports.billed_usd) as billed_usd,
        0 as billed_rows,
        -- reports of rounded rows say no more of their sum than that
        sum(reports.rounding_allowance_usd) as rounding_allowance_usd,
        false as is_copy,
        false as is_unknown_model,
        false as is_free,
        false as is_adjustment
    from billed as reports
    inner join invoiced_months
        on reports.channel = invoiced_months.channel
        and reports.account = invoiced_months.account
        and reports.billing_month = invoiced_months.billing_month
        and invoiced_months.has_usage
    where reports.document_type = 'cost_report' and reports.compared_kind = 'usage'
    group by reports.channel, reports.account, reports.billing_month

),

sides as (

    select * from used
    union all by name
    select 'billed' as side, * from billed_keys

),

summed as (

    select
        channel,
        account,
        billing_month,
        key_date as usage_date,
        bill,
        charge_kind,
        coalesce(is_excluded, false) as is_excluded,
        key_api_key_id as api_key_id,
        key_model as model_key,
        key_meter as meter,
        key_processing as processing,
        is_month_total,
        sum(quantity) filter (where side = 'computed') as computed_quantity,
        coalesce(sum(cost_usd) filter (where side = 'computed'), {{ zero_money() }}) as computed_cost_usd,
        sum(quantity) filter (where side = 'usage') as usage_quantity,
        coalesce(sum(quantity) filter (where side in ('computed', 'shift', 'gap')), 0) as used_quantity,
        coalesce(sum(cost_usd) filter (where side in ('computed', 'shift', 'gap')), {{ zero_money() }}) as used_usd,
        coalesce(sum(billed_rows) filter (where side = 'billed'), 0) as billed_rows,
        coalesce(sum(billed_usd) filter (where side = 'billed'), {{ zero_money() }}) as billed_usd,
        -- a quantity counts only where every billed row of the pair states one
        case
            when count(*) filter (where side = 'billed' and quantity is null and not is_adjustment) = 0
                then sum(quantity) filter (where side = 'billed')
        end as billed_quantity,
        coalesce(sum(quantity) filter (where is_free), 0) as free_quantity,
        coalesce(sum(billed_usd) filter (where is_copy), {{ zero_money() }}) as copied_usd,
        coalesce(sum(quantity) filter (where is_copy), 0) as copied_quantity,
        sum(foreign_amount) filter (where side = 'billed') as foreign_amount,
        case when count(distinct foreign_currency) = 1 then min(foreign_currency) end as foreign_currency,
        min(period_start) as period_start,
        max(coalesce(issued_on, period_end)) as issued_on,
        coalesce(
            sum(rounding_allowance_usd) filter (where side = 'billed'), {{ zero_money() }}
        ) as rounding_allowance_usd,
        case
            when count(distinct unit_price_usd) filter (where side in ('computed', 'shift', 'gap')) = 1
                then min(unit_price_usd) filter (where side in ('computed', 'shift', 'gap'))
        end as unit_price_usd,
        list(distinct unit_price_usd) filter (where side in ('computed', 'shift', 'gap') and unit_price_usd > 0)
            as unit_prices,
        coalesce(bool_or(unpriced_reason is not null) filter (where side <> 'billed'), false) as has_unpriced_usage,
        coalesce(bool_or(is_unknown_model), false) as has_unknown_model,
        list(distinct billed_line_id order by billed_line_id) filter (where side = 'billed' and billed_line_id is not null)
            as billed_line_ids
    from sides
    group by all

)

select {{ pair_id('usage_date', 'api_key_id', 'model_key', 'meter', 'processing') }} as pair_id, *
from summed
