-- grain: one row per pair of ids that Amplitude holds for one person, when it was first seen
-- A device belongs to the person of its anonymous events only: an event with a user id counts for that
-- user, so on a shared device it would make one person of several.
with events as (select * from {{ source('raw_amplitude', 'amplitude_events') }}),

merges as (select * from {{ source('raw_amplitude', 'amplitude_merged_ids') }}),

pairs as (

    select
        _source as source,
        _account as account_label,
        _file_id as file_id,
        _row_number as row_number,
        if(user_key is null, 'anonymous', 'user') as from_kind,
        coalesce(user_key, device_key) as from_key,
        'person' as to_kind,
        person_key as to_key,
        'identify' as edge_type,
        occurred_at as effective_at
    from events
    union all
    -- the merged id is the one that the person was given first, and keeps
    select
        _source,
        _account,
        _file_id,
        _row_number,
        'person',
        person_key,
        'person',
        original_person_key,
        'merge',
        coalesce(merged_at, known_at)
    from merges

)

{{ first_identity_edges('pairs') }}
