-- grain: one row per pair of ids that a RudderStack call connects, when it first did
with calls as (select * from {{ source('raw_rudderstack', 'rudderstack_tracks') }}),

pairs as ({{ track_identity_pairs('calls', 'occurred_at') }})

{{ first_identity_edges('pairs') }}
