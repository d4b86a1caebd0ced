{{ config(materialized='table') }}
-- grain: one row per metered charge that no call made: storage, capacity, sessions and containers
select *, 'period' as charge_origin
from {{ ref('int_usage_priced') }}
where is_ledger and is_period_charge and pricing_pass = 'booked'
