-- grain: one row per source and account that tells outcomes, and how far it has reported
select * from {{ ref('int_outcome_sources') }}
