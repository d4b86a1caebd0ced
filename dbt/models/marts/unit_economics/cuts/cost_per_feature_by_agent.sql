-- grain: one row per calendar period (day, week, month), feature, agent and scope rule
{{ cut_mart(ref('int_feature_cuts'), 'feature', 'agent', ['feature_requests']) }}
