{{ config(materialized='table') }}
-- grain: one row per task that any spend serves
{{ subject_profiles(ref('int_linked_task_costs'), unit='successful_task') }}
