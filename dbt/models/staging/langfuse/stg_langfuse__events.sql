-- grain: one row per Langfuse score id; a repeated id keeps the latest updated
-- Neighbouring export windows share their boundary, so a score stands in two files.
-- A category's number is its index, so it is a label here and never a value.
-- time basis: the export writes UTC without a zone, the API with one
with scores as (select * from {{ source('raw_langfuse', 'langfuse_scores') }}),

latest as (

    select
        *,
        case score_source
            when 'ANNOTATION' then 'human' when 'EVAL' then 'llm' when 'API' then 'api' else lower(score_source)
        end as evaluator_kind
    from scores
    qualify row_number() over (
        partition by _source, _account, score_id
        order by updated_at desc nulls last, occurred_at desc, _file_id, _row_number
    ) = 1

)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    score_id as source_event_id,
    metric_name as event_name,
    case when evaluator_kind = 'human' then 'feedback' else 'evaluation' end as outcome_type,
    cast(null as varchar) as outcome_status,
    task_id,
    task_type,
    ticket_id,
    cast(null as varchar) as resolution_kind,
    coalesce(session_id, case when subject_kind = 'session' then subject_id end) as session_id,
    coalesce(trace_id, case when subject_kind = 'trace' then subject_id end) as trace_id,
    user_key,
    cast(null as varchar) as anonymous_key,
    tenant,
    feature,
    attempt_no,
    metric_name,
    cast(score as decimal(38, 9)) as value_number,
    case
        when data_type <> 'BOOLEAN' then label
        when cast(score as decimal(38, 9)) = 1 then 'true'
        when cast(score as decimal(38, 9)) = 0 then 'false'
    end as value_label,
    evaluator_kind,
    cast(null as decimal(38, 18)) as value_amount,
    cast(null as varchar) as value_currency,
    'utc' as time_basis,
    dataset_run_id is not null or coalesce(subject_kind = 'experiment', false) as is_test,
    occurred_at,
    coalesce(updated_at, created_at) as received_at
from latest
