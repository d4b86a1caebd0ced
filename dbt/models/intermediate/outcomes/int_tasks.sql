{{ config(materialized='table') }}
-- grain: one row per task, whatever its number of attempts; success is judged at the task
-- A success that is taken back leaves a task that failed on the day of that success, so that its period
-- keeps its concluded tasks. A failure after a success changes nothing: only a reversal takes back.
-- state: open, provisional (a success known for less than the maturity days), final, reversed
with events as (

    select * from {{ ref('int_outcome_events') }}
    where outcome_type in ('task_started', 'task_succeeded', 'task_failed') and task_id is not null

),

reversals as (select * from {{ ref('int_outcome_reversals') }}),

as_of as (select * from {{ ref('int_outcome_as_of') }}),

judged as (

    select
        events.*,
        reversals.outcome_id is not null as is_taken_back,
        events.outcome_type = 'task_succeeded' and reversals.outcome_id is null as is_success,
        events.outcome_type = 'task_succeeded' and reversals.outcome_id is not null as is_lost_success,
        events.outcome_type = 'task_failed' and reversals.outcome_id is null as is_failure,
        reversals.reversed_at,
        reversals.reversal_known_at,
        reversals.reversing_outcome_id,
        reversals.reversal_source,
        reversals.reversal_account_label
    from events
    left join reversals on events.outcome_id = reversals.outcome_id

),

tasks as (

    select
        task_id,
        coalesce(max(task_type), 'unknown') as task_type,
        min(occurred_at) as first_seen_at,
        max(known_at) as last_known_at,
        min(occurred_at) filter (where is_success) as succeeded_at,
        max(occurred_at) filter (where is_success) as last_succeeded_at,
        max(occurred_at) filter (where is_failure) as failed_at,
        min(outcome_date) filter (where is_success) as succeeded_date,
        max(outcome_date) filter (where is_failure) as failed_date,
        min(outcome_date) filter (where is_lost_success) as lost_date,
        bool_or(is_success) as has_success,
        bool_or(is_failure) as has_failure,
        bool_or(is_lost_success) as has_lost_success,
        count(distinct attempt_no) as attempts_told,
        -- the event that tells it first, and with what the first lost success was taken back
        arg_min(struct_pack(outcome_id, source, account_label, known_at), (occurred_at, outcome_id))
            filter (where is_success) as success,
        arg_min(
            struct_pack(
                outcome_id, source, account_label, known_at, occurred_at,
                reversing_outcome_id, reversed_at, reversal_known_at, reversal_source, reversal_account_label
            ),
            (occurred_at, outcome_id)
        ) filter (where is_lost_success) as lost
    from judged
    group by task_id

)

select
    tasks.task_id,
    tasks.task_type,
    tasks.first_seen_at,
    tasks.last_known_at,
    tasks.succeeded_at,
    tasks.last_succeeded_at,
    tasks.failed_at,
    tasks.succeeded_date,
    tasks.lost_date,
    coalesce(tasks.succeeded_date, tasks.lost_date, tasks.failed_date) as concluded_date,
    case
        when tasks.has_success then 'success'
        when tasks.has_failure or tasks.has_lost_success then 'failure'
        else 'open'
    end as task_status,
    case
        when tasks.has_success and as_of.as_of_at >= tasks.success.known_at + to_days({{ maturity_days('task') }})
            then 'final'
        when tasks.has_success then 'provisional'
        when tasks.has_lost_success then 'reversed'
        when tasks.has_failure then 'final'
        else 'open'
    end as task_state,
    tasks.success.known_at + to_days({{ maturity_days('task') }}) as matures_at,
    tasks.attempts_told,
    tasks.success,
    tasks.lost
from tasks
cross join as_of
