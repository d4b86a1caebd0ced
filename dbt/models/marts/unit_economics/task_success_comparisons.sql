-- grain: one row per calendar month, task type, dimension and pair of its values, each pair once
-- A task stands whole at the value of its dearest call; tasks without a value are compared with none.
with outcomes as (

    select
        period_start as month,
        class as task_type,
        model_key as model,
        prompt_template,
        -- v2 of one template is not v2 of another
        if(
            prompt_version in ('none', 'unattributed'), prompt_version, concat_ws(' ', prompt_template, prompt_version)
        ) as prompt_version,
        agent,
        concluded_tasks,
        successful_tasks
    from {{ ref('int_task_outcomes') }}
    where period_grain = 'month'

),

counted as (

    {% for dimension in ['model', 'prompt_template', 'prompt_version', 'agent'] -%}
    select
        month,
        task_type,
        '{{ dimension }}' as dimension,
        {{ dimension }} as value,
        cast(sum(concluded_tasks) as bigint) as concluded_tasks,
        cast(sum(successful_tasks) as bigint) as successful_tasks
    from outcomes
    where {{ dimension }} not in ('none', 'unattributed')
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

pairs as (

    select
        counted.month,
        counted.task_type,
        counted.dimension,
        counted.value,
        others.value as other_value,
        counted.concluded_tasks,
        counted.successful_tasks,
        others.concluded_tasks as other_concluded_tasks,
        others.successful_tasks as other_successful_tasks
    from counted
    inner join counted as others
        on counted.month = others.month
        and counted.task_type = others.task_type
        and counted.dimension = others.dimension
        and counted.value < others.value

)

{% set both = ['successful_tasks', 'concluded_tasks', 'other_successful_tasks', 'other_concluded_tasks'] -%}
select
    *,
    {{ ratio(both[0], both[1]) }} as task_success_ratio,
    {{ ratio_lower(both[0], both[1]) }} as lower_task_success_ratio,
    {{ ratio_upper(both[0], both[1]) }} as upper_task_success_ratio,
    {{ ratio(both[2], both[3]) }} as other_task_success_ratio,
    {{ ratio_lower(both[2], both[3]) }} as lower_other_task_success_ratio,
    {{ ratio_upper(both[2], both[3]) }} as upper_other_task_success_ratio,
    {{ ratio_difference(both[0], both[1], both[2], both[3]) }} as difference_ratio,
    {{ ratio_difference_lower(both[0], both[1], both[2], both[3]) }} as lower_difference_ratio,
    {{ ratio_difference_upper(both[0], both[1], both[2], both[3]) }} as upper_difference_ratio,
    {{ ratio_verdict(both[0], both[1], both[2], both[3]) }} as verdict
from pairs
