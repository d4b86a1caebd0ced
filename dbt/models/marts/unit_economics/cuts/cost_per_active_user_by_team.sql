-- grain: one row per calendar period (day, week, month), user class, team and scope rule
{{ cut_mart(ref('int_user_cuts'), 'user_class', 'team', ['active_users']) }}
