-- grain: one row per PostHog event uuid; a repeated uuid keeps the copy that was inserted last
-- time basis: the client's clock
with landed as ({{ with_arrival(source('raw_posthog', 'posthog_events')) }}),

events as (

    select *
    from landed
    qualify row_number() over (
        partition by _source, _account, uuid
        order by exported_at desc nulls last, ingested_at desc nulls last, arrival_no desc, _file_id, _row_number desc
    ) = 1

),

judged as (

    select
        *,
        cast(answer as decimal(38, 9)) as answer_value,
        event = '$ai_evaluation' as is_evaluation,
        -- A submission with several questions may repeat its first answer on every event: the last
        -- event that has one counts.
        event = 'survey sent' and answer is not null and (
            submission_id is null
            or row_number() over (
                partition by _source, _account, survey_id, submission_id, answer is not null
                order by occurred_at desc, _file_id, _row_number desc
            ) = 1
        ) as is_answer,
        -- 1 is a thumb up and 2 a thumb down; a survey that was ever answered higher is a scale
        max(cast(answer as decimal(38, 9))) over (partition by _source, _account, survey_id) <= 2
        and trace_id is not null as is_thumb
    from events

)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    uuid as source_event_id,
    event as event_name,
    case when is_evaluation then 'evaluation' when is_answer then 'feedback' end as outcome_type,
    {{ success_status() }} as outcome_status,
    task_id,
    task_type,
    ticket_id,
    cast(null as varchar) as resolution_kind,
    session_id,
    trace_id,
    -- a browser that knows no user yet sends the id of its device
    case when distinct_key is distinct from device_key then distinct_key end as user_key,
    device_key as anonymous_key,
    tenant,
    feature,
    attempt_no,
    case when is_evaluation then evaluation_name when is_answer then survey_id else metric_name end as metric_name,
    case
        when is_evaluation
            then coalesce(
                cast(evaluation_score as decimal(38, 9)), cast(cast(evaluation_result as integer) as decimal(38, 9))
            )
        when is_answer then answer_value
        else coalesce(try_cast(metric_value as decimal(38, 9)), cast(value_number as decimal(38, 9)))
    end as value_number,
    case
        -- what a true result says, good or bad, is the evaluator's affair
        when is_evaluation then cast(evaluation_result as varchar)
        when is_answer and is_thumb then case answer_value when 1 then 'up' when 2 then 'down' end
        when try_cast(metric_value as decimal(38, 9)) is null then metric_value
    end as value_label,
    case
        when is_evaluation then if(evaluation_runtime = 'hog', 'code', 'llm')
        when is_answer then 'user'
    end as evaluator_kind,
    {{ event_amount() }} as value_amount,
    upper(currency) as value_currency,
    'client_clock' as time_basis,
    false as is_test,
    occurred_at,
    ingested_at as received_at
from judged
