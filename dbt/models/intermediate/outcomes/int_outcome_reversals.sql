{{ config(materialized='table') }}
-- grain: one row per outcome event that a later event takes back, with the first that does
-- By the id that the correction names, else by its subject: every earlier success of the task; of
-- conversions the latest before it that none has taken back, of the same task, ticket, user or device and,
-- where the correction names one, of the same type. A correction that is itself taken back by id takes
-- nothing back.
with events as (select * from {{ ref('int_outcome_events') }}),

reversing as (

    select * from events
    where outcome_type <> 'ignore' and (
        reverses_event_id is not null or outcome_type in ('task_reversed', 'conversion_reversed')
    )

),

named as (

    select events.outcome_id, reversing.outcome_id as reversing_outcome_id
    from reversing
    inner join events
        on reversing.source = events.source
        and reversing.account_label = events.account_label
        and reversing.reverses_event_id = events.source_event_id
    where events.outcome_type <> 'ignore'

),

standing as (select * from reversing where outcome_id not in (select outcome_id from named)),

task_successes as (

    select events.outcome_id, standing.outcome_id as reversing_outcome_id
    from standing
    inner join events
        on standing.task_id = events.task_id
        and standing.occurred_at >= events.occurred_at
    where standing.outcome_type = 'task_reversed'
        and standing.reverses_event_id is null
        and events.outcome_type = 'task_succeeded'

),

-- under every id that a correction could name it by
conversion_subjects as (

    select
        outcome_id,
        source,
        account_label,
        occurred_at,
        source_event_id,
        outcome_type = 'conversion' as is_conversion,
        unnest(
            if(
                outcome_type = 'conversion',
                list_filter(subjects, lambda subject: subject is not null)
                || list_filter(list_transform(subjects, lambda subject: subject || '|' || task_type), lambda subject: subject is not null),
                [coalesce(subjects[1], subjects[2], subjects[3], subjects[4]) || coalesce('|' || task_type, '')]
            )
        ) as subject
    from (
        select
            *,
            ['task|' || task_id, 'ticket|' || ticket_id, 'user|' || user_key, 'anonymous|' || anonymous_key]
                as subjects
        from events
        where (outcome_type = 'conversion' and outcome_id not in (select outcome_id from named))
            or (
                outcome_type = 'conversion_reversed'
                and reverses_event_id is null
                and outcome_id not in (select outcome_id from named)
            )
    )

),

-- like brackets: a correction closes the latest conversion that is still open
levelled as (

    select
        *,
        sum(if(is_conversion, 1, -1)) over (
            partition by source, account_label, subject
            order by occurred_at, is_conversion desc, source_event_id
            rows between unbounded preceding and current row
        ) + if(is_conversion, 0, 1) as level
    from conversion_subjects
    where subject is not null

),

matched_conversions as (

    select
        lag(outcome_id) over pairs as outcome_id,
        outcome_id as reversing_outcome_id,
        is_conversion,
        lag(is_conversion) over pairs as follows_conversion
    from levelled
    window pairs as (
        partition by source, account_label, subject, level
        order by occurred_at, is_conversion desc, source_event_id
    )

),

pairs as (

    select outcome_id, reversing_outcome_id from named
    union
    select outcome_id, reversing_outcome_id from task_successes
    union
    select outcome_id, reversing_outcome_id
    from matched_conversions
    where not is_conversion and follows_conversion

)

select
    pairs.outcome_id,
    pairs.reversing_outcome_id,
    standing.occurred_at as reversed_at,
    standing.known_at as reversal_known_at,
    standing.source as reversal_source,
    standing.account_label as reversal_account_label
from pairs
-- a correction that is taken back, as by itself, drops out here
inner join standing on pairs.reversing_outcome_id = standing.outcome_id
qualify row_number() over (
    partition by pairs.outcome_id order by standing.occurred_at, standing.outcome_id
) = 1
