-- grain: one row per browser or app instance and user that one GA4 event names, when it first did
with events as (select * from {{ source('raw_ga4', 'ga4_events') }}),

pairs as (

    select
        _source as source,
        _account as account_label,
        _file_id as file_id,
        _row_number as row_number,
        'anonymous' as from_kind,
        anonymous_key as from_key,
        'user' as to_kind,
        user_key as to_key,
        'identify' as edge_type,
        occurred_at as effective_at
    from events

)

{{ first_identity_edges('pairs') }}
