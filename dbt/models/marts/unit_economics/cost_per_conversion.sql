-- grain: one row per calendar period (day, week, month), conversion type and scope rule
-- A conversion that was taken back is no conversion; the denominator is final + provisional.
{{ unit_cost_mart(
    ref('int_conversion_costs'), ref('int_conversion_outcomes'), 'conversion_type',
    ['conversions_final', 'conversions_provisional'], ref('int_outcome_as_of')
) }}
