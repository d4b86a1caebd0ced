{{ config(materialized='table') }}
-- grain: one row: the last moment that any outcome source has reported
-- Maturity is judged by the data, not by the clock: a feed that stopped matures nothing.
with sources as (select max(reported_at) as reported_at from {{ ref('int_outcome_sources') }})

select reported_at as as_of_at, {{ reporting_date('reported_at') }} as as_of_date
from sources
