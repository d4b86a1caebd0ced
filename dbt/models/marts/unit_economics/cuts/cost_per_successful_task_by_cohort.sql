-- grain: one row per calendar period (day, week, month), task type, cohort (first active month of the user) and scope rule
{{ cut_mart(ref('int_task_cuts'), 'task_type', 'cohort', ['concluded_tasks', 'successful_tasks']) }}
