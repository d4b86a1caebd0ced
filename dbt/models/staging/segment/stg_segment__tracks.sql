-- grain: one row per Segment message id of type track; a repeated id keeps the latest received
-- time basis: timestamp is skew-corrected by Segment (receivedAt - (sentAt - originalTimestamp))
with calls as ({{ with_arrival(source('raw_segment', 'segment_tracks')) }})

{{ track_events('calls', 'occurred_at', "'skew_corrected'") }}
