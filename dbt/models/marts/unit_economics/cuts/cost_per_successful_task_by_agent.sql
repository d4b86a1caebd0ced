-- grain: one row per calendar period (day, week, month), task type, agent and scope rule
{{ cut_mart(ref('int_task_cuts'), 'task_type', 'agent', ['concluded_tasks', 'successful_tasks']) }}
