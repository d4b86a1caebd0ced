{{ config(materialized='table') }}
-- grain: one row: the last moment that any outcome source has reported
-- Maturity is judged by the data, not by the clock: a feed that stopped matures nothing.
with events as (select max(known_at) as reported_at from {{ ref('int_outcome_events') }}),

tickets as (

    select max(greatest(updated_at, coalesce(generated_at, updated_at))) as reported_at
    from {{ ref('int_ticket_versions') }}

)

select
    greatest(events.reported_at, tickets.reported_at) as as_of_at,
    {{ reporting_date('greatest(events.reported_at, tickets.reported_at)') }} as as_of_date
from events
cross join tickets
