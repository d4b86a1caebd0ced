-- grain: one row per calendar period (day, week, month), task type, prompt template and scope rule
{{ cut_mart(ref('int_task_cuts'), 'task_type', 'prompt_template', ['concluded_tasks', 'successful_tasks']) }}
