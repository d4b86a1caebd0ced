-- grain: one row per channel, account and month that has usage, a bill or a decision
select distinct channel, account, month
from {{ ref('reconciliation_months') }}
union
select distinct channel, account, month
from {{ ref('int_month_decisions') }}
