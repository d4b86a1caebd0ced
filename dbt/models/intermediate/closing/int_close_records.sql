-- grain: one row per month that is closed now and whose decision recorded what was published
select
    channel,
    account,
    month,
    opening_no,
    decided_at as closed_at,
    evidence,
    figures,
    accruals,
    journal
from {{ ref('int_month_decisions') }}
where decision = 'close' and decision_no = 1 and is_standing and figures is not null
