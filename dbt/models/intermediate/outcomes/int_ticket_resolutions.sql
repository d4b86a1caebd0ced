{{ config(materialized='table') }}
-- grain: one row per resolution episode of a ticket: from solved or closed to the next reopen
-- state: final (not reopened for the maturity days), provisional (too young to say), reversed (it was
-- reopened, or a follow-up ticket was opened, within them), void (the ticket was deleted).
with versions as (select * from {{ ref('stg_zendesk__ticket_versions') }}),

rules as (select * from {{ ref('stg_reference__outcome_rules') }} where source = 'zendesk_tickets'),

as_of as (select * from {{ ref('int_outcome_as_of') }}),

ordered as (

    select
        *,
        status in ('solved', 'closed') as is_resolved,
        lag(status in ('solved', 'closed')) over ticket_history as was_resolved,
        last_value(status) over (
            partition by source, account_label, ticket_id
            order by updated_at, generated_at nulls first
            rows between unbounded preceding and unbounded following
        ) as last_status,
        max(reported_reopens) over (partition by source, account_label, ticket_id) as source_reopens
    from versions
    window ticket_history as (
        partition by source, account_label, ticket_id order by updated_at, generated_at nulls first
    )

),

transitions as (

    select
        *,
        case
            when is_resolved and not coalesce(was_resolved, false) then 'resolved'
            when not is_resolved and coalesce(was_resolved, false) and status <> 'deleted' then 'reopened'
        end as transition
    from ordered

),

episodes as (

    select
        source,
        account_label,
        ticket_id,
        requester_key,
        status,
        last_status,
        tags,
        source_reopens,
        transition,
        case
            when transition = 'resolved' and solved_at <= updated_at then solved_at
            else updated_at
        end as transition_at,
        lead(case when transition = 'reopened' then updated_at end) over (
            partition by source, account_label, ticket_id order by updated_at, generated_at nulls first
        ) as reopened_at
    from transitions
    where transition is not null

),

-- a follow-up ticket is a reopen of a ticket that could no longer be reopened
follow_ups as (

    select source, account_label, followup_source_id as ticket_id, min(created_at) as followed_up_at
    from versions
    where followup_source_id is not null and status <> 'deleted'
    group by source, account_label, followup_source_id

),

resolutions as (

    select
        episodes.*,
        least(
            episodes.reopened_at,
            case when follow_ups.followed_up_at > episodes.transition_at then follow_ups.followed_up_at end
        ) as undone_at
    from episodes
    left join follow_ups
        on episodes.source = follow_ups.source
        and episodes.account_label = follow_ups.account_label
        and episodes.ticket_id = follow_ups.ticket_id
    where episodes.transition = 'resolved'

),

kinds as (

    select
        resolutions.*,
        coalesce(
            rules.resolution_kind,
            if(resolutions.status = 'closed', 'closed_unsolved', 'human_solved')
        ) as resolution_kind
    from resolutions
    left join rules
        on rules.property in ('tag', 'tags')
        and list_contains(cast(json(coalesce(resolutions.tags, '[]')) as varchar[]), rules.value)
    qualify row_number() over (
        partition by resolutions.source, resolutions.account_label, resolutions.ticket_id, resolutions.transition_at
        order by rules.rule_no nulls last
    ) = 1

)

select
    kinds.source,
    kinds.account_label,
    kinds.ticket_id,
    kinds.requester_key,
    kinds.resolution_kind,
    kinds.source_reopens,
    kinds.transition_at as resolved_at,
    {{ reporting_date('kinds.transition_at') }} as resolved_date,
    kinds.undone_at,
    kinds.transition_at + to_days({{ maturity_days() }}) as matures_at,
    case
        when kinds.last_status = 'deleted' then 'void'
        when kinds.undone_at < kinds.transition_at + to_days({{ maturity_days() }}) then 'reversed'
        when as_of.as_of_at >= kinds.transition_at + to_days({{ maturity_days() }}) then 'final'
        else 'provisional'
    end as resolution_state,
    -- a ticket counts once: by its latest resolution that stands
    row_number() over (
        partition by kinds.source, kinds.account_label, kinds.ticket_id
        order by
            kinds.last_status = 'deleted'
            or coalesce(
                kinds.undone_at < kinds.transition_at + to_days({{ maturity_days() }}), false
            ),
            kinds.transition_at desc
    ) = 1 as is_counted
from kinds
cross join as_of
