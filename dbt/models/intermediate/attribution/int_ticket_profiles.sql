{{ config(materialized='table') }}
-- grain: one row per ticket that any spend serves
{{ subject_profiles(ref('int_linked_ticket_costs')) }}
