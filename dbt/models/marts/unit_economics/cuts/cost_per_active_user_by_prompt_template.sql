-- grain: one row per calendar period (day, week, month), user class, prompt template and scope rule
{{ cut_mart(ref('int_user_cuts'), 'user_class', 'prompt_template', ['active_users']) }}
