-- grain: one row per calendar period in which tasks were concluded, task type and cut
with tasks as (

    select
        tasks.*,
        {{ outcome_cuts('profiles', 'cohorts.cohort') }}
        tasks.task_status = 'success' as is_success,
        -- a log without attempt numbers, or none at all: a task that ended was tried once
        greatest(coalesce(profiles.attempts, 0), coalesce(tasks.attempts_told, 0), 1) as attempts
    from {{ ref('int_tasks') }} as tasks
    left join {{ ref('int_task_profiles') }} as profiles on tasks.task_id = profiles.subject_id
    left join {{ ref('int_user_cohorts') }} as cohorts on profiles.user_key = cohorts.user_key
    -- a task all of whose spend leaves by a named rule leaves with it, or the unit cost would shrink
    where tasks.task_status in ('success', 'failure') and not coalesce(profiles.is_out_of_scope, false)

)

{% call outcomes_by_period('tasks', 'concluded_date', 'task_type') -%}
    count(*) filter (where is_success) as denominator,
    count(*) as concluded_tasks,
    count(*) filter (where is_success) as successful_tasks,
    sum(attempts) as attempts,
    count(*) filter (where is_success and task_state = 'provisional') as successful_provisional,
    count(*) filter (where is_success and task_state = 'provisional') as provisional
{%- endcall %}
