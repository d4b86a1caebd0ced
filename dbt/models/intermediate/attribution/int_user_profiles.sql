{{ config(materialized='table') }}
-- grain: one row per user that any spend serves
with cost_rows as (select * from {{ ref('int_cost_rows') }})

{{ subject_profiles('cost_rows', 'cost_rows.user_key') }}
