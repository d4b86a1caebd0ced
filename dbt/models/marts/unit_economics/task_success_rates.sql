-- grain: one row per calendar period (day, week, month) in which tasks were concluded, and task type
-- A task counts once whatever its attempts, so the trials do not depend on one another.
with periods as (

    select
        period_grain,
        period_start,
        class,
        sum(concluded_tasks) as concluded_tasks,
        sum(successful_tasks) as successful_tasks
    from {{ ref('int_task_outcomes') }}
    group by all

),

as_of as (select * from {{ ref('int_outcome_as_of') }}),

compared as (

    select
        periods.period_grain,
        periods.period_start,
        periods.class as task_type,
        cast(periods.concluded_tasks as bigint) as concluded_tasks,
        cast(periods.successful_tasks as bigint) as successful_tasks,
        cast(earlier.concluded_tasks as bigint) as previous_concluded_tasks,
        cast(earlier.successful_tasks as bigint) as previous_successful_tasks
    from periods
    -- the period just before, not the one before in which something happened
    left join periods as earlier
        on periods.period_grain = earlier.period_grain
        and periods.class = earlier.class
        and earlier.period_start = cast(
            periods.period_start
            - case periods.period_grain
                when 'day' then interval 1 day when 'week' then interval 7 day else interval 1 month
            end as date
        )

)

select
    compared.*,
    {{ ratio('successful_tasks', 'concluded_tasks') }} as task_success_ratio,
    {{ ratio_lower('successful_tasks', 'concluded_tasks') }} as lower_task_success_ratio,
    {{ ratio_upper('successful_tasks', 'concluded_tasks') }} as upper_task_success_ratio,
    {{ ratio_difference_lower(
        'successful_tasks', 'concluded_tasks', 'previous_successful_tasks', 'previous_concluded_tasks'
    ) }} as lower_difference_ratio,
    {{ ratio_difference_upper(
        'successful_tasks', 'concluded_tasks', 'previous_successful_tasks', 'previous_concluded_tasks'
    ) }} as upper_difference_ratio,
    {{ ratio_verdict(
        'successful_tasks', 'concluded_tasks', 'previous_successful_tasks', 'previous_concluded_tasks'
    ) }} as beside_previous_period,
    period_start
    + case period_grain when 'day' then interval 1 day when 'week' then interval 7 day else interval 1 month end
    > coalesce(as_of.as_of_at, timestamp '1970-01-01') as is_provisional
from compared
cross join as_of
