{{ config(materialized='table') }}
-- grain: one row per line of the ledger, of provider usage and of what moves the one to the other, with the
-- key under which the bill shows it. side: computed | usage (shown only) | shift | gap; used is computed,
-- shift and gap together.
with sides as (

    select 'computed' as side, * from {{ ref('int_computed_lines') }}
    union all by name
    select 'usage' as side, * exclude (unreported_dimensions) from {{ ref('int_provider_usage_lines') }}
    union all by name
    select 'shift' as side, 'time_zone' as residual_code, * exclude (reference) from {{ ref('int_shifted_lines') }}
    union all by name
    select
        'gap' as side,
        * exclude (comparison_id, part_quantity, part_usd, logged_quantity, reported_quantity),
        part_quantity as quantity,
        part_usd as cost_usd
    from {{ ref('int_usage_gap_causes') }}

),

days as (select * from {{ ref('int_comparison_days') }}),

exclusions as (select * from {{ ref('bill_exclusions') }}),

bills as (

    select *
    from {{ ref('int_billed_lines') }}
    where is_bill_of_record and billed_usd is not null

),

invoiced_months as (

    select
        channel,
        account,
        billing_month,
        -- where no line names model and meter, only the month's total can be compared
        bool_or(coalesce(model_key, raw_model) is not null and meter is not null) as has_meter
    from bills
    where document_type = 'invoice' and charge_kind = 'usage'
    group by channel, account, billing_month

),

reported_months as (

    select distinct channel, account, cast(date_trunc('month', usage_date) as date) as billing_month
    from {{ ref('int_bill_days') }}

),

committed_months as (

    select distinct channel, account, billing_month from bills where charge_kind = 'commitment'

),

placed as (

    select
        sides.*,
        cast(date_trunc('month', sides.usage_date) as date) as billing_month,
        coalesce(days.has_bill, false) as has_bill,
        invoiced_months.channel is not null as has_invoice,
        coalesce(invoiced_months.has_meter, false) as has_invoice_meter,
        reported_months.channel is not null as has_report,
        coalesce(exclusions.source is not null, false) as is_excluded,
        if(
            sides.meter in ('commitment', 'minimum_fee') and committed_months.channel is not null,
            'commitment', 'usage'
        ) as charge_kind,
        days.has_bill_meter,
        days.has_bill_key,
        days.has_bill_processing,
        coalesce(list_contains(days.modelless_meters, sides.meter), false) as is_modelless
    from sides
    left join days
        on sides.channel = days.channel
        and sides.account = days.account
        and sides.usage_date = days.usage_date
    left join exclusions
        on days.bill_source = exclusions.source
        and sides.service_tier = exclusions.service_tier
    left join invoiced_months
        on sides.channel = invoiced_months.channel
        and sides.account = invoiced_months.account
        and date_trunc('month', sides.usage_date) = invoiced_months.billing_month
    left join reported_months
        on sides.channel = reported_months.channel
        and sides.account = reported_months.account
        and date_trunc('month', sides.usage_date) = reported_months.billing_month
    left join committed_months
        on sides.channel = committed_months.channel
        and sides.account = committed_months.account
        and date_trunc('month', sides.usage_date) = committed_months.billing_month

),

-- by day where a daily bill covers the day; else with the invoice by month; else with no bill
kinds as (

    select
        *,
        has_bill and not (is_excluded and has_invoice) and charge_kind = 'usage' as is_daily,
        case
            when is_daily then 'cost_report'
            when has_invoice or charge_kind = 'commitment' then 'invoice'
            when has_bill then 'cost_report'
            else 'none'
        end as bill,
        bill = 'invoice' and has_report and charge_kind = 'usage' as is_month_total
    from placed

),

keyed as (

    select
        side,
        residual_code,
        channel,
        account,
        billing_month,
        if(bill = 'invoice', null, usage_date) as key_date,
        bill,
        is_month_total,
        charge_kind,
        coalesce(is_excluded and bill = 'cost_report', false) as is_excluded,
        if(is_daily and has_bill_key, api_key_id, null) as key_api_key_id,
        case
            when is_month_total or charge_kind <> 'usage' then null
            when bill = 'invoice' and not has_invoice_meter then null
            when is_daily and (not has_bill_meter or is_modelless) then null
            else model
        end as key_model,
        case
            when is_month_total or charge_kind <> 'usage' then null
            when bill = 'invoice' and not has_invoice_meter then null
            when is_daily and not has_bill_meter then null
            else meter
        end as key_meter,
        if(is_daily and has_bill_processing, processing, null) as key_processing,
        usage_date,
        api_key_id,
        meter,
        price_set_id,
        quantity,
        list_unit_price_usd,
        unit_price_usd,
        cost_usd,
        unpriced_reason
    from kinds

)

select {{ pair_id('key_date', 'key_api_key_id', 'key_model', 'key_meter', 'key_processing') }} as pair_id, *
from keyed
