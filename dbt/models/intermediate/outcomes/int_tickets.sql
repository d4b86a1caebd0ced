{{ config(materialized='table') }}
-- grain: one row per ticket id that a support tool or an outcome names
-- A call names its ticket by id alone, so two tools that share an id share its cost evenly by kind.
select distinct ticket_id from {{ ref('int_ticket_versions') }}
union
select ticket_id from {{ ref('int_outcome_events') }} where outcome_type <> 'ignore' and ticket_id is not null
