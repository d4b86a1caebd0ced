-- grain: one row per calendar period (day, week, month), conversion type, model and scope rule
{{ cut_mart(ref('int_conversion_cuts'), 'conversion_type', 'model_key', ['conversions_final', 'conversions_provisional']) }}
