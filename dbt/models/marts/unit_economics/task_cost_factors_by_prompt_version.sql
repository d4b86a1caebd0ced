-- grain: one row per calendar period (day, week, month), task type, prompt version, cohort and scope rule
-- A task stands whole at the prompt version that carries most of its spend.
{{ task_cost_factors_mart('prompt_version') }}
