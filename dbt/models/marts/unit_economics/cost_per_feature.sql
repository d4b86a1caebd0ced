-- grain: one row per calendar period (day, week, month), feature and scope rule
-- The denominator is requests; filter to one period_grain before summing.
{{ unit_cost_mart(
    ref('int_feature_costs'), ref('int_feature_outcomes'), 'feature', ['feature_requests'],
    ref('int_usage_as_of')
) }}
