-- grain: one row per calendar period (day, week, month), user class, agent and scope rule
{{ cut_mart(ref('int_user_cuts'), 'user_class', 'agent', ['active_users']) }}
