-- grain: one row per calendar period (day, week, month), user class, model and scope rule
{{ cut_mart(ref('int_user_cuts'), 'user_class', 'model_key', ['active_users']) }}
