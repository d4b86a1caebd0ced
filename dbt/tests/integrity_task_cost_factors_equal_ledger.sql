{{ config(meta={'dagster': {'ref': {'name': 'task_cost_factors'}}}) }}
-- A returned row is a period grain whose spend does not sum to the ledger, on one of the two bases.
{{ mart_equals_ledger(ref('task_cost_factors')) }}
