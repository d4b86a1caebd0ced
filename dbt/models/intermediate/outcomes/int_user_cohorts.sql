{{ config(materialized='table') }}
-- grain: one row per user id with activity: the month of the first activity
select user_key, strftime(min(outcome_date), '%Y-%m') as cohort
from {{ ref('int_active_days') }}
group by user_key
