-- grain: one row per event of an Intercom conversation: its start, each of its parts, each change of the
-- AI agent's resolution state, and the rating of the conversation and of the AI agent
-- Part ids are not known to be unique beyond their conversation, so they stand behind its id.
with parts as ({{ intercom_parts() }}),

versions as (

    select
        *,
        lag(ai_resolution_state) over (
            partition by _source, _account, conversation_id order by occurred_at
        ) as state_before
    from (
        select *
        from {{ source('raw_intercom', 'intercom_conversations') }}
        where record_type = 'conversation'
        qualify row_number() over (
            partition by _source, _account, conversation_id, occurred_at
            -- the list endpoints may leave out what the object has
            order by ai_resolution_state nulls last, rating nulls last, _file_id, _row_number
        ) = 1
    )

),

starts as (

    select
        *,
        concat_ws(':', 'derived', conversation_id, 'created') as source_event_id,
        'conversation.created' as event_name,
        'ticket_opened' as outcome_type,
        created_at as event_at
    from versions
    where created_at is not null
    qualify row_number() over (
        partition by _source, _account, conversation_id order by occurred_at desc, _file_id
    ) = 1

),

part_events as (

    select
        *,
        concat_ws(':', conversation_id, part_id) as source_event_id,
        'conversation_part.' || part_type as event_name,
        case
            when closes then 'ticket_resolved'
            -- opened while it was open, or out of a snooze, is no reopening
            when opens and coalesce(state_before = 'close', true) then 'ticket_reopened'
        end as outcome_type,
        occurred_at as event_at
    from parts

),

resolution_states as (

    select
        *,
        concat_ws(':', 'derived', conversation_id, ai_resolution_state, epoch(occurred_at)::bigint)
            as source_event_id,
        'ai_agent.resolution_state' as event_name,
        if(ai_resolution_state in ('confirmed_resolution', 'assumed_resolution'), 'ticket_resolved', null)
            as outcome_type,
        case
            when ai_resolution_state = 'confirmed_resolution' then 'ai_confirmed'
            when ai_resolution_state = 'assumed_resolution' then 'ai_assumed'
            when ai_resolution_state = 'procedure_handoff' then 'procedure_handoff'
            when ai_resolution_state in ('escalated', 'negative_feedback', 'routed_to_team') then 'escalated'
        end as resolution_kind,
        'ai_agent.resolution_state' as metric_name,
        ai_resolution_state as value_label,
        occurred_at as event_at
    from versions
    where ai_resolution_state is not null and ai_resolution_state is distinct from state_before

),

{% for name, value, at in [('conversation_rating', 'rating', 'rated_at'), ('ai_agent.rating', 'ai_rating', 'ai_rated_at')] -%}
{{ value }}s as (

    select
        *,
        concat_ws(':', 'derived', conversation_id, '{{ name }}', epoch(coalesce({{ at }}, created_at))::bigint)
            as source_event_id,
        '{{ name }}' as event_name,
        'feedback' as outcome_type,
        '{{ name }}' as metric_name,
        {{ value }} as score,
        'human' as evaluator_kind,
        coalesce({{ at }}, occurred_at) as event_at
    from versions
    where {{ value }} is not null
    qualify row_number() over (
        partition by _source, _account, conversation_id, coalesce({{ at }}, created_at)
        order by occurred_at desc, _file_id
    ) = 1

),

{% endfor -%}
unioned as (

    select * from starts
    union all by name
    select * from part_events
    union all by name
    select * from resolution_states
    union all by name
    select * from ratings
    union all by name
    select * from ai_ratings

)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    source_event_id,
    event_name,
    outcome_type,
    cast(null as varchar) as outcome_status,
    task_id,
    task_type,
    conversation_id as ticket_id,
    resolution_kind,
    session_id,
    trace_id,
    user_key,
    contact_key as anonymous_key,
    tenant,
    feature,
    cast(null as bigint) as attempt_no,
    metric_name,
    cast(score as decimal(38, 9)) as value_number,
    value_label,
    evaluator_kind,
    cast(null as decimal(38, 18)) as value_amount,
    cast(null as varchar) as value_currency,
    'utc' as time_basis,
    coalesce(ai_source_type in ('fin_preview', 'workflow_preview'), false) as is_test,
    event_at as occurred_at,
    conversation_updated_at as received_at
from unioned
