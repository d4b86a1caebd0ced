{{ config(materialized='table') }}
-- grain: one row per resolution episode of a ticket: from solved or closed to the next reopen
-- state: final (not reopened for the maturity days), provisional (too young to say), reversed (it was
-- reopened, or a follow-up ticket was opened, within them), void (the ticket was deleted, or merged into
-- another, which counts in its place). Test conversations are no tickets.
with states as (select * from {{ ref('int_ticket_states') }}),

rules as (

    select * from {{ ref('stg_reference__outcome_rules') }}
    where property in ('tag', 'tags', 'resolution_kind') and resolution_kind is not null

),

as_of as (select * from {{ ref('int_outcome_as_of') }}),

-- at the same moment an event comes before a version, and a state before the resolution that follows it
numbered as (

    select
        *,
        status in ('solved', 'closed') as is_resolved,
        row_number() over (
            partition by source, account_label, ticket_id
            order by
                updated_at, generated_at nulls first, status in ('solved', 'closed'), status,
                -- so that two tellings of one moment stand in one order in every run
                resolution_kind nulls first, tags nulls first, requester_key nulls first
        ) as state_no
    from states
    qualify not bool_or(is_test) over (partition by source, account_label, ticket_id)

),

ordered as (

    select
        *,
        lag(is_resolved) over ticket_history as was_resolved,
        lag(updated_at) over ticket_history as updated_before,
        last_value(if(is_event, null, status) ignore nulls) over whole_ticket as last_status,
        max(reported_reopens) over whole_ticket as source_reopens
    from numbered
    window
        ticket_history as (partition by source, account_label, ticket_id order by state_no),
        whole_ticket as (
            partition by source, account_label, ticket_id order by state_no
            rows between unbounded preceding and unbounded following
        )

),

seen as (

    select
        *,
        case
            when is_resolved and not coalesce(was_resolved, false) then 'resolved'
            when not is_resolved and coalesce(was_resolved, false) and status not in ('deleted', 'merged')
                then 'reopened'
        end as transition,
        -- the tool's own time of solving, unless it is left over from before the last reopening
        case
            when is_resolved and solved_at <= updated_at and solved_at >= coalesce(updated_before, solved_at)
                then solved_at
            else updated_at
        end as state_at
    from ordered

),

-- Reopenings that the tool counts and no state shows: between two exports a ticket may be reopened and
-- solved again. Of the two counts the stronger one is taken, never their sum.
counted as (

    select
        *,
        reported_reopens - count(*) filter (where transition = 'reopened') over (
            partition by source, account_label, ticket_id order by state_no
            rows between unbounded preceding and current row
        ) as unseen_reopens
    from seen

),

transitions as (

    select
        * exclude (transition),
        coalesce(
            transition,
            if(
                is_resolved and unseen_reopens > last_value(unseen_reopens ignore nulls) over (
                    partition by source, account_label, ticket_id order by state_no
                    rows between unbounded preceding and 1 preceding
                ),
                'resolved again', null
            )
        ) as transition
    from counted

),

numbered_episodes as (

    select
        *,
        count(transition) over (
            partition by source, account_label, ticket_id order by state_no
            rows between unbounded preceding and current row
        ) as episode_no,
        count(*) filter (where transition in ('reopened', 'resolved again')) over (
            partition by source, account_label, ticket_id
        ) as reopens
    from transitions

),

-- what is learnt of a resolution while it stands belongs to it: the AI agent may be judged, and the
-- ticket tagged, days later
told as (

    select
        source,
        account_label,
        ticket_id,
        episode_no,
        max_by(resolution_kind, state_no) filter (where resolution_kind is not null) as told_kind,
        max_by(tags, state_no) filter (where tags is not null) as tags,
        min_by(requester_key, state_no) filter (where requester_key is not null) as requester_key,
        bool_and(is_event) as is_told_by_events_alone,
        max_by(evidence, state_no) filter (where tags is not null) as tags_evidence
    from numbered_episodes
    where is_resolved
    group by source, account_label, ticket_id, episode_no

),

episodes as (

    select
        source,
        account_label,
        ticket_id,
        status,
        last_status,
        solved_at,
        source_reopens,
        reopens,
        transition,
        episode_no,
        state_at as transition_at,
        evidence as resolved_evidence,
        lead(case when transition in ('reopened', 'resolved again') then evidence end) over (
            partition by source, account_label, ticket_id order by state_no
        ) as reopened_evidence,
        -- a reopening that nobody saw was at the latest when the ticket was resolved again
        lead(case when transition in ('reopened', 'resolved again') then state_at end) over (
            partition by source, account_label, ticket_id order by state_no
        ) as reopened_at
    from numbered_episodes
    where transition is not null

),

-- a follow-up ticket is a reopen of a ticket that could no longer be reopened
follow_ups as (

    select
        source,
        account_label,
        followup_source_id as ticket_id,
        min(created_at) as followed_up_at,
        arg_min(evidence, evidence.known_at) as evidence
    from numbered
    where followup_source_id is not null and status <> 'deleted'
    group by source, account_label, followup_source_id

),

-- told by the ticket that was merged away, or by the one that took it in
merges as (

    select source, account_label, ticket_id, 'merged' as cause, arg_min(evidence, evidence.known_at) as evidence
    from (
        select source, account_label, ticket_id, evidence from numbered where merged_into_id is not null
        union all
        select source, account_label, unnest(cast(json(merged_ticket_ids) as varchar[])) as ticket_id, evidence
        from numbered
        where merged_ticket_ids is not null
    )
    group by source, account_label, ticket_id

),

removals as (

    select
        source,
        account_label,
        ticket_id,
        arg_min(status, evidence.known_at) as cause,
        arg_min(evidence, evidence.known_at) as evidence
    from numbered
    where status in ('deleted', 'merged')
    group by source, account_label, ticket_id

),

resolutions as (

    select
        episodes.*,
        told.told_kind,
        told.tags,
        told.requester_key,
        told.is_told_by_events_alone,
        told.tags_evidence,
        merges.ticket_id is not null or coalesce(episodes.last_status in ('deleted', 'merged'), false) as is_gone,
        coalesce(merges.cause, removals.cause) as gone_cause,
        coalesce(merges.evidence, removals.evidence) as gone_evidence,
        follow_ups.evidence as follow_up_evidence,
        coalesce(
            follow_ups.followed_up_at > episodes.transition_at
            and (episodes.reopened_at is null or follow_ups.followed_up_at < episodes.reopened_at),
            false
        ) as is_undone_by_follow_up,
        least(
            episodes.reopened_at,
            case when follow_ups.followed_up_at > episodes.transition_at then follow_ups.followed_up_at end
        ) as undone_at
    from episodes
    inner join told
        on episodes.source = told.source
        and episodes.account_label = told.account_label
        and episodes.ticket_id = told.ticket_id
        and episodes.episode_no = told.episode_no
    left join follow_ups
        on episodes.source = follow_ups.source
        and episodes.account_label = follow_ups.account_label
        and episodes.ticket_id = follow_ups.ticket_id
    left join merges
        on episodes.source = merges.source
        and episodes.account_label = merges.account_label
        and episodes.ticket_id = merges.ticket_id
    left join removals
        on episodes.source = removals.source
        and episodes.account_label = removals.account_label
        and episodes.ticket_id = removals.ticket_id
    where episodes.transition in ('resolved', 'resolved again')

),

kinds as (

    select
        resolutions.* exclude (told_kind),
        coalesce(
            rules.resolution_kind,
            resolutions.told_kind,
            case
                -- a feed that does not say who solved it
                when resolutions.is_told_by_events_alone then 'unknown'
                when resolutions.status = 'closed' and resolutions.solved_at is null then 'closed_unsolved'
                else 'human_solved'
            end
        ) as resolution_kind
    from resolutions
    left join rules
        on (rules.source is null or resolutions.source = rules.source)
        and case
            when rules.property = 'resolution_kind' then resolutions.told_kind = rules.value
            else list_contains(cast(json(coalesce(resolutions.tags, '[]')) as varchar[]), rules.value)
        end
    qualify row_number() over (
        partition by resolutions.source, resolutions.account_label, resolutions.ticket_id, resolutions.episode_no
        order by rules.rule_no nulls last
    ) = 1

),

judged as (

    select
        kinds.*,
        kinds.transition_at + to_days({{ maturity_days() }}) as matures_at,
        case
            when kinds.is_gone or kinds.resolution_kind = 'merged' then 'void'
            when kinds.undone_at < kinds.transition_at + to_days({{ maturity_days() }}) then 'reversed'
            when as_of.as_of_at >= kinds.transition_at + to_days({{ maturity_days() }}) then 'final'
            else 'provisional'
        end as resolution_state
    from kinds
    cross join as_of

),

counted_once as (

    select
        *,
        -- a ticket counts once: by its latest resolution that stands
        row_number() over latest_first = 1 as is_counted,
        first_value(resolved_evidence) over latest_first as latest_evidence
    from judged
    window latest_first as (
        partition by source, account_label, ticket_id
        order by resolution_state in ('void', 'reversed'), transition_at desc
    )

),

-- whatever made it not count, the first of it that was known
losses as (

    select
        *,
        list_filter(
            [
                case when undone_at < matures_at then struct_pack(
                    known_at := if(is_undone_by_follow_up, follow_up_evidence, reopened_evidence).known_at,
                    cause := if(is_undone_by_follow_up, 'follow_up', 'reopened'),
                    evidence := if(is_undone_by_follow_up, follow_up_evidence, reopened_evidence)
                ) end,
                case when is_gone or resolution_kind = 'merged' then struct_pack(
                    known_at := coalesce(gone_evidence, tags_evidence).known_at,
                    cause := coalesce(gone_cause, 'merged'),
                    evidence := coalesce(gone_evidence, tags_evidence)
                ) end,
                case when not is_counted and resolution_state in ('final', 'provisional') then struct_pack(
                    known_at := latest_evidence.known_at, cause := 'reopened', evidence := latest_evidence
                ) end
            ],
            lambda loss: loss is not null
        ) as losses
    from counted_once

)

select
    md5(concat_ws('|', source, account_label, ticket_id, 'resolved', transition_at)) as outcome_id,
    source,
    account_label,
    ticket_id,
    requester_key,
    resolution_kind,
    source_reopens,
    reopens,
    transition_at as resolved_at,
    {{ reporting_date('transition_at') }} as resolved_date,
    undone_at,
    matures_at,
    resolution_state,
    is_counted,
    resolved_evidence.known_at as known_at,
    resolved_evidence,
    list_sort(losses)[1].cause as lost_cause,
    list_sort(losses)[1].evidence as lost_evidence
from losses
