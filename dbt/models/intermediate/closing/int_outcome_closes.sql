{{ config(materialized='table') }}
-- grain: one row per month that is closed for outcomes: every channel and account with usage in it is
-- closed, and the last of these decisions recorded which denominators stood published
with ledger_months as (

    select distinct channel, account, cast(date_trunc('month', usage_date) as date) as month
    from {{ ref('fct_charge_lines') }}

),

closes as (select * from {{ ref('int_period_closes') }})

select
    ledger_months.month,
    max(closes.closed_at) as closed_at,
    arg_max(closes.published_outcomes, closes.closed_at) as published_outcomes,
    arg_max(closes.published_outcome_sources, closes.closed_at) as published_outcome_sources
from ledger_months
left join closes
    on ledger_months.channel = closes.channel
    and ledger_months.account = closes.account
    and ledger_months.month = closes.month
group by ledger_months.month
having count(*) = count(closes.closed_at) and count(closes.published_outcomes) > 0
