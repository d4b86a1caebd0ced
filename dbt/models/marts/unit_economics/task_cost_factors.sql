-- grain: one row per calendar period (day, week, month), task type, cohort and scope rule
-- Cohort `concluded`: the tasks concluded in the period with all their cost, whenever incurred, so
-- cost per attempt times attempts per task over success rate is cost per successful task.
{{ task_cost_factors_mart() }}
