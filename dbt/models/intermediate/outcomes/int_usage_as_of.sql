-- grain: one row: the end of the last day with usage, since requests need no outcome feed
select cast(max(usage_date) + 1 as timestamp) as as_of_at from {{ ref('fct_llm_calls') }}
