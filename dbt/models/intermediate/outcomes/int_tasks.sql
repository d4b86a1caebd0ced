{{ config(materialized='table') }}
-- grain: one row per task, whatever its number of attempts; success is judged at the task
with events as (

    select * from {{ ref('int_outcome_events') }}
    where outcome_type in ('task_started', 'task_succeeded', 'task_failed') and task_id is not null

)

select
    task_id,
    coalesce(max(task_type), 'unknown') as task_type,
    min(occurred_at) as first_seen_at,
    min(occurred_at) filter (where outcome_type = 'task_succeeded') as succeeded_at,
    max(occurred_at) filter (where outcome_type = 'task_failed') as failed_at,
    min(outcome_date) filter (where outcome_type = 'task_succeeded') as succeeded_date,
    coalesce(
        min(outcome_date) filter (where outcome_type = 'task_succeeded'),
        max(outcome_date) filter (where outcome_type = 'task_failed')
    ) as concluded_date,
    case
        when bool_or(outcome_type = 'task_succeeded') then 'success'
        when bool_or(outcome_type = 'task_failed') then 'failure'
        else 'open'
    end as task_status
from events
group by task_id
