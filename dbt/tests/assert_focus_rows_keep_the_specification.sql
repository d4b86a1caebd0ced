{{ config(meta={'dagster': {'ref': {'name': 'focus_cost_and_usage'}}}) }}
-- The official rules of FOCUS 1.2 never fire on several of these: prices times quantity, sums per
-- invoice, allowed values row by row. A file that breaks them would still be called valid.
-- A returned row is a rule that some row of the export breaks, with how many.
{{ focus_breaches(ref('focus_cost_and_usage'), ref('fct_billed_lines')) }}
