{{ config(materialized='table') }}
-- grain: one row per unit and cost row that names no task and no ticket, with the next outcome of the
-- same person within the unit's window
with user_persons as (select * from {{ ref('int_user_persons') }}),

cost_rows as (

    select cost_rows.cost_row_id, {{ person_of('cost_rows') }} as person_key, cost_rows.feature, cost_rows.requested_at
    from {{ ref('int_cost_rows') }} as cost_rows
    left join user_persons on cost_rows.user_key = user_persons.user_key
    where {{ person_of('cost_rows') }} is not null
        and cost_rows.task_id is null
        and cost_rows.ticket_id is null
        and cost_rows.requested_at is not null

),

windows as (select * from {{ ref('int_attribution_windows') }}),

events as (

    select 'successful_task' as unit, task_id as subject_id, user_key, feature, occurred_at
    from {{ ref('int_outcome_events') }}
    where outcome_type in ('task_succeeded', 'task_failed') and task_id is not null
    union all
    select 'resolved_ticket' as unit, ticket_id, requester_key, null as feature, resolved_at
    from {{ ref('int_ticket_resolutions') }}
    where is_counted and resolution_state in ('final', 'provisional')
    union all
    select 'conversion' as unit, conversion_id, user_key, feature, occurred_at
    from {{ ref('int_conversions') }}
    where is_counted

),

-- an outcome is found by its own feature, and by any
wanted as (

    select
        events.unit,
        {{ person_of('events') }} as person_key,
        unnest([coalesce(events.feature, 'unattributed'), '*']) as met_feature,
        events.occurred_at,
        events.subject_id
    from events
    left join user_persons on events.user_key = user_persons.user_key
    where {{ person_of('events') }} is not null

),

outcomes as (

    select unit, person_key, met_feature, occurred_at, min(subject_id) as subject_id
    from wanted
    group by unit, person_key, met_feature, occurred_at

),

-- the window of the call's own feature, else that of its unit
seekers as (

    select
        cost_rows.*,
        general.unit,
        -- who names a feature means its calls, whatever the outcome's
        if(named.unit is null and general.is_same_feature, cost_rows.feature, '*') as met_feature,
        coalesce(named.window_hours, general.window_hours) as window_hours
    from cost_rows
    cross join (select * from windows where feature is null) as general
    left join windows as named
        on general.unit = named.unit
        and cost_rows.feature = named.feature
    semi join outcomes
        on general.unit = outcomes.unit
        and cost_rows.person_key = outcomes.person_key
    where coalesce(named.window_hours, general.window_hours) > 0

)

select seekers.unit, seekers.cost_row_id, outcomes.subject_id
from seekers
asof join outcomes
    on seekers.unit = outcomes.unit
    and seekers.person_key = outcomes.person_key
    and seekers.met_feature = outcomes.met_feature
    and seekers.requested_at <= outcomes.occurred_at
where outcomes.occurred_at < seekers.requested_at + to_microseconds(cast(seekers.window_hours * 3600000000 as bigint))
