-- grain: one row per Segment message id of type track; a repeated id keeps the latest received
-- time basis: timestamp is skew-corrected by Segment (receivedAt - (sentAt - originalTimestamp))
with tracks as (select * from {{ source('raw_segment', 'segment_tracks') }} where type = 'track')

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    message_id as source_event_id,
    event as event_name,
    cast(null as varchar) as outcome_type,
    case when success then 'success' when not success then 'failure' end as outcome_status,
    task_id,
    task_type,
    ticket_id,
    cast(null as varchar) as resolution_kind,
    session_id,
    trace_id,
    user_key,
    tenant,
    feature,
    cast(null as bigint) as attempt_no,
    cast(null as varchar) as value_label,
    {{ as_money('amount') }} as value_amount,
    upper(currency) as value_currency,
    occurred_at,
    received_at
from tracks
qualify row_number() over (
    partition by _source, _account, message_id
    order by received_at desc nulls last, occurred_at desc, _file_id, _row_number
) = 1
