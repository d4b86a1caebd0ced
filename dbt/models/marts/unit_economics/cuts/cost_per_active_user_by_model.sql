-- grain: one row per calendar period (day, week, month), user class, model and scope rule
{{ unit_cost_mart(
    ref('int_user_costs'), ref('int_user_outcomes'), 'user_class', ['active_users'], ref('int_outcome_as_of'),
    cut=['model_key']
) }}
