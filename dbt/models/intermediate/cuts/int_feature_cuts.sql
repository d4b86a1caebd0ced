{{ config(materialized='table') }}
-- grain: one row per cut, its value, calendar period (day, week, month), feature and scope rule
{{ unit_cost_mart(
    ref('int_feature_costs'), ref('int_feature_outcomes'), 'feature', ['feature_requests'], ref('int_usage_as_of'), by_cut=true
) }}
