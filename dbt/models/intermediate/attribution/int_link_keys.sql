{{ config(materialized='table') }}
-- grain: one row per unit, key and subject that an outcome names the key with
-- subjects: how many subjects the key names in that unit; the cost of a key is split evenly over them.
with events as (

    select task_id, ticket_id, trace_id, session_id
    from {{ ref('int_outcome_events') }}
    where outcome_type <> 'ignore' and (task_id is not null or ticket_id is not null)

),

tasks as (select task_id from {{ ref('int_tasks') }}),

tickets as (select ticket_id from {{ ref('int_tickets') }}),

conversions as (select * from {{ ref('int_conversions') }} where is_counted),

-- one row per event and key that it names; the subject's own id is a key like the others
named as (

    select 'successful_task' as unit, events.task_id as subject_id, events.task_id, events.ticket_id, events.trace_id, events.session_id
    from events
    semi join tasks on events.task_id = tasks.task_id
    union all
    select 'resolved_ticket' as unit, events.ticket_id, events.task_id, events.ticket_id, events.trace_id, events.session_id
    from events
    semi join tickets on events.ticket_id = tickets.ticket_id
    union all
    -- a ticket of a support tool needs no event
    select 'resolved_ticket' as unit, ticket_id, null as task_id, ticket_id, null as trace_id, null as session_id
    from tickets
    union all
    select 'conversion' as unit, conversion_id, task_id, ticket_id, trace_id, session_id
    from conversions

),

keys as (

    select distinct unit, subject_id, key_type, key_value
    from named
    unpivot (key_value for key_type in (task_id, ticket_id, trace_id, session_id))

)

select
    unit,
    key_type,
    key_value,
    subject_id,
    count(*) over same_key as subjects,
    row_number() over (same_key order by subject_id) as split_no
from keys
-- the own id of a task or a ticket names that one only
where not (unit = 'successful_task' and key_type = 'task_id' and key_value <> subject_id)
    and not (unit = 'resolved_ticket' and key_type = 'ticket_id' and key_value <> subject_id)
window same_key as (partition by unit, key_type, key_value)
-- a key that names this many is no session and no trace, but a constant that somebody logs
qualify count(*) over same_key <= {{ largest_split() }}
