-- grain: one row per calendar period (day, week, month), task type, model, cohort and scope rule
-- A task stands whole at the model that carries most of its spend.
{{ task_cost_factors_mart('model_key') }}
