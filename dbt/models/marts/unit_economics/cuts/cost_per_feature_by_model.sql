-- grain: one row per calendar period (day, week, month), feature, model and scope rule
{{ cut_mart(ref('int_feature_cuts'), 'feature', 'model_key', ['feature_requests']) }}
