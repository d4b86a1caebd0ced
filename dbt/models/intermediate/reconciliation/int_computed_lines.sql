{{ config(materialized='table') }}
-- grain: one row per day, channel, account, API key, model, processing, tier, geography, context band,
-- price set and meter of the ledger: the computed side of the reconciliation
with calls as (select *, coalesce(model_key, model_served, 'unknown') as model from {{ ref('fct_llm_calls') }}),

{{ meter_lines('calls', [
    'usage_date', 'channel', 'account', 'api_key_id', 'model', 'processing', 'service_tier', 'geo', 'ctx_min_tokens',
    'price_set_id', 'unpriced_reason', 'cost_basis'
]) }},

-- charges of a period have no call, and so no key
period_lines as (

    select *, coalesce(model_key, model_served, 'unknown') as model
    from {{ ref('fct_charge_lines') }}
    where charge_origin = 'period'

)

select
    usage_date, channel, account, api_key_id, model, processing, service_tier, geo, ctx_min_tokens, price_set_id, meter,
    quantity,
    -- a price for more than one unit (an hour of seconds) is no factor of a count
    case when priced_per = 1 then list_unit_price_usd end as list_unit_price_usd,
    case when priced_per = 1 then unit_price_usd end as unit_price_usd,
    cost_usd, unpriced_reason
from meter_lines
union all by name
select
    usage_date, channel, account, model, processing, service_tier, geo, ctx_min_tokens, price_set_id, meter, quantity,
    case when priced_per = 1 then list_unit_price_usd end as list_unit_price_usd,
    case when priced_per = 1 then unit_price_usd end as unit_price_usd,
    cost_usd, unpriced_reason
from period_lines
