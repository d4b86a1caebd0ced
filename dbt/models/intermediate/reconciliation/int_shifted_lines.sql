{{ config(materialized='table') }}
-- grain: one signed line per day, key and meter that the other side's zone puts on another day: the calls
-- leave their UTC day (negative) and come in on the other side's day
with shifts as (select * from {{ ref('int_time_shifts') }}),

-- the month of the log decides; a call that only the shift brings into the month follows that month's
moved as (

    select
        calls.* exclude (usage_date),
        calls.usage_date as logged_date,
        coalesce(
            cast(calls.requested_at + to_minutes(own.offset_minutes) as date),
            cast(calls.requested_at + to_minutes(next_door.offset_minutes) as date)
        ) as moved_date,
        coalesce(own.reference, next_door.reference) as reference,
        coalesce(calls.model_key, calls.model_served, 'unknown') as model
    from {{ ref('fct_llm_calls') }} as calls
    left join shifts as own
        on calls.channel = own.channel
        and calls.account = own.account
        and cast(date_trunc('month', calls.usage_date) as date) = own.month
    left join shifts as next_door
        on own.channel is null
        and calls.channel = next_door.channel
        and calls.account = next_door.account
        and cast(date_trunc('month', calls.requested_at + to_minutes(next_door.offset_minutes)) as date) = next_door.month
        and cast(date_trunc('month', calls.usage_date) as date) <> next_door.month
    where own.channel is not null or next_door.channel is not null

),

calls as (select * from moved where moved_date <> logged_date),

{{ meter_lines('calls', [
    'logged_date', 'moved_date', 'reference', 'channel', 'account', 'api_key_id', 'model', 'processing',
    'service_tier', 'geo', 'ctx_min_tokens', 'price_set_id', 'unpriced_reason', 'cost_basis'
]) }}

select
    * exclude (logged_date, moved_date) replace (if(priced_per = 1, unit_price_usd, null) as unit_price_usd),
    moved_date as usage_date
from meter_lines
union all by name
select
    * exclude (logged_date, moved_date) replace (
        -quantity as quantity, -cost_usd as cost_usd, if(priced_per = 1, unit_price_usd, null) as unit_price_usd
    ),
    logged_date as usage_date
from meter_lines
