-- grain: one row per event of a Freshdesk ticket: its creation, each resolution and reopening that its
-- versions and times tell of, and the answer to its survey
with freshdesk_versions as ({{ freshdesk_versions() }}),

states as ({{ freshdesk_states() }}),

creations as (

    select
        *,
        concat_ws(':', 'derived', ticket_id, 'created') as source_event_id,
        'ticket.created' as event_name,
        'ticket_opened' as outcome_type,
        created_at as event_at
    from freshdesk_versions
    where created_at is not null
    qualify row_number() over (
        partition by _source, _account, ticket_id order by updated_at desc, _file_id, _row_number
    ) = 1

),

changes as (

    select
        *,
        concat_ws(':', 'derived', ticket_id, status, epoch(state_at)::bigint) as source_event_id,
        'ticket.' || status as event_name,
        case
            when status in ('solved', 'closed') and not coalesce(was_resolved, false) then 'ticket_resolved'
            when status not in ('solved', 'closed', 'deleted') and was_resolved then 'ticket_reopened'
        end as outcome_type,
        state_at as event_at
    from states

),

surveys as (

    select
        *,
        concat_ws(':', 'derived', ticket_id, 'survey') as source_event_id,
        'ticket.survey_answered' as event_name,
        'feedback' as outcome_type,
        'survey_result' as metric_name,
        survey_result as value_label,
        'human' as evaluator_kind,
        updated_at as event_at
    from freshdesk_versions
    where survey_result is not null
    qualify row_number() over (
        partition by _source, _account, ticket_id order by updated_at desc, _file_id, _row_number
    ) = 1

),

unioned as (

    select * from creations
    union all by name
    select * from changes where outcome_type is not null
    union all by name
    select * from surveys

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
    ticket_id,
    cast(null as varchar) as resolution_kind,
    session_id,
    trace_id,
    user_key,
    contact_key as anonymous_key,
    coalesce(tenant, company_id) as tenant,
    feature,
    cast(null as bigint) as attempt_no,
    metric_name,
    cast(null as decimal(38, 9)) as value_number,
    value_label,
    evaluator_kind,
    cast(null as decimal(38, 18)) as value_amount,
    cast(null as varchar) as value_currency,
    if(export_form = 'csv', 'naive_assumed_utc', 'utc') as time_basis,
    false as is_test,
    event_at as occurred_at,
    updated_at as received_at
from unioned
