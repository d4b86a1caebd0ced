{{ config(materialized='table') }}
-- grain: one row per source and account that tells outcomes, and how far it has reported
-- known_through_at is the latest time by which it knew something: what it tells later is new.
with events as (

    select source, account_label, count(*) as outcome_rows, max(known_at) as known_through_at
    from {{ ref('int_outcome_events') }}
    group by source, account_label

),

tickets as (

    select
        source,
        account_label,
        count(*) as outcome_rows,
        max(updated_at) as known_through_at,
        max(greatest(updated_at, generated_at)) as reported_at
    from {{ ref('int_ticket_versions') }}
    group by source, account_label

),

files as (

    select source, account_label, max(arrival_no) as last_arrival_no
    from {{ ref('stg_control__loaded_files') }}
    group by source, account_label

),

unioned as (

    select *, known_through_at as reported_at from events
    union all by name
    select * from tickets

)

select
    unioned.source,
    unioned.account_label,
    cast(sum(unioned.outcome_rows) as bigint) as outcome_rows,
    max(unioned.known_through_at) as known_through_at,
    max(unioned.reported_at) as reported_at,
    cast(max(files.last_arrival_no) as bigint) as last_arrival_no
from unioned
left join files on unioned.source = files.source and unioned.account_label = files.account_label
group by unioned.source, unioned.account_label
