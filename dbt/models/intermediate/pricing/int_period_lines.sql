{{ config(materialized='table') }}
-- grain: one row per charge line that no call made: storage, capacity, sessions and containers as
-- metered, what contracts charge by the month, and corrections of closed months
with metered as (select * from {{ ref('int_period_usage') }}),

contract_charges as (select * from {{ ref('int_contract_charges') }}),

corrections as (select * from {{ ref('int_correction_lines') }}),

{{ meter_lines('metered', [
    'usage_date', 'channel', 'account', 'provider', 'model_served', 'model_key', 'service_tier', 'processing',
    'geo', 'ctx_min_tokens', 'price_set_id', 'price_valid_from_at', 'rate_card_version', 'charge_origin',
    'cost_basis', 'unpriced_reason'
]) }}

select *, cast(null as varchar) as charge_class, cast(null as varchar) as charge_description,
    cast(null as date) as restated_on
from meter_lines
union all by name
select * from contract_charges
union all by name
select * from corrections
