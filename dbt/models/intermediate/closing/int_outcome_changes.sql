{{ config(materialized='table') }}
-- grain: one row per outcome of a closed month that counts now and did not at the closing, or the reverse,
-- as far as something dated tells of it
-- What a source tells is new when it is dated after everything that the source had told at the closing.
with closes as (select * from {{ ref('int_outcome_closes') }}),

told as (

    select
        month,
        source.source,
        source.account,
        cast(source.known_through_at as timestamp) as known_through_at
    from (
        select
            month,
            unnest(from_json(
                published_outcome_sources,
                '[{"source": "VARCHAR", "account": "VARCHAR", "known_through_at": "VARCHAR"}]'
            )) as source
        from closes
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
        ) as lost_evidence
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
        ) as lost_evidence
    from {{ ref('int_conversions') }}

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
        outcomes.evidence.known_at > coalesce(told.known_through_at, timestamp '1970-01-01') as is_new,
        outcomes.lost_evidence.known_at > coalesce(told_lost.known_through_at, timestamp '1970-01-01')
            as is_newly_lost
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

)

select
    unit,
    month,
    class,
    outcome_id,
    if(is_counted, 1, -1) as change,
    if(is_counted, 'late_outcome', lost_cause) as cause,
    if(is_counted, evidence.known_at, lost_evidence.known_at) as known_at
from judged
where (is_counted and is_new) or (not is_counted and not is_new and is_newly_lost)
