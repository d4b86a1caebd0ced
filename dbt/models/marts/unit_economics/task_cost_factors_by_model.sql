-- grain: one row per calendar period (day, week, month), task type, model, cohort and scope rule
-- A task stands whole at the model of its dearest call.
{{ task_cost_factors_mart(['model_key']) }}
