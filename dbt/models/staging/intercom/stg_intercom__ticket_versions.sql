-- grain: one row per state of an Intercom conversation: a conversation object (id, updated_at, state) or
-- a part that opens, closes or snoozes it. A conversation is the ticket; closed is solved, as it can be
-- opened again. Exports repeat both.
-- The AI agent's claim (confirmed or assumed) is a resolution before anybody closes the conversation. It
-- does not outlive a reopening: a conversation that was closed before and is open now is open, and one
-- that a teammate closed after it is theirs. Intercom takes such a resolution back, too.
with parts as ({{ intercom_parts() }}),

part_facts as (

    select
        _source,
        _account,
        conversation_id,
        bool_or(closes) as has_closed,
        bool_or(opens and coalesce(state_before = 'close', true)) as has_reopened,
        max_by(author_type, occurred_at) filter (where closes) as last_closer
    from parts
    group by _source, _account, conversation_id

),

conversations as (

    select *
    from {{ source('raw_intercom', 'intercom_conversations') }}
    where record_type = 'conversation'
    qualify row_number() over (
        partition by _source, _account, conversation_id, occurred_at, state, is_open
        -- the list endpoints may leave out what the object has
        order by ai_resolution_state nulls last, reopens desc nulls last, _file_id, _row_number
    ) = 1

),

judged as (

    select
        conversations.*,
        coalesce(state = 'closed', not is_open, false) as is_closed,
        coalesce(ai_resolution_state in ('confirmed_resolution', 'assumed_resolution'), false) as is_claimed,
        first_close_at is not null or coalesce(part_facts.has_closed, false) as was_closed,
        coalesce(reopens, 0) > 0 or coalesce(part_facts.has_reopened, false) as was_reopened,
        last_closed_by_id is not null or coalesce(part_facts.last_closer = 'admin', false) as is_teammates,
        last_closed_by_id is null and coalesce(part_facts.last_closer = 'bot', false) as is_bots
    from conversations
    left join part_facts
        on conversations._source = part_facts._source
        and conversations._account = part_facts._account
        and conversations.conversation_id = part_facts.conversation_id

),

states as (

    select
        *,
        case
            when is_closed or (is_claimed and not was_closed) then 'solved'
            when state = 'snoozed' then 'hold'
            else 'open'
        end as status
    from judged

)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    conversation_id as ticket_id,
    status,
    requester_key,
    cast(null as varchar) as external_id,
    cast(null as varchar) as followup_source_id,
    tags,
    reopens as reported_reopens,
    created_at,
    occurred_at as updated_at,
    -- behind the parts of the same second
    occurred_at as generated_at,
    if(is_closed, last_close_at, null) as solved_at,
    case
        when status <> 'solved' then null
        when is_claimed and was_reopened and is_teammates then 'human_solved'
        when ai_resolution_state = 'confirmed_resolution' then 'ai_confirmed'
        when ai_resolution_state = 'assumed_resolution' then 'ai_assumed'
        when ai_resolution_state = 'procedure_handoff' then 'procedure_handoff'
        when ai_resolution_state in ('escalated', 'negative_feedback', 'routed_to_team') then 'escalated'
        when ai_resolution_state = 'abandoned' then 'closed_unsolved'
        -- a workflow closed what its agent never answered: nobody solved it
        when is_bots then 'auto_closed'
    end as resolution_kind,
    cast(null as varchar) as merged_into_id,
    cast(null as varchar) as merged_ticket_ids,
    cast(null as varchar) as parent_ticket_id,
    coalesce(ai_source_type in ('fin_preview', 'workflow_preview'), false) as is_test
from states

union all by name

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    conversation_id as ticket_id,
    case when closes then 'solved' when opens then 'open' else 'hold' end as status,
    requester_key,
    occurred_at as updated_at,
    coalesce(ai_source_type in ('fin_preview', 'workflow_preview'), false) as is_test
from parts
where closes or opens or part_type = 'snoozed'
