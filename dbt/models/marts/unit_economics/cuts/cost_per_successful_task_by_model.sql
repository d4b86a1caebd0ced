-- grain: one row per calendar period (day, week, month), task type, model and scope rule
{{ cut_mart(ref('int_task_cuts'), 'task_type', 'model_key', ['concluded_tasks', 'successful_tasks']) }}
