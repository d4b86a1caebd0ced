{{ config(meta={'dagster': {'ref': {'name': 'reconciliation_months'}}}) }}
-- Trued-up cost is what the bill asks for usage; tax, credits, refunds and prepaid amounts stand outside.
-- A share that went to no row, or to two, would show here. An account with a bill line of another month's
-- usage is left out: cost stands in the month of use, and that line in the month that bills it.
-- A returned row is a channel, account and month, billed in full, whose trued-up cost is another sum.
with cost_rows as (select * from {{ ref('int_cost_rows') }}),

months as (select * from {{ ref('reconciliation_months') }}),

moved_accounts as (

    select distinct channel, account
    from {{ ref('reconciliation_lines') }}
    where date_trunc('month', usage_date) <> month

),

trued_up as (

    select
        channel,
        account,
        cast(date_trunc('month', usage_date) as date) as month,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from cost_rows
    group by channel, account, cast(date_trunc('month', usage_date) as date)
    having not bool_or(is_accrued)

)

select
    trued_up.channel,
    trued_up.account,
    trued_up.month,
    trued_up.trued_up_cost_usd,
    months.billed_usage_usd
from trued_up
inner join months
    on trued_up.channel = months.channel
    and trued_up.account = months.account
    and trued_up.month = months.month
anti join moved_accounts
    on trued_up.channel = moved_accounts.channel
    and trued_up.account = moved_accounts.account
where months.status not in ('provisional', 'not_billed')
    and trued_up.trued_up_cost_usd <> months.billed_usage_usd
