-- grain: one row per calendar period (day, week, month), task type, team and scope rule
{{ cut_mart(ref('int_task_cuts'), 'task_type', 'team', ['concluded_tasks', 'successful_tasks']) }}
