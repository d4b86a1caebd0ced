-- grain: one row per calendar period (day, week, month), conversion type, provider and scope rule
{{ cut_mart(ref('int_conversion_cuts'), 'conversion_type', 'provider', ['conversions_final', 'conversions_provisional']) }}
