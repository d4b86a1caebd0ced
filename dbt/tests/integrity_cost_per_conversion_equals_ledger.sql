{{ config(meta={'dagster': {'ref': {'name': 'cost_per_conversion'}}}) }}
-- A returned row is a period grain whose spend does not sum to the ledger, on one of the two bases.
{{ mart_equals_ledger(['cost_per_conversion']) }}
