-- grain: one row per calendar period (day, week, month), conversion type, prompt template and version and scope rule
{{ unit_cost_mart(
    ref('int_conversion_costs'), ref('int_conversion_outcomes'), 'conversion_type', ['conversions_final', 'conversions_provisional'], ref('int_outcome_as_of'),
    cut=['prompt_template', 'prompt_version']
) }}
