-- grain: one row per calendar period (day, week, month), task type, provider and scope rule
{{ unit_cost_mart(
    ref('int_task_costs'), ref('int_task_outcomes'), 'task_type', ['concluded_tasks', 'successful_tasks'], ref('int_outcome_as_of'),
    cut=['provider']
) }}
