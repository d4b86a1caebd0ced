-- grain: one row per calendar period (day, week, month), conversion type, team and scope rule
{{ cut_mart(ref('int_conversion_cuts'), 'conversion_type', 'team', ['conversions_final', 'conversions_provisional']) }}
