-- grain: one row per outcome: an event of a feed or product log, or a resolution of a ticket
-- What is reopened or taken back stays as a row, as does what takes it back; count rows with is_counted.
with events as (select * from {{ ref('int_outcome_events') }} where outcome_type <> 'ignore'),

reversals as (select * from {{ ref('int_outcome_reversals') }}),

resolutions as (select * from {{ ref('int_ticket_resolutions') }}),

internal_users as (select * from {{ ref('stg_reference__internal_users') }}),

unioned as (

    select
        events.outcome_id,
        source,
        source_event_id,
        outcome_type,
        case
            when reversals.outcome_id is not null then 'reversed'
            when outcome_type in ('task_succeeded', 'ticket_resolved', 'conversion') then 'success'
            when outcome_type = 'task_failed' then 'failure'
            else coalesce(outcome_status, 'neutral')
        end as outcome_status,
        resolution_kind,
        case
            when outcome_type like 'task_%' then 'task'
            when outcome_type like 'ticket_%' then 'ticket'
            else 'user'
        end as subject_type,
        case
            when outcome_type like 'task_%' then task_id
            when outcome_type like 'ticket_%' then ticket_id
            else user_key
        end as subject_id,
        task_id,
        task_type,
        ticket_id,
        user_key,
        tenant,
        feature,
        session_id,
        trace_id,
        attempt_no,
        value_amount,
        value_currency,
        metric_name,
        value_number,
        value_label,
        evaluator_kind,
        occurred_at,
        time_basis,
        known_at,
        outcome_date,
        case outcome_type
            when 'task_succeeded' then known_at + to_days({{ maturity_days('task') }})
            when 'conversion' then known_at + to_days({{ maturity_days('conversion') }})
        end as matures_at,
        reversals.reversed_at,
        -- ticket_resolved tells the state of its ticket; the resolution below counts, once however many
        -- events tell of it
        reversals.outcome_id is null
        and outcome_type not in ('ticket_resolved', 'task_reversed', 'conversion_reversed', 'reversal') as is_counted
    from events
    left join reversals on events.outcome_id = reversals.outcome_id

    union all by name

    select
        outcome_id,
        source,
        concat_ws(':', 'derived', ticket_id, 'resolved', resolved_at) as source_event_id,
        'ticket_resolved' as outcome_type,
        case resolution_state when 'final' then 'success' when 'void' then 'reversed' else resolution_state end
            as outcome_status,
        resolution_kind,
        'ticket' as subject_type,
        ticket_id as subject_id,
        ticket_id,
        requester_key as user_key,
        resolved_at as occurred_at,
        known_at,
        resolved_date as outcome_date,
        matures_at,
        undone_at as reversed_at,
        is_counted and resolution_state in ('final', 'provisional') as is_counted
    from resolutions

)

select
    unioned.*,
    internal_users.user_key is not null as is_internal_user
from unioned
left join internal_users
    on unioned.user_key = internal_users.user_key
    and unioned.outcome_date >= internal_users.valid_from
    and unioned.outcome_date < internal_users.valid_to
