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
    nullif(note, '') as note,
    outcomes,
    outcome_sources,
    evidence_hash,
    evidence,
    figures,
    accruals,
    journal,
    nullif(despite_drift, '') as despite_drift,
    reconciliation_line_id,
    residual_code,
    {{ as_money('residual_usd') }} as residual_usd,
    cast(deferred_until || '-01' as date) as deferred_until
from decisions
qualify row_number() over (partition by decision_id order by _file_id, _row_number) = 1
