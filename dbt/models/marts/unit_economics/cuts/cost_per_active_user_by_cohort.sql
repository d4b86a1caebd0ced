-- grain: one row per calendar period (day, week, month), user class, cohort (first active month of the user) and scope rule
{{ cut_mart(ref('int_user_cuts'), 'user_class', 'cohort', ['active_users']) }}
