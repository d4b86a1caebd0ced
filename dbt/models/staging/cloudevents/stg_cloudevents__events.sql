-- grain: one row per CloudEvents source and id, which together name an event; the latest recorded wins
-- A source is a URI and holds no space, so the text of both is unambiguous.
-- time basis: UTC of the producer; without `time` it is when the event was recorded
with events as (select * from {{ source('raw_cloudevents', 'cloudevents') }})

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    concat(event_source, ' ', event_id) as source_event_id,
    event_type as event_name,
    cast(null as varchar) as outcome_type,
    case when success then 'success' when not success then 'failure' end as outcome_status,
    task_id,
    task_type,
    ticket_id,
    cast(null as varchar) as resolution_kind,
    session_id,
    coalesce(
        trace_id, nullif(regexp_extract(lower(traceparent), '^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-', 1), '')
    ) as trace_id,
    user_key,
    anonymous_key,
    tenant,
    feature,
    attempt_no,
    cast(null as varchar) as metric_name,
    cast(null as decimal(38, 9)) as value_number,
    cast(null as varchar) as value_label,
    cast(null as varchar) as evaluator_kind,
    {{ as_money('amount') }} as value_amount,
    upper(currency) as value_currency,
    'utc' as time_basis,
    false as is_test,
    occurred_at,
    recorded_at as received_at
from events
qualify row_number() over (
    partition by _source, _account, event_source, event_id
    order by recorded_at desc nulls last, occurred_at desc, _file_id, _row_number
) = 1
