{{ config(meta={'dagster': {'ref': {'name': 'task_cost_factors'}}}) }}
-- A returned row is a mart of task cohorts and a period grain whose spend does not sum to the ledger, on one of
-- the two bases.
{{ mart_equals_ledger([
    'task_cost_factors', 'task_cost_factors_by_model', 'task_cost_factors_by_prompt_version'
]) }}
