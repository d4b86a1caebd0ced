-- grain: one row per day and trailing window (1, 7, 28 and 30 days that end on that day)
-- Trailing windows are not calendar periods: mau_30d differs from the calendar month.
with active_days as (

    select * from {{ ref('int_active_days') }} where user_class in ('end_user', 'anonymous_user')

),

days as (

    select unnest(generate_series(
        cast(min(outcome_date) as timestamp), cast(max(outcome_date) as timestamp), interval 1 day
    ))::date as day
    from active_days

),

windows as (select unnest([1, 7, 28, 30]) as window_days)

select
    days.day,
    windows.window_days,
    case windows.window_days when 1 then 'dau' when 7 then 'wau_7d' when 28 then 'mau_28d' else 'mau_30d' end
        as window_name,
    count(distinct active_days.person_key) filter (where active_days.user_class = 'end_user') as active_users,
    count(distinct active_days.person_key) filter (where active_days.user_class = 'anonymous_user')
        as anonymous_users,
    days.day - windows.window_days + 1 >= (select min(outcome_date) from active_days) as is_full_window
from days
cross join windows
left join active_days
    on active_days.outcome_date between days.day - windows.window_days + 1 and days.day
group by days.day, windows.window_days
