-- grain: one row per calendar period (day, week, month), conversion type, cohort (first active month of the user) and scope rule
{{ cut_mart(ref('int_conversion_cuts'), 'conversion_type', 'cohort', ['conversions_final', 'conversions_provisional']) }}
