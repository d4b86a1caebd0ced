-- grain: one row per event of a Salesforce case: an entry of its history, its creation, and its closing
-- where no history of its status was exported
with closed_statuses as ({{ salesforce_closed_statuses() }}),

states as ({{ salesforce_states() }}),

history as (

    select
        *,
        record_id as source_event_id,
        'case.' || field as event_name,
        case
            when state = 'solved' and not coalesce(was_closed, false) then 'ticket_resolved'
            when state = 'open' and was_closed then 'ticket_reopened'
        end as outcome_type,
        occurred_at as event_at
    from states
    where field is not null
    qualify row_number() over (
        partition by _source, _account, record_id order by occurred_at desc, _file_id, _row_number
    ) = 1

),

cases as (

    select
        *,
        row_number() over (
            partition by _source, _account, case_id order by occurred_at desc, _file_id, _row_number
        ) as version_rank
    from states
    where field is null

),

creations as (

    select
        *,
        concat_ws(':', 'derived', case_id, 'created') as source_event_id,
        'case.created' as event_name,
        'ticket_opened' as outcome_type,
        created_at as event_at
    from cases
    where created_at is not null and version_rank = 1

),

closings as (

    select
        *,
        concat_ws(':', 'derived', case_id, 'closed', epoch(coalesce(closed_at, occurred_at))::bigint)
            as source_event_id,
        'case.closed' as event_name,
        'ticket_resolved' as outcome_type,
        coalesce(closed_at, occurred_at) as event_at
    from cases
    where
        state = 'solved'
        and (_source, _account, case_id) not in (
            select (_source, _account, case_id) from history where field = 'Status'
        )
    -- one closing, however many versions of the closed case there are
    qualify row_number() over (
        partition by _source, _account, case_id, coalesce(closed_at, occurred_at)
        order by version_rank
    ) = 1

),

unioned as (

    select * from history
    union all by name
    select * from creations
    union all by name
    select * from closings

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
    case_id as ticket_id,
    cast(null as varchar) as resolution_kind,
    session_id,
    trace_id,
    user_key,
    contact_key as anonymous_key,
    coalesce(tenant, account_id) as tenant,
    feature,
    cast(null as bigint) as attempt_no,
    cast(null as varchar) as metric_name,
    cast(null as decimal(38, 9)) as value_number,
    cast(null as varchar) as value_label,
    cast(null as varchar) as evaluator_kind,
    cast(null as decimal(38, 18)) as value_amount,
    cast(null as varchar) as value_currency,
    'utc' as time_basis,
    false as is_test,
    event_at as occurred_at,
    occurred_at as received_at
from unioned
