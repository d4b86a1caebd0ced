{{ config(materialized='table') }}
-- grain: one signed line per day, key and meter that the other side's zone puts on another day: the calls
-- leave their UTC day (negative) and come in on the other side's day
with shifts as (select * from {{ ref('int_time_shifts') }}),

calls as (

    select
        calls.* exclude (usage_date),
        calls.usage_date as logged_date,
        cast(calls.requested_at + to_minutes(shifts.offset_minutes) as date) as moved_date,
        coalesce(calls.model_key, calls.model_served, 'unknown') as model,
        shifts.reference
    from {{ ref('fct_llm_calls') }} as calls
    inner join shifts
        on calls.channel = shifts.channel
        and calls.account = shifts.account
        and cast(date_trunc('month', calls.usage_date) as date) = shifts.month
    where cast(calls.requested_at + to_minutes(shifts.offset_minutes) as date) <> calls.usage_date

),

{{ meter_lines('calls', [
    'logged_date', 'moved_date', 'reference', 'channel', 'account', 'api_key_id', 'model', 'processing',
    'service_tier', 'geo', 'ctx_min_tokens', 'price_set_id', 'unpriced_reason', 'cost_basis'
]) }}

select * exclude (logged_date, moved_date), moved_date as usage_date
from meter_lines
union all by name
select
    * exclude (logged_date, moved_date) replace (-quantity as quantity, -cost_usd as cost_usd),
    logged_date as usage_date
from meter_lines
