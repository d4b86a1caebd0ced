-- grain: one row per device and user that one Mixpanel event names, when it first did
-- An event with both $device_id and $user_id is what merges the two in Mixpanel.
with events as (select * from {{ source('raw_mixpanel', 'mixpanel_events') }}),

zones as (select * from {{ source('raw_mixpanel', 'reference_event_time_zones') }}),

pairs as (

    select
        events._source as source,
        events._account as account_label,
        events._file_id as file_id,
        events._row_number as row_number,
        'anonymous' as from_kind,
        events.device_key as from_key,
        'user' as to_kind,
        events.user_key as to_key,
        'identify' as edge_type,
        {{ wall_clock_in_utc('events.occurred_at', 'zones.time_zone') }} as effective_at
    from events
    left join zones
        on events._source = zones.source
        and events._account = zones.account

)

{{ first_identity_edges('pairs') }}
