-- grain: one row per calendar period (day, week, month), user class, prompt template and version and scope rule
{{ cut_mart(ref('int_user_cuts'), 'user_class', 'prompt_version', ['active_users']) }}
