-- grain: one row per pair of ids that PostHog holds for one person, when it was first seen
-- Persons are exported again when they change: the newest version of a distinct id's mapping counts,
-- and a deleted person connects nothing. Persons without a profile are in no export; their events hold
-- nothing but the distinct id.
with events as (select * from {{ source('raw_posthog', 'posthog_events') }}),

landed as ({{ with_arrival(source('raw_posthog', 'posthog_persons')) }}),

devices as (

    select distinct _account as account_label, device_key from events where device_key is not null

),

persons as (

    select *
    from landed
    where distinct_key is not null
    qualify row_number() over (
        partition by _source, _account, team_id, distinct_key
        order by
            try_cast(mapping_version as bigint) desc nulls last,
            try_cast(person_version as bigint) desc nulls last,
            exported_at desc,
            arrival_no desc,
            _row_number desc
    ) = 1

),

pairs as (

    select
        persons._source as source,
        persons._account as account_label,
        persons._file_id as file_id,
        persons._row_number as row_number,
        if(devices.device_key is null, 'user', 'anonymous') as from_kind,
        persons.distinct_key as from_key,
        'person' as to_kind,
        persons.person_key as to_key,
        'identify' as edge_type,
        coalesce(persons.created_at, persons.exported_at) as effective_at
    from persons
    left join devices
        on persons._account = devices.account_label
        and persons.distinct_key = devices.device_key
    where not coalesce(persons.is_deleted, false)
    union all
    select
        _source,
        _account,
        _file_id,
        _row_number,
        'anonymous',
        before_key,
        'user',
        distinct_key,
        'identify',
        occurred_at
    from events
    where event = '$identify'
    union all
    select
        _source,
        _account,
        _file_id,
        _row_number,
        -- an alias of a device would make one person of all who were given it
        if((_account, alias_key) in (select account_label, device_key from devices), 'anonymous', 'user'),
        alias_key,
        'user',
        distinct_key,
        if(event = '$create_alias', 'alias', 'merge'),
        occurred_at
    from events
    where event in ('$create_alias', '$merge_dangerously')

)

{{ first_identity_edges('pairs') }}
