-- grain: one row per calendar period (day, week, month), task type, prompt template and version and scope rule
{{ cut_mart(ref('int_task_cuts'), 'task_type', 'prompt_version', ['concluded_tasks', 'successful_tasks']) }}
