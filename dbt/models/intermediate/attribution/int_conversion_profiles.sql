{{ config(materialized='table') }}
-- grain: one row per conversion that any spend serves
{{ subject_profiles(ref('int_linked_conversion_costs')) }}
