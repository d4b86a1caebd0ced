{{ config(materialized='table') }}
-- grain: one row per day, channel, account, API key, model, processing, price set and meter of the
-- provider's usage report, priced by the same card: the control side of the reconciliation
with buckets as (

    select *, coalesce(model_key, model_served, 'unknown') as model
    from {{ ref('int_usage_priced') }}
    where grain = 'bucket' and not is_ledger and pricing_pass = 'booked'

),

{{ meter_lines('buckets', [
    'usage_date', 'channel', 'account', 'api_key_id', 'model', 'processing', 'price_set_id', 'unpriced_reason',
    'cost_basis'
]) }}

select * from meter_lines
