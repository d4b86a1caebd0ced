-- grain: one row per Mixpanel event: event name, distinct id, second and $insert_id; the copy that
-- Mixpanel processed last stands
-- time basis: UTC. A project made before 2023 keeps its local wall clock; event_time_zones.csv names
-- its zone and the time is shifted here. A wall-clock time that a change from summer time repeats is
-- read as the later one.
with landed as ({{ with_arrival(source('raw_mixpanel', 'mixpanel_events')) }}),

zones as (select * from {{ source('raw_mixpanel', 'reference_event_time_zones') }}),

named as (

    select
        landed.* exclude (occurred_at),
        zones.time_zone,
        landed.occurred_at as written_at,
        -- seconds, because the same event may be exported in seconds and in milliseconds
        case when insert_key is not null then
            concat_ws(
                ':', landed.event, coalesce(distinct_key, '-'), epoch_ms(landed.occurred_at) // 1000, insert_key
            )
        end as tool_id
    from landed
    left join zones
        on landed._source = zones.source
        and landed._account = zones.account

),

events as (
    {{ with_event_id('named', 'tool_id', [
        'event', 'written_at', 'distinct_key', 'user_key', 'device_key',
    ]) }}
)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    source_event_id,
    event as event_name,
    cast(null as varchar) as outcome_type,
    {{ success_status() }} as outcome_status,
    task_id,
    task_type,
    ticket_id,
    cast(null as varchar) as resolution_kind,
    session_id,
    trace_id,
    coalesce(user_key, case when not is_device then distinct_key end) as user_key,
    coalesce(device_key, case when is_device then distinct_key end) as anonymous_key,
    tenant,
    feature,
    attempt_no,
    cast(null as varchar) as metric_name,
    cast(value_number as decimal(38, 9)) as value_number,
    cast(null as varchar) as value_label,
    cast(null as varchar) as evaluator_kind,
    {{ event_amount() }} as value_amount,
    upper(currency) as value_currency,
    if(time_zone is null, 'utc', 'project_local_shifted') as time_basis,
    false as is_test,
    {{ wall_clock_in_utc('written_at', 'time_zone') }} as occurred_at,
    processed_at as received_at
from events
qualify row_number() over (
    partition by _source, _account, source_event_id
    order by processed_at desc nulls last, arrival_no desc, _file_id, _row_number desc
) = 1
