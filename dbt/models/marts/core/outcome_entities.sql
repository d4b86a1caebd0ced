-- grain: one row per ticket (source, account, id) and per task (id, whoever tells of it)
-- Cost is its part of the bridge; NULL where several tickets have the id, since a call names no tool. Tasks
-- and tickets are two views of one spend, not to be added.
with states as (

    select
        *,
        bool_or(is_test) over ticket as has_test,
        row_number() over (
            partition by source, account_label, ticket_id
            order by updated_at desc, is_event, generated_at desc nulls last, status desc
        ) as recency
    from {{ ref('int_ticket_states') }}
    window ticket as (partition by source, account_label, ticket_id)

),

merges as (

    select source, account_label, ticket_id, min(merged_into) as merged_into
    from (
        select
            source,
            account_label,
            unnest(cast(json(merged_ticket_ids) as varchar[])) as ticket_id,
            ticket_id as merged_into
        from states
        where merged_ticket_ids is not null
    )
    group by source, account_label, ticket_id

),

resolutions as (

    select
        source,
        account_label,
        ticket_id,
        count(*) as resolutions,
        min(resolved_at) as first_resolved_at,
        max(resolved_at) as last_resolved_at,
        max(reopens) as reopens,
        arg_max(matures_at, resolved_at) as matures_at,
        any_value(resolution_state) filter (where is_counted) as resolution_state,
        any_value(resolution_kind) filter (where is_counted) as resolution_kind
    from {{ ref('int_ticket_resolutions') }}
    group by source, account_label, ticket_id

),

tickets as (

    select
        source,
        account_label,
        ticket_id,
        any_value(status) filter (where recency = 1) as current_status,
        max(reported_reopens) as reopen_count_source,
        arg_min(followup_source_id, updated_at) filter (where followup_source_id is not null) as followup_of,
        arg_max(merged_into_id, updated_at) filter (where merged_into_id is not null) as merged_into,
        min(updated_at) as first_seen_at,
        max(updated_at) as last_known_at,
        min(updated_at) filter (where status = 'closed') as closed_at
    from states
    where not has_test
    group by source, account_label, ticket_id

),

attempts as (

    select task_id, ticket_id, max(attempt_no) as attempts
    from {{ ref('fct_llm_calls') }}
    where (task_id is not null or ticket_id is not null) and attempt_no is not null
    group by task_id, ticket_id

),

links as (select * from {{ ref('cost_outcome_bridge') }}),

-- few rows, so a look-up
unpriced as (select cost_row_id from {{ ref('int_cost_rows') }} where unpriced_usage_rows > 0),

costs as (

    select
        links.subject_type,
        links.subject_id,
        count(*) as touches,
        sum(links.computed_cost_usd) as computed_cost_usd,
        sum(links.trued_up_cost_usd) as trued_up_cost_usd,
        bool_or(unpriced.cost_row_id is not null) as is_lower_bound
    from links
    left join unpriced on links.cost_row_id = unpriced.cost_row_id
    where links.subject_type in ('task', 'ticket')
    group by links.subject_type, links.subject_id

),

{% for subject in ['task', 'ticket'] -%}
{{ subject }}_attempts as (

    select {{ subject }}_id, max(attempts) as attempts
    from attempts
    where {{ subject }}_id is not null
    group by {{ subject }}_id

),

{% endfor -%}
ticket_entities as (

    select
        'ticket' as subject_type,
        tickets.source,
        tickets.account_label,
        tickets.ticket_id as subject_id,
        tickets.first_seen_at,
        tickets.last_known_at,
        resolutions.first_resolved_at,
        resolutions.last_resolved_at,
        coalesce(resolutions.resolutions, 0) as resolution_count,
        coalesce(resolutions.reopens, 0) as reopen_count_transition,
        tickets.reopen_count_source,
        tickets.followup_of,
        coalesce(tickets.merged_into, merges.merged_into) as merged_into,
        tickets.current_status,
        tickets.closed_at,
        resolutions.matures_at,
        case
            when coalesce(tickets.merged_into, merges.merged_into) is not null
                or tickets.current_status in ('deleted', 'merged')
                then 'void'
            else coalesce(resolutions.resolution_state, 'open')
        end as resolution_state,
        resolutions.resolution_kind,
        ticket_attempts.attempts,
        coalesce(costs.touches, 0) as touches,
        count(*) over (partition by tickets.ticket_id) > 1 as is_shared_id,
        costs.computed_cost_usd,
        costs.trued_up_cost_usd,
        costs.is_lower_bound
    from tickets
    left join resolutions
        on tickets.source = resolutions.source
        and tickets.account_label = resolutions.account_label
        and tickets.ticket_id = resolutions.ticket_id
    left join merges
        on tickets.source = merges.source
        and tickets.account_label = merges.account_label
        and tickets.ticket_id = merges.ticket_id
    left join ticket_attempts on tickets.ticket_id = ticket_attempts.ticket_id
    left join costs on costs.subject_type = 'ticket' and tickets.ticket_id = costs.subject_id

),

task_entities as (

    select
        'task' as subject_type,
        tasks.task_id as subject_id,
        tasks.first_seen_at,
        tasks.last_known_at,
        coalesce(tasks.succeeded_at, tasks.lost.occurred_at) as first_resolved_at,
        coalesce(tasks.last_succeeded_at, tasks.lost.occurred_at) as last_resolved_at,
        if(tasks.succeeded_at is null and tasks.lost is null, 0, 1) as resolution_count,
        if(tasks.lost is null, 0, 1) as reopen_count_transition,
        tasks.task_status as current_status,
        tasks.matures_at,
        tasks.task_state as resolution_state,
        tasks.task_type as resolution_kind,
        greatest(task_attempts.attempts, nullif(tasks.attempts_told, 0)) as attempts,
        coalesce(costs.touches, 0) as touches,
        false as is_shared_id,
        costs.computed_cost_usd,
        costs.trued_up_cost_usd,
        costs.is_lower_bound
    from {{ ref('int_tasks') }} as tasks
    left join task_attempts on tasks.task_id = task_attempts.task_id
    left join costs on costs.subject_type = 'task' and tasks.task_id = costs.subject_id

),

unioned as (

    select * from ticket_entities
    union all by name
    select * from task_entities

)

select
    subject_type,
    source,
    account_label,
    subject_id,
    first_seen_at,
    last_known_at,
    first_resolved_at,
    last_resolved_at,
    cast(resolution_count as bigint) as resolution_count,
    cast(reopen_count_transition as bigint) as reopen_count_transition,
    reopen_count_source,
    followup_of,
    merged_into,
    current_status,
    closed_at,
    matures_at,
    resolution_state,
    resolution_kind,
    cast(attempts as bigint) as attempts,
    cast(touches as bigint) as touches,
    is_shared_id,
    if(is_shared_id, null, coalesce(computed_cost_usd, {{ zero_money() }})) as computed_cost_usd,
    if(is_shared_id, null, coalesce(trued_up_cost_usd, {{ zero_money() }})) as trued_up_cost_usd,
    coalesce(is_lower_bound, false) as is_lower_bound
from unioned
