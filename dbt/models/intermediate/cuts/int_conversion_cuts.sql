{{ config(materialized='table') }}
-- grain: one row per cut, its value, calendar period (day, week, month), conversion type and scope rule
{{ unit_cost_mart(
    ref('int_conversion_costs'), ref('int_conversion_outcomes'), 'conversion_type', ['conversions_final', 'conversions_provisional'], ref('int_outcome_as_of'), by_cut=true
) }}
