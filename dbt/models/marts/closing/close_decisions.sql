-- grain: one row per decision that somebody took, whether or not it still stands: the audit trail
with decisions as (select * from {{ ref('stg_decisions__decisions') }}),

month_decisions as (select * from {{ ref('int_month_decisions') }})

select
    decisions.decision_id,
    decisions.decided_at,
    decisions.decided_by,
    decisions.decision,
    decisions.channel,
    decisions.account,
    decisions.month,
    decisions.rate_card_version,
    decisions.evidence_hash,
    decisions.reconciliation_line_id,
    decisions.residual_code,
    decisions.residual_usd,
    decisions.deferred_until,
    decisions.note,
    decisions.despite_drift,
    month_decisions.is_standing
from decisions
left join month_decisions on decisions.decision_id = month_decisions.decision_id
