-- grain: one row per event id of a mapped outcome feed; a repeated id keeps the latest received
-- An id that comes again as reversed or refunded takes itself back: the first telling stays an event, and
-- the correction is one of its own.
with feed as (

    select
        *,
        coalesce(lower(outcome_status) in ('reversed', 'refunded'), false) as is_taken_back
    from {{ source('raw_outcome_feed', 'outcome_feed') }}

),

told as (

    select
        *,
        is_taken_back
        and not bool_and(is_taken_back) over (partition by _source, _account, event_id) as takes_itself_back
    from feed

)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    if(takes_itself_back, event_id || ':' || lower(outcome_status), event_id) as source_event_id,
    coalesce(reverses_event_id, if(takes_itself_back, event_id, null)) as reverses_event_id,
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
from told
qualify row_number() over (
    partition by _source, _account, event_id, if(takes_itself_back, lower(outcome_status), '')
    order by received_at desc nulls last, occurred_at desc, _file_id, _row_number
) = 1
