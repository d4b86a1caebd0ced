-- grain: one row per event id of a mapped outcome feed; a repeated id keeps the latest received
with feed as (select * from {{ source('raw_outcome_feed', 'outcome_feed') }})

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    event_id as source_event_id,
    event_name,
    outcome_type,
    outcome_status,
    task_id,
    task_type,
    ticket_id,
    resolution_kind,
    session_id,
    trace_id,
    user_key,
    tenant,
    feature,
    attempt_no,
    value_label,
    {{ as_money('amount') }} as value_amount,
    upper(currency) as value_currency,
    occurred_at,
    received_at
from feed
qualify row_number() over (
    partition by _source, _account, event_id
    order by received_at desc nulls last, occurred_at desc, _file_id, _row_number
) = 1
