{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where {{ in_window('usage_date') }} or charge_origin = 'period'{% endif %}",
) }}
-- grain: one row per day, channel, account, model, tier, processing, geography, context band, price
-- period and meter: the ledger. Quantities are exact, so quantity times unit price equals the sum
-- over the calls to the last digit (a duration is rounded call by call, at 10^-18 USD).
-- Period charges depend on whole months, so all of them are written anew each time.
with calls as (

    select *, if(grain = 'bucket', 'usage_bucket', 'call') as charge_origin
    from {{ ref('fct_llm_calls') }}
    where {{ in_window('usage_date') }}

),

period_lines as (select * from {{ ref('int_period_lines') }}),

{{ meter_lines('calls', [
    'usage_date', 'channel', 'account', 'provider', 'model_served', 'model_key', 'service_tier', 'processing',
    'geo', 'ctx_min_tokens', 'price_set_id', 'price_valid_from_at', 'rate_card_version', 'charge_origin',
    'cost_basis', 'unpriced_reason'
]) }},

lines as (

    select * from meter_lines
    union all by name
    select * from period_lines

)

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
    charge_class,
    charge_description,
    cost_basis,
    meter,
    cast(quantity as decimal(38, 6)) as quantity,
    rate_id,
    rate_status,
    contract_id,
    priced_per,
    list_unit_price_usd,
    unit_price_usd,
    list_cost_usd,
    cost_usd,
    unpriced_reason,
    restated_on
from lines
