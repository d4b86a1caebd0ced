-- grain: one row per calendar period (day, week, month), feature, cohort (first active month of the user) and scope rule
{{ cut_mart(ref('int_feature_cuts'), 'feature', 'cohort', ['feature_requests']) }}
