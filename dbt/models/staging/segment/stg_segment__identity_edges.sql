-- grain: one row per pair of ids that a Segment call connects, when it first did
with calls as (select * from {{ source('raw_segment', 'segment_tracks') }}),

pairs as ({{ track_identity_pairs('calls', 'occurred_at') }})

{{ first_identity_edges('pairs') }}
