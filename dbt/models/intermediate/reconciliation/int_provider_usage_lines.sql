{{ config(materialized='table') }}
-- grain: one row per day, channel, account, API key, model, processing, tier, geography, context band,
-- price set and meter of the provider's usage report, priced by the same card: the control side
with buckets as (

    select *, coalesce(model_key, model_served, 'unknown') as model
    from {{ ref('int_usage_priced') }}
    where grain = 'bucket' and not is_ledger and pricing_pass = 'booked'

),

{{ meter_lines('buckets', [
    'usage_date', 'channel', 'account', 'api_key_id', 'model', 'processing', 'service_tier', 'geo', 'ctx_min_tokens',
    'unreported_dimensions', 'price_set_id', 'unpriced_reason', 'cost_basis'
]) }}

-- a price for more than one unit (an hour of seconds) is no factor of a count
select * replace (
    case when priced_per = 1 then list_unit_price_usd end as list_unit_price_usd,
    case when priced_per = 1 then unit_price_usd end as unit_price_usd
)
from meter_lines
