-- grain: one row per calendar day of every month that holds spend or an outcome
-- The time spine of the semantic layer; empty where nothing has landed.
with days as (

    select usage_date as day from {{ ref('int_cost_rows') }}
    union all
    select outcome_date as day from {{ ref('fct_outcomes') }}

),

ends as (

    select date_trunc('month', min(day)) as first_day, last_day(max(day)) as last_day from days

)

select unnest(generate_series(cast(first_day as timestamp), cast(last_day as timestamp), interval 1 day))::date as day
from ends
