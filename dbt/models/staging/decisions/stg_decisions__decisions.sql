-- grain: one row per decision that somebody took, in the order they were taken
with decisions as (select * from {{ source('raw_decisions', 'decisions') }})

select
    decision_id,
    decision,
    channel,
    account,
    cast(date_trunc('month', first_day) as date) as month,
    rate_card_version,
    decided_by,
    decided_at,
    note,
    outcomes,
    outcome_sources
from decisions
qualify row_number() over (partition by decision_id order by _file_id, _row_number) = 1
