-- grain: one row per calendar period (day, week, month), task type, prompt template and version, cohort and
-- scope rule
-- A task stands whole at the prompt of its dearest call; v2 of one template is not v2 of another.
{{ task_cost_factors_mart(['prompt_template', 'prompt_version']) }}
