-- grain: one row per channel, account and UTC day with usage or a bill
-- Says which books hold the day, which one is the ledger, and how much of it could be priced.
with ledger_days as (select * from {{ ref('int_ledger_days') }}),

bill_days as (select * from {{ ref('int_bill_days') }}),

calls as (

    select
        channel,
        account,
        usage_date,
        count(*) as usage_rows,
        count(*) filter (where unpriced_reason is not null) as unpriced_usage_rows,
        sum(cost_usd) as cost_usd
    from {{ ref('fct_llm_calls') }}
    group by channel, account, usage_date

)

select
    coalesce(ledger_days.channel, bill_days.channel) as channel,
    coalesce(ledger_days.account, bill_days.account) as account,
    coalesce(ledger_days.usage_date, bill_days.usage_date) as usage_date,
    coalesce(ledger_days.has_call_log, false) as has_call_log,
    coalesce(ledger_days.has_provider_usage, false) as has_provider_usage,
    bill_days.usage_date is not null as has_bill,
    ledger_days.ledger,
    coalesce(ledger_days.is_ruled, false) as is_ledger_ruled,
    coalesce(ledger_days.call_log_sources, 0) as call_log_sources,
    bill_days.source as bill_source,
    coalesce(calls.usage_rows, 0) as usage_rows,
    coalesce(calls.unpriced_usage_rows, 0) as unpriced_usage_rows,
    calls.cost_usd
from ledger_days
full outer join bill_days
    on ledger_days.channel = bill_days.channel
    and ledger_days.account = bill_days.account
    and ledger_days.usage_date = bill_days.usage_date
left join calls
    on calls.channel = coalesce(ledger_days.channel, bill_days.channel)
    and calls.account = coalesce(ledger_days.account, bill_days.account)
    and calls.usage_date = coalesce(ledger_days.usage_date, bill_days.usage_date)
