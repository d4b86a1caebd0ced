-- grain: one row per LangSmith feedback id; a repeated id keeps the latest modified
-- A session of LangSmith is a project, so no feedback names a user's session.
-- time basis: older exports write no zone; it is UTC
with feedback as (select * from {{ source('raw_langsmith', 'langsmith_feedback') }}),

latest as (

    select
        *,
        case feedback_source_type
            when 'app' then 'human' when 'model' then 'llm' when 'auto_eval' then 'automatic'
            when 'evaluator' then 'automatic' else lower(feedback_source_type)
        end as evaluator_kind
    from feedback
    qualify row_number() over (
        partition by _source, _account, feedback_id
        order by modified_at desc nulls last, occurred_at desc, _file_id, _row_number
    ) = 1

)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    feedback_id as source_event_id,
    metric_name as event_name,
    case when evaluator_kind = 'human' then 'feedback' else 'evaluation' end as outcome_type,
    cast(null as varchar) as outcome_status,
    task_id,
    task_type,
    ticket_id,
    cast(null as varchar) as resolution_kind,
    cast(null as varchar) as session_id,
    trace_id,
    user_key,
    cast(null as varchar) as anonymous_key,
    tenant,
    feature,
    attempt_no,
    metric_name,
    cast(score as decimal(38, 9)) as value_number,
    label as value_label,
    evaluator_kind,
    cast(null as decimal(38, 18)) as value_amount,
    cast(null as varchar) as value_currency,
    'naive_assumed_utc' as time_basis,
    comparative_experiment_id is not null as is_test,
    occurred_at,
    modified_at as received_at
from latest
