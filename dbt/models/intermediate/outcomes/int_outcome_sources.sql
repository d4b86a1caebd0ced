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

unioned as (

    select *, known_through_at as reported_at from events
    union all by name
    select * from tickets

)

select
    source,
    account_label,
    cast(sum(outcome_rows) as bigint) as outcome_rows,
    max(known_through_at) as known_through_at,
    max(reported_at) as reported_at
from unioned
group by source, account_label
