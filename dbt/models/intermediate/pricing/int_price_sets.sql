{{ config(materialized='table') }}
-- grain: one row per price set: the prices of the meters that a usage row carries as columns, side
-- by side. Pricing a call is one range join to this table.
with price_lines as (select * from {{ ref('int_price_lines') }})

select
    price_set_id,
    rate_card_version,
    price_book,
    channel,
    model_key,
    processing,
    service_tier,
    geo,
    schedule,
    ctx_min_tokens,
    ctx_max_tokens,
    valid_from_at,
    valid_to_at,
    {%- for meter in priced_meters() %}
    max(case when meter = '{{ meter }}' then unit_price_usd end) as {{ meter }}_price_usd,
    {%- endfor %}
    bool_or(contract_id is not null) as has_contract_price,
    bool_or(rate_status <> 'confirmed') as has_unconfirmed_price
from price_lines
group by
    price_set_id, rate_card_version, price_book, channel, model_key, processing, service_tier, geo, schedule,
    ctx_min_tokens, ctx_max_tokens, valid_from_at, valid_to_at
