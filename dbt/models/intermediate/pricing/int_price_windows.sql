{{ config(materialized='table') }}
-- grain: one row per channel, UTC day and window of that day in which a schedule's price holds
-- A channel with windows has its off-peak price in every other minute; public holidays have none.
with windows as (select * from {{ ref('price_windows') }}),

holidays as (select channel, cast(holiday_on as date) as holiday_on from {{ ref('price_holidays') }}),

days as (

    select
        windows.channel,
        windows.schedule,
        windows.weekdays,
        cast(windows.utc_from as time) as utc_from,
        cast(windows.utc_to as time) as utc_to,
        unnest(generate_series(
            date_trunc('day', cast(cast(windows.valid_from as timestamptz) as timestamp)),
            coalesce(
                cast(cast(windows.valid_to as timestamptz) as timestamp), cast(current_date as timestamp) + interval 400 day
            ),
            interval 1 day
        ))::date as usage_date,
        cast(cast(windows.valid_from as timestamptz) as timestamp) as valid_from_at,
        cast(cast(windows.valid_to as timestamptz) as timestamp) as valid_to_at
    from windows

)

select
    days.channel,
    days.usage_date,
    days.schedule,
    greatest(days.usage_date + days.utc_from, days.valid_from_at) as from_at,
    least(days.usage_date + days.utc_to, days.valid_to_at) as to_at
from days
anti join holidays
    on days.channel = holidays.channel
    and days.usage_date = holidays.holiday_on
where contains(days.weekdays, cast(isodow(days.usage_date) as varchar))
    and days.usage_date + days.utc_to > days.valid_from_at
