{{ config(materialized='table') }}
-- grain: one row per pricing pass beside `booked`, day, channel, account, model, tier, processing,
-- geography and meter: what another rate-card version makes of the same usage
-- A meter that only one of two cards prices apart costs 0 on the other side; an unpriced one is NULL.
with rows_priced as (

    select *
    from {{ ref('int_usage_priced') }}
    where is_ledger and is_repriced

),

passes as (

    select distinct pricing_pass, pass_number, channel, account, usage_date, rate_card_version
    from {{ ref('int_pricing_days') }}

),

{% set key = [
    'usage_date', 'channel', 'account', 'model_served', 'model_key', 'service_tier', 'processing', 'geo', 'meter'
] -%}
{{ meter_lines('rows_priced', [
    'pricing_pass', 'pass_number', 'usage_date', 'channel', 'account', 'provider', 'model_served', 'model_key',
    'service_tier', 'processing', 'geo', 'price_set_id', 'cost_basis', 'unpriced_reason'
]) }},

summed_lines as (

    select
        pricing_pass,
        pass_number,
        {{ key | join(', ') }},
        any_value(provider) as provider,
        sum(quantity) as quantity,
        sum(list_cost_usd) as list_cost_usd,
        sum(cost_usd) as cost_usd,
        count(*) filter (where unpriced_reason is not null) as unpriced_lines
    from meter_lines
    group by all

),

booked as (select * from summed_lines where pricing_pass = 'booked'),

keys as (

    select {{ key | join(', ') }}, any_value(provider) as provider
    from summed_lines
    group by all

),

asked as (

    select keys.*, passes.pricing_pass, passes.pass_number, passes.rate_card_version as repriced_version
    from keys
    inner join passes
        on keys.channel = passes.channel
        and keys.account = passes.account
        and keys.usage_date = passes.usage_date
    where passes.pricing_pass <> 'booked'

)

select
    asked.*,
    coalesce(again.quantity, booked.quantity, 0) as quantity,
    booked_passes.rate_card_version as booked_version,
    if(booked.meter is null, 0, booked.list_cost_usd) as booked_list_cost_usd,
    if(booked.meter is null, 0, booked.cost_usd) as booked_cost_usd,
    case
        when again.meter is null then 0
        when again.unpriced_lines <= coalesce(booked.unpriced_lines, 0) then again.list_cost_usd
    end as repriced_list_cost_usd,
    case
        when again.meter is null then 0
        when again.unpriced_lines <= coalesce(booked.unpriced_lines, 0) then again.cost_usd
    end as repriced_cost_usd
from asked
left join booked
    on {% for column in key %}asked.{{ column }} is not distinct from booked.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
left join summed_lines as again
    on asked.pricing_pass = again.pricing_pass
    and asked.pass_number = again.pass_number
    and {% for column in key %}asked.{{ column }} is not distinct from again.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
left join passes as booked_passes
    on booked_passes.pricing_pass = 'booked'
    and asked.channel = booked_passes.channel
    and asked.account = booked_passes.account
    and asked.usage_date = booked_passes.usage_date
