-- grain: one row per calendar period (day, week, month), user class, provider and scope rule
{{ cut_mart(ref('int_user_cuts'), 'user_class', 'provider', ['active_users']) }}
