-- grain: one row per RudderStack message id of type track; a repeated id keeps the latest received
-- time basis: timestamp is skew-corrected by RudderStack. Without one, the same correction is made
-- here; without a time of receipt it cannot be, and the client's clock stands.
with landed as ({{ with_arrival(source('raw_rudderstack', 'rudderstack_tracks')) }}),

calls as (

    select
        *,
        case when lacks_timestamp then received_at - (sent_at - original_timestamp) end as corrected_at
    from landed

)

{{ track_events(
    'calls',
    'coalesce(corrected_at, occurred_at)',
    "case when lacks_timestamp and corrected_at is null then 'client_clock' else 'skew_corrected' end",
) }}
