-- grain: one row per calendar period (day, week, month), feature, provider and scope rule
{{ cut_mart(ref('int_feature_cuts'), 'feature', 'provider', ['feature_requests']) }}
