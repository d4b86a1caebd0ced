-- grain: one row per Phoenix annotation id; a repeated id keeps the latest updated
-- The annotation of a span names no trace.
-- time basis: UTC, with a zone in the text
with annotations as (select * from {{ source('raw_phoenix', 'phoenix_annotations') }}),

latest as (

    select * from annotations
    qualify row_number() over (
        partition by _source, _account, annotation_id
        order by updated_at desc nulls last, occurred_at desc, _file_id, _row_number
    ) = 1

)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    annotation_id as source_event_id,
    metric_name as event_name,
    case when lower(annotator_kind) = 'human' then 'feedback' else 'evaluation' end as outcome_type,
    cast(null as varchar) as outcome_status,
    task_id,
    task_type,
    ticket_id,
    cast(null as varchar) as resolution_kind,
    session_id,
    trace_id,
    user_key,
    cast(null as varchar) as anonymous_key,
    tenant,
    feature,
    attempt_no,
    metric_name,
    cast(score as decimal(38, 9)) as value_number,
    label as value_label,
    lower(annotator_kind) as evaluator_kind,
    cast(null as decimal(38, 18)) as value_amount,
    cast(null as varchar) as value_currency,
    'utc' as time_basis,
    false as is_test,
    occurred_at,
    updated_at as received_at
from latest
