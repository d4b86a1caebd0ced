-- grain: one row per calendar period (day, week, month), feature, prompt template and scope rule
{{ cut_mart(ref('int_feature_cuts'), 'feature', 'prompt_template', ['feature_requests']) }}
