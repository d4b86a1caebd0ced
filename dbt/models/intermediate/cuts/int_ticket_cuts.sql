{{ config(materialized='table') }}
-- grain: one row per cut, its value, calendar period (day, week, month), resolution kind and scope rule
{{ unit_cost_mart(
    ref('int_ticket_costs'), ref('int_ticket_outcomes'), 'resolution_kind', ['resolved_final', 'resolved_provisional'], ref('int_outcome_as_of'), by_cut=true
) }}
