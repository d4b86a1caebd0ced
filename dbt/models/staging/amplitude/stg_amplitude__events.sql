-- grain: one row per Amplitude event. Device and $insert_id name it within a project, else its uuid; the
-- copy that was uploaded first stands, since Amplitude itself drops the later ones
-- time basis: event_time is written without a zone and is UTC
with landed as ({{ with_arrival(source('raw_amplitude', 'amplitude_events')) }}),

named as (

    select
        *,
        case
            when device_key is not null and insert_key is not null
                then concat_ws(':', coalesce(project_id, '-'), device_key, insert_key)
            else uuid
        end as tool_id
    from landed

),

events as (
    {{ with_event_id('named', 'tool_id', [
        'project_id', 'event_type', 'occurred_at', 'device_key', 'insert_key', 'user_key', 'person_key',
    ]) }}
)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    source_event_id,
    event_type as event_name,
    cast(null as varchar) as outcome_type,
    {{ success_status() }} as outcome_status,
    task_id,
    task_type,
    ticket_id,
    cast(null as varchar) as resolution_kind,
    -- -1 says that the event belongs to no session
    coalesce(session_id, nullif(amplitude_session_id, '-1')) as session_id,
    trace_id,
    user_key,
    device_key as anonymous_key,
    tenant,
    feature,
    attempt_no,
    cast(null as varchar) as metric_name,
    cast(value_number as decimal(38, 9)) as value_number,
    cast(null as varchar) as value_label,
    cast(null as varchar) as evaluator_kind,
    {{ event_amount() }} as value_amount,
    upper(currency) as value_currency,
    'naive_assumed_utc' as time_basis,
    false as is_test,
    occurred_at,
    uploaded_at as received_at
from events
qualify row_number() over (
    partition by _source, _account, source_event_id
    order by uploaded_at nulls last, arrival_no desc, _file_id, _row_number desc
) = 1
