-- grain: one row per calendar period (day, week, month), conversion type, tenant and scope rule
{{ cut_mart(ref('int_conversion_cuts'), 'conversion_type', 'tenant', ['conversions_final', 'conversions_provisional']) }}
