-- grain: one row per calendar period (day, week, month), feature, prompt template and scope rule
{{ unit_cost_mart(
    ref('int_feature_costs'), ref('int_feature_outcomes'), 'feature', ['feature_requests'], ref('int_usage_as_of'),
    cut=['prompt_template']
) }}
