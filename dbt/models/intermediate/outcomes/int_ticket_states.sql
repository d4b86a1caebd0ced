{{ config(materialized='table') }}
-- grain: one row per state of a ticket, as its support tool tells it or as an event does
-- ticket_resolved and ticket_reopened events are state changes of their ticket: the ticket of the same id
-- in the tool that the event's source is named for (zendesk_metric_events: zendesk_tickets) and the same
-- account, else the one ticket of that id in any tool. Where several tools have the id, the event fits none
-- and their own states stand. An id that no tool has is one ticket, whatever feeds tell of it.
with versions as (select * from {{ ref('int_ticket_versions') }}),

events as (

    select
        *,
        row_number() over (order by source, account_label, source_event_id) as event_no
    from {{ ref('int_outcome_events') }}
    where outcome_type in ('ticket_resolved', 'ticket_reopened') and ticket_id is not null

),

tickets as (select distinct source, account_label, ticket_id from versions),

-- the events of a tool that tells its states itself say nothing new
own as (select distinct source from tickets),

candidates as (

    select
        events.event_no,
        tickets.source,
        tickets.account_label,
        count(*) over (partition by events.event_no, is_same_tool) as rivals
    from events
    inner join tickets on events.ticket_id = tickets.ticket_id
    cross join lateral (
        select
            split_part(events.source, '_', 1) = split_part(tickets.source, '_', 1)
            and events.account_label = tickets.account_label as is_same_tool
    )
    qualify dense_rank() over (partition by events.event_no order by is_same_tool desc) = 1

),

event_states as (

    select
        coalesce(
            candidates.source,
            first_value(events.source) over same_id
        ) as source,
        coalesce(
            candidates.account_label,
            first_value(events.account_label) over same_id
        ) as account_label,
        events.ticket_id,
        if(events.outcome_type = 'ticket_resolved', 'solved', 'open') as status,
        if(events.outcome_type = 'ticket_resolved', events.resolution_kind, null) as resolution_kind,
        events.user_key as requester_key,
        events.occurred_at as updated_at,
        struct_pack(known_at := events.known_at, source := events.source, account_label := events.account_label)
            as evidence,
        -- an event of a test is ignored before it gets here
        false as is_test,
        true as is_event
    from events
    left join candidates on events.event_no = candidates.event_no
    where
        events.source not in (select source from own)
        and coalesce(candidates.rivals, 1) = 1
    window same_id as (
        partition by events.ticket_id, candidates.source is null
        order by events.source, events.account_label
    )

)

-- who tells the state, and when it knew
select
    *,
    struct_pack(known_at := updated_at, source := source, account_label := account_label) as evidence,
    false as is_event
from versions

union all by name

select * from event_states
