-- grain: one row per calendar period (day, week, month), task type, tenant and scope rule
{{ cut_mart(ref('int_task_cuts'), 'task_type', 'tenant', ['concluded_tasks', 'successful_tasks']) }}
