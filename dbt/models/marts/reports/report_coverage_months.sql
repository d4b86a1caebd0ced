-- grain: one row per channel, account and month: on how many days each book speaks
-- A month that only an invoice covers has no billed day; reconciliation_months says what it billed.
with days as (select * from {{ ref('data_coverage') }})

select
    channel,
    account,
    cast(date_trunc('month', usage_date) as date) as month,
    count(*) as days,
    count(*) filter (where has_call_log) as call_log_days,
    count(*) filter (where has_provider_usage) as provider_usage_days,
    count(*) filter (where has_bill) as billed_days,
    count(*) filter (where ledger = 'call_log') as call_log_ledger_days,
    count(*) filter (where is_ledger_ruled) as ruled_days,
    cast(sum(usage_rows) as bigint) as usage_rows,
    cast(sum(unpriced_usage_rows) as bigint) as unpriced_usage_rows,
    cast(sum(cost_usd) as decimal(38, 18)) as cost_usd,
    coalesce(sum(unpriced_usage_rows), 0) > 0 as is_lower_bound,
    min(usage_date) as first_date,
    max(usage_date) as last_date
from days
group by channel, account, date_trunc('month', usage_date)
