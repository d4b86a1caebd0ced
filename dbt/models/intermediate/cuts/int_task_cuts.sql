{{ config(materialized='table') }}
-- grain: one row per cut, its value, calendar period (day, week, month), task type and scope rule
{{ unit_cost_mart(
    ref('int_task_costs'), ref('int_task_outcomes'), 'task_type', ['concluded_tasks', 'successful_tasks'], ref('int_outcome_as_of'), by_cut=true
) }}
