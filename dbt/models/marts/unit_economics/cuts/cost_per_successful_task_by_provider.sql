-- grain: one row per calendar period (day, week, month), task type, provider and scope rule
{{ cut_mart(ref('int_task_cuts'), 'task_type', 'provider', ['concluded_tasks', 'successful_tasks']) }}
