-- grain: one row per Zendesk satisfaction rating id; the copy updated last wins
-- A rating that was offered and not answered is no score: it is an event without a meaning.
with ratings as (

    select
        *,
        case
            when lower(score) in ('good', 'good_with_comment', 'good_without_comment') then 'good'
            when lower(score) in ('bad', 'bad_with_comment', 'bad_without_comment') then 'bad'
        end as answer
    from {{ source('raw_zendesk', 'zendesk_satisfaction') }}
    qualify row_number() over (
        partition by _source, _account, rating_id
        order by updated_at desc, _file_id, _row_number
    ) = 1

)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    rating_id as source_event_id,
    'satisfaction.' || lower(score) as event_name,
    if(answer is not null, 'feedback', null) as outcome_type,
    case answer when 'good' then 'success' when 'bad' then 'failure' end as outcome_status,
    cast(null as varchar) as task_id,
    cast(null as varchar) as task_type,
    ticket_id,
    cast(null as varchar) as resolution_kind,
    cast(null as varchar) as session_id,
    cast(null as varchar) as trace_id,
    cast(null as varchar) as user_key,
    requester_key as anonymous_key,
    cast(null as varchar) as tenant,
    cast(null as varchar) as feature,
    cast(null as bigint) as attempt_no,
    if(answer is not null, 'satisfaction_rating', null) as metric_name,
    cast(case answer when 'good' then 1 when 'bad' then 0 end as decimal(38, 9)) as value_number,
    answer as value_label,
    if(answer is not null, 'human', null) as evaluator_kind,
    cast(null as decimal(38, 18)) as value_amount,
    cast(null as varchar) as value_currency,
    'utc' as time_basis,
    false as is_test,
    updated_at as occurred_at,
    cast(null as timestamp) as received_at
from ratings
