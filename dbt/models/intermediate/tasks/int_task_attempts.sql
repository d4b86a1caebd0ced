{{ config(materialized='table') }}
-- grain: one row per concluded task: its attempts, and of model, prompt template, prompt version and agent the
-- value that carries most of its spend (the first by name where two carry the same)
with tasks as (select * from {{ ref('int_tasks') }} where task_status in ('success', 'failure')),

-- one pass over the calls; what a task repeats in every call is told once from here on
parts as (

    select
        task_id,
        attempt_no,
        model_key,
        prompt_template,
        -- v2 of one template is not v2 of another
        case when prompt_version is not null then concat_ws(' ', prompt_template, prompt_version) end as prompt_version,
        agent,
        sum(cost_usd) as cost_usd
    from {{ ref('fct_llm_calls') }}
    where task_id is not null
    group by all

),

logged as (

    select task_id, count(distinct attempt_no) as attempts from parts group by task_id

),

told as (

    select task_id, count(distinct attempt_no) as attempts
    from {{ ref('int_outcome_events') }}
    where task_id is not null and outcome_type in ('task_started', 'task_succeeded', 'task_failed')
    group by task_id

),

{% for dimension in task_dimensions() %}
{{ dimension }}_costs as (

    select task_id, {{ dimension }} as value, sum(cost_usd) as cost_usd
    from parts
    where {{ dimension }} is not null
    group by all

),

{{ dimension }}s as (

    select task_id, arg_min(value, row(-coalesce(cost_usd, 0), value)) as {{ dimension }}
    from {{ dimension }}_costs
    group by task_id

),
{% endfor %}
concluded as (

    select
        tasks.task_id,
        tasks.task_type,
        tasks.concluded_date,
        tasks.task_status = 'success' as is_success,
        -- a log without attempt numbers, or none at all: a task that ended was tried once
        greatest(coalesce(logged.attempts, 0), coalesce(told.attempts, 0), 1) as attempts,
        {%- for dimension in task_dimensions() %}
        {{ dimension }}s.{{ dimension }}{{ ',' if not loop.last }}
        {%- endfor %}
    from tasks
    left join logged on tasks.task_id = logged.task_id
    left join told on tasks.task_id = told.task_id
    {%- for dimension in task_dimensions() %}
    left join {{ dimension }}s on tasks.task_id = {{ dimension }}s.task_id
    {%- endfor %}

)

select * from concluded
