-- grain: one row: how far the books of this snapshot reach
with calls as (

    select
        min(usage_date) as first_usage_date,
        max(usage_date) as last_usage_date,
        count(*) as usage_rows,
        string_agg(distinct rate_card_version, ', ' order by rate_card_version) as rate_card_versions
    from {{ ref('fct_llm_calls') }}

),

outcomes as (select as_of_at as outcomes_as_of_at from {{ ref('int_outcome_as_of') }}),

bills as (select max(usage_date) as last_billed_date from {{ ref('data_coverage') }} where has_bill),

files as (

    select count(*) as landed_files, count(*) filter (where status = 'loaded') as loaded_files
    from {{ ref('landed_files') }}

),

outcome_counts as (select count(*) as outcomes from {{ ref('fct_outcomes') }} where is_counted),

open_lines as (select count(*) as open_lines from {{ ref('report_reconciliation_open_lines') }})

select
    calls.*,
    outcomes.outcomes_as_of_at,
    outcome_counts.outcomes,
    bills.last_billed_date,
    files.landed_files,
    files.loaded_files,
    open_lines.open_lines
from calls
cross join outcomes
cross join outcome_counts
cross join bills
cross join files
cross join open_lines
