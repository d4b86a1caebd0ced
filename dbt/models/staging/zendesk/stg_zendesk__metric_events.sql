-- grain: one row per Zendesk ticket metric event id; events never change, a deleted one is no event
-- Meaning that the format fixes: the requester wait and resolution clocks are fulfilled when the
-- ticket is solved, and run again (activate after fulfill) when it is reopened; an activate after
-- a pause is none. Both clocks tell one solve, so the requester wait speaks where both do.
with copies as (

    select *
    from {{ source('raw_zendesk', 'zendesk_metric_events') }}
    qualify row_number() over (
        partition by _source, _account, event_id
        order by coalesce(is_deleted, false) desc, _file_id, _row_number
    ) = 1

),

events as (

    select
        *,
        metric in ('requester_wait_time', 'resolution_time')
        and type in ('activate', 'pause', 'fulfill') as is_clock
    from copies
    where not coalesce(is_deleted, false)

),

clocks as (

    select
        *,
        case
            when is_clock then lag(type) over (
                partition by _source, _account, ticket_id, metric, is_clock
                order by occurred_at, try_cast(event_id as hugeint), event_id
            )
        end as type_before
    from events

),

meant as (

    select
        *,
        case
            when is_clock and type = 'fulfill' then 'ticket_resolved'
            when is_clock and type = 'activate' and type_before = 'fulfill' then 'ticket_reopened'
            when is_clock and type = 'activate' and type_before is null then 'ticket_opened'
        end as meaning
    from clocks

)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    event_id as source_event_id,
    metric || '.' || type as event_name,
    case
        when meaning is not null and row_number() over (
            partition by _source, _account, ticket_id, meaning, occurred_at
            order by metric, event_id
        ) = 1 then meaning
    end as outcome_type,
    cast(null as varchar) as outcome_status,
    cast(null as varchar) as task_id,
    cast(null as varchar) as task_type,
    ticket_id,
    cast(null as varchar) as resolution_kind,
    cast(null as varchar) as session_id,
    cast(null as varchar) as trace_id,
    cast(null as varchar) as user_key,
    cast(null as varchar) as anonymous_key,
    cast(null as varchar) as tenant,
    cast(null as varchar) as feature,
    cast(null as bigint) as attempt_no,
    if(calendar_minutes is not null, metric || '_calendar_minutes', null) as metric_name,
    cast(calendar_minutes as decimal(38, 9)) as value_number,
    instance_id as value_label,
    cast(null as varchar) as evaluator_kind,
    cast(null as decimal(38, 18)) as value_amount,
    cast(null as varchar) as value_currency,
    'utc' as time_basis,
    false as is_test,
    occurred_at,
    cast(null as timestamp) as received_at
from meant
