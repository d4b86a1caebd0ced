{{ config(materialized='table') }}
-- grain: one row per day, channel, account, API key, model, processing, price set and meter of the
-- ledger: the computed side of the reconciliation
with calls as (select *, coalesce(model_key, model_served, 'unknown') as model from {{ ref('fct_llm_calls') }}),

{{ meter_lines('calls', [
    'usage_date', 'channel', 'account', 'api_key_id', 'model', 'processing', 'price_set_id', 'unpriced_reason'
]) }}

select * from meter_lines
