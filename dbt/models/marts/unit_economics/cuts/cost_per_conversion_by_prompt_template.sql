-- grain: one row per calendar period (day, week, month), conversion type, prompt template and scope rule
{{ cut_mart(ref('int_conversion_cuts'), 'conversion_type', 'prompt_template', ['conversions_final', 'conversions_provisional']) }}
