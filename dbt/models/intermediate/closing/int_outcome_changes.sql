{{ config(materialized='table') }}
-- grain: one row per outcome of a closed month that counts now and did not at the closing, or the reverse,
-- as far as something dated tells of it
-- What a source tells is new when it is dated after everything that the source had told at the closing,
-- or came with a later file for a day that no file had reached by then. The latter has no day of its own:
-- it is taken for known on the last day that the source had told.
with closes as (select * from {{ ref('int_outcome_closes') }}),

told as (

    select
        month,
        source.source,
        source.account,
        cast(source.known_through_at as timestamp) as known_through_at,
        source.last_arrival_no as last_arrival_no
    from (
        select
            month,
            unnest(from_json(
                published_outcome_sources,
                '[{"source": "VARCHAR", "account": "VARCHAR", "known_through_at": "VARCHAR", "last_arrival_no": "BIGINT"}]'
            )) as source
        from closes
    )

),

files as (

    select
        told.month,
        files.*,
        files.arrival_no > told.last_arrival_no as is_later
    from {{ ref('stg_control__loaded_files') }} as files
    inner join told on files.source = told.source and files.account_label = told.account

),

-- events of a closed month, and corrections of any, that a forgotten file brought
landed_late as (

    select files.month, events.outcome_id
    from {{ ref('int_outcome_events') }} as events
    inner join files
        on events.source = files.source
        and events.account_label = files.account_label
        and events.file_id = files.file_id
        and files.is_later
        and (
            events.outcome_type in ('task_reversed', 'conversion_reversed', 'reversal')
            or {{ period_start("'month'", 'events.outcome_date') }} = files.month
        )
    anti join files as earlier
        on files.month = earlier.month
        and events.source = earlier.source
        and events.account_label = earlier.account_label
        and not earlier.is_later
        and cast(events.occurred_at as date) >= earlier.first_day
        and cast(events.occurred_at as date) <= earlier.last_day
    where events.outcome_type in (
        'user_active', 'task_succeeded', 'conversion', 'task_reversed', 'conversion_reversed', 'reversal'
    )

),

resolutions as (

    select
        'resolved_ticket' as unit,
        {{ period_start("'month'", 'resolved_date') }} as month,
        resolution_kind as class,
        outcome_id,
        is_counted and resolution_state in ('final', 'provisional') as is_counted,
        resolved_evidence as evidence,
        lost_cause,
        lost_evidence
    from {{ ref('int_ticket_resolutions') }}

),

tasks as (select * from {{ ref('int_tasks') }}),

successes as (

    select
        'successful_task' as unit,
        {{ period_start("'month'", 'succeeded_date') }} as month,
        task_type as class,
        success.outcome_id as outcome_id,
        true as is_counted,
        struct_pack(
            known_at := success.known_at, source := success.source, account_label := success.account_label
        ) as evidence
    from tasks
    where success is not null

),

lost_successes as (

    select
        'successful_task' as unit,
        {{ period_start("'month'", 'lost_date') }} as month,
        task_type as class,
        lost.outcome_id as outcome_id,
        false as is_counted,
        struct_pack(known_at := lost.known_at, source := lost.source, account_label := lost.account_label)
            as evidence,
        'reversed' as lost_cause,
        struct_pack(
            known_at := lost.reversal_known_at, source := lost.reversal_source,
            account_label := lost.reversal_account_label
        ) as lost_evidence,
        lost.reversing_outcome_id as losing_outcome_id
    from tasks
    where lost is not null
        -- another success that stood by then counted on, in the same month
        and not coalesce(
            success.known_at < lost.reversal_known_at
            and date_trunc('month', succeeded_date) = date_trunc('month', lost_date),
            false
        )

),

conversions as (

    select
        'conversion' as unit,
        {{ period_start("'month'", 'outcome_date') }} as month,
        conversion_type as class,
        conversion_id as outcome_id,
        is_counted,
        struct_pack(known_at := known_at, source := source, account_label := account_label) as evidence,
        if(is_counted, null, 'reversed') as lost_cause,
        if(
            is_counted, null,
            struct_pack(
                known_at := reversal_known_at, source := reversal_source, account_label := reversal_account_label
            )
        ) as lost_evidence,
        reversing_outcome_id as losing_outcome_id
    from {{ ref('int_conversions') }}

),

-- people known by a user id: one is new in the month when every event that shows them there is
active_people as (

    select distinct {{ period_start("'month'", 'active_days.outcome_date') }} as month, person_key, user_class
    from {{ ref('int_active_days') }} as active_days
    inner join closes on {{ period_start("'month'", 'active_days.outcome_date') }} = closes.month
    where user_class in ('end_user', 'anonymous_user')

),

activity as (

    select
        closes.month,
        {{ person_of('events') }} as person_key,
        events.outcome_id,
        greatest(events.known_at, told.known_through_at) as known_at,
        events.known_at > coalesce(told.known_through_at, timestamp '1970-01-01')
        or late.outcome_id is not null as is_new
    from {{ ref('int_outcome_events') }} as events
    inner join closes on {{ period_start("'month'", 'events.outcome_date') }} = closes.month
    left join {{ ref('int_user_persons') }} as user_persons on events.user_key = user_persons.user_key
    left join told
        on closes.month = told.month
        and events.source = told.source
        and events.account_label = told.account
    left join landed_late as late on closes.month = late.month and events.outcome_id = late.outcome_id
    where events.outcome_type = 'user_active' and events.user_key is not null

),

new_people as (

    select
        active_people.month,
        active_people.user_class,
        arg_min(activity.outcome_id, (activity.known_at, activity.outcome_id)) as outcome_id,
        min(activity.known_at) as known_at
    from active_people
    inner join activity
        on active_people.month = activity.month and active_people.person_key = activity.person_key
    group by active_people.month, active_people.user_class, active_people.person_key
    having bool_and(activity.is_new)

),

outcomes as (

    select * from resolutions
    union all by name
    select * from successes
    union all by name
    select * from lost_successes
    union all by name
    select * from conversions

),

judged as (

    select
        outcomes.*,
        outcomes.evidence.known_at > coalesce(told.known_through_at, timestamp '1970-01-01')
        or late.outcome_id is not null as is_new,
        outcomes.lost_evidence.known_at > coalesce(told_lost.known_through_at, timestamp '1970-01-01')
        or late_loss.outcome_id is not null as is_newly_lost,
        greatest(outcomes.evidence.known_at, told.known_through_at) as new_at,
        greatest(outcomes.lost_evidence.known_at, told_lost.known_through_at) as lost_at
    from outcomes
    inner join closes on outcomes.month = closes.month
    left join told
        on outcomes.month = told.month
        and outcomes.evidence.source = told.source
        and outcomes.evidence.account_label = told.account
    left join told as told_lost
        on outcomes.month = told_lost.month
        and outcomes.lost_evidence.source = told_lost.source
        and outcomes.lost_evidence.account_label = told_lost.account
    left join landed_late as late on outcomes.month = late.month and outcomes.outcome_id = late.outcome_id
    left join landed_late as late_loss
        on outcomes.month = late_loss.month and outcomes.losing_outcome_id = late_loss.outcome_id

)

select
    unit,
    month,
    class,
    outcome_id,
    if(is_counted, 1, -1) as change,
    if(is_counted, 'late_outcome', lost_cause) as cause,
    if(is_counted, new_at, lost_at) as known_at
from judged
where (is_counted and is_new) or (not is_counted and not is_new and is_newly_lost)

union all by name

select
    'active_user' as unit,
    month,
    user_class as class,
    outcome_id,
    1 as change,
    'late_outcome' as cause,
    known_at
from new_people
