-- grain: one row per calendar period (day, week, month), feature, team and scope rule
{{ cut_mart(ref('int_feature_cuts'), 'feature', 'team', ['feature_requests']) }}
