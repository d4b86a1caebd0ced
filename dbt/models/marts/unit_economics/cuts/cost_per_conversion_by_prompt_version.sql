-- grain: one row per calendar period (day, week, month), conversion type, prompt template and version and scope rule
{{ cut_mart(ref('int_conversion_cuts'), 'conversion_type', 'prompt_version', ['conversions_final', 'conversions_provisional']) }}
