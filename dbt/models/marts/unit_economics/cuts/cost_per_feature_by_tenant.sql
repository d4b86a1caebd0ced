-- grain: one row per calendar period (day, week, month), feature, tenant and scope rule
{{ cut_mart(ref('int_feature_cuts'), 'feature', 'tenant', ['feature_requests']) }}
