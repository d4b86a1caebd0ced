{{ config(materialized='table') }}
-- grain: one row per channel, account, day, meter and those dimensions that log and provider usage share,
-- on days that have both. gap_usd is what the provider's count adds to the log's, at the card.
with days as (select * from {{ ref('int_comparison_days') }} where has_control),

lines as (

    select 'log' as side, * from {{ ref('int_computed_lines') }}
    union all by name
    select 'log' as side, * exclude (reference) from {{ ref('int_shifted_lines') }} where reference = 'usage'
    union all by name
    select 'usage' as side, * from {{ ref('int_provider_usage_lines') }}

),

-- a dimension that the usage report leaves out is known to the log alone, and is not compared; the context band
-- follows from the counts themselves, and a wrong one shows in the cost
keyed as (

    select
        lines.side,
        lines.channel,
        lines.account,
        lines.usage_date,
        if(days.has_control_key, lines.api_key_id, null) as api_key_id,
        lines.model,
        if(days.is_processing_unreported, null, lines.processing) as processing,
        if(days.is_tier_unreported, null, lines.service_tier) as service_tier,
        if(days.is_geo_unreported, null, lines.geo) as geo,
        days.is_context_unreported,
        lines.meter,
        lines.quantity,
        lines.cost_usd,
        lines.unit_price_usd,
        lines.list_unit_price_usd,
        lines.price_set_id,
        lines.unpriced_reason
    from lines
    inner join days
        on lines.channel = days.channel
        and lines.account = days.account
        and lines.usage_date = days.usage_date

),

summed as (

    select
        channel,
        account,
        usage_date,
        api_key_id,
        model,
        processing,
        service_tier,
        geo,
        meter,
        any_value(is_context_unreported) as is_context_unreported,
        coalesce(sum(quantity) filter (where side = 'log'), 0) as logged_quantity,
        coalesce(sum(quantity) filter (where side = 'usage'), 0) as reported_quantity,
        coalesce(sum(cost_usd) filter (where side = 'log'), {{ zero_money() }}) as logged_cost_usd,
        coalesce(sum(cost_usd) filter (where side = 'usage'), {{ zero_money() }}) as reported_cost_usd,
        count(distinct unit_price_usd) filter (where side = 'usage') as reported_prices,
        max(unit_price_usd) filter (where side = 'usage') as reported_price_usd,
        max(list_unit_price_usd) filter (where side = 'usage') as reported_list_price_usd,
        max(price_set_id) filter (where side = 'usage') as reported_price_set_id,
        max(price_set_id) filter (where side = 'log') as logged_price_set_id,
        max(unit_price_usd) filter (where side = 'log') as logged_price_usd,
        max(list_unit_price_usd) filter (where side = 'log') as logged_list_price_usd,
        max(unpriced_reason) as unpriced_reason
    from keyed
    group by all

)

select
    md5(concat_ws(
        '|', channel, account, usage_date, coalesce(api_key_id, ''), model, coalesce(processing, ''),
        coalesce(service_tier, ''), coalesce(geo, ''), meter
    )) as comparison_id,
    *,
    coalesce(reported_price_usd, logged_price_usd) as unit_price_usd,
    coalesce(reported_list_price_usd, logged_list_price_usd) as list_unit_price_usd,
    coalesce(reported_price_set_id, logged_price_set_id) as price_set_id,
    cast(reported_quantity - logged_quantity as decimal(38, 6)) as gap_quantity,
    cast(
        case
            when not is_context_unreported then reported_cost_usd - logged_cost_usd
            when reported_quantity = logged_quantity and meter <> 'reported_usd' then 0
            when logged_quantity = 0 then reported_cost_usd
            when reported_quantity = 0 then -logged_cost_usd
            when reported_prices = 1
                then cast(reported_quantity - logged_quantity as decimal(38, 6)) * reported_price_usd
            else reported_cost_usd - logged_cost_usd
        end as decimal(38, 18)
    ) as gap_usd
from summed
