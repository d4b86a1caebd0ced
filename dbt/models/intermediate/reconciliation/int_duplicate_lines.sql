{{ config(materialized='table') }}
-- grain: one row per day, key and meter of the calls that repeat another one
with calls as (

    select calls.*, coalesce(calls.model_key, calls.model_served, 'unknown') as model
    from {{ ref('fct_llm_calls') }} as calls
    semi join {{ ref('int_duplicate_calls') }} as duplicates on calls.usage_row_id = duplicates.usage_row_id

),

{{ meter_lines('calls', [
    'usage_date', 'channel', 'account', 'api_key_id', 'model', 'processing', 'service_tier', 'geo', 'ctx_min_tokens',
    'price_set_id', 'unpriced_reason', 'cost_basis'
]) }}

select * from meter_lines
