{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where {{ in_window('usage_date') }}{% endif %}",
) }}
-- grain: one row per day, channel, account, model, tier, processing, geography, context band, price
-- period and meter: the ledger. Quantities are whole, so quantity times unit price equals the sum
-- over the calls to the last digit.
with calls as (

    select *, if(grain = 'bucket', 'usage_bucket', 'call') as charge_origin
    from {{ ref('fct_llm_calls') }}
    where {{ in_window('usage_date') }}

),

{{ meter_lines('calls', [
    'usage_date', 'channel', 'account', 'provider', 'model_served', 'model_key', 'service_tier', 'processing',
    'geo', 'ctx_min_tokens', 'price_set_id', 'price_valid_from_at', 'rate_card_version', 'charge_origin',
    'unpriced_reason'
]) }}

select
    usage_date,
    channel,
    account,
    provider,
    model_served,
    model_key,
    service_tier,
    processing,
    geo,
    ctx_min_tokens,
    price_set_id,
    price_valid_from_at,
    rate_card_version,
    charge_origin,
    meter,
    cast(quantity as decimal(38, 0)) as quantity,
    unit_price_usd,
    cost_usd as list_cost_usd,
    cost_usd,
    unpriced_reason
from meter_lines
