-- grain: one row per calendar period (day, week, month), user class, tenant and scope rule
{{ cut_mart(ref('int_user_cuts'), 'user_class', 'tenant', ['active_users']) }}
