-- grain: one row per calendar period (day, week, month), conversion type, agent and scope rule
{{ cut_mart(ref('int_conversion_cuts'), 'conversion_type', 'agent', ['conversions_final', 'conversions_provisional']) }}
