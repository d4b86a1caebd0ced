-- grain: one row per evaluation result; a result delivered twice keeps the first observed
-- OpenTelemetry gives a result no id and delivers at least once, so a result is what it says: subject,
-- metric, nanosecond, score and label. Results without a subject cannot be told apart by that: within
-- one file each counts, and the n-th of a file is the n-th of a repeated file.
-- time basis: UTC of the host that evaluated
with evaluations as (select * from {{ source('raw_otel', 'otel_evaluations') }}),

keyed as (

    select
        *,
        coalesce(trace_id, span_id, response_id) is not null as has_subject,
        md5(cast(to_json([
            trace_id, span_id, response_id, scope_name, metric_name, time_unix_nano, score, label
        ]) as varchar)) as content_key
    from evaluations

),

numbered as (

    select
        *,
        row_number() over (
            partition by _source, _account, _file_id, content_key order by _row_number
        ) as place
    from keyed

),

identified as (

    select
        *,
        case when has_subject then content_key else concat(content_key, ':', place) end as source_event_id
    from numbered
    qualify row_number() over (
        partition by _source, _account, source_event_id
        order by observed_at nulls last, _file_id, _row_number
    ) = 1

)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    source_event_id,
    metric_name as event_name,
    'evaluation' as outcome_type,
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
    cast(null as varchar) as evaluator_kind,
    cast(null as decimal(38, 18)) as value_amount,
    cast(null as varchar) as value_currency,
    'utc' as time_basis,
    false as is_test,
    occurred_at,
    observed_at as received_at
from identified
