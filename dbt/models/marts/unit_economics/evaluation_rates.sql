-- grain: one row per calendar month, source, account, metric, outcome type and evaluator kind
-- A trial is what was judged: a trace, else a session, ticket or task, else the event; of several scores of one
-- metric on it the last counts. What a score means comes from score_polarity, from the source's own
-- verdict, or from a thumb; else it is shown and judged by nobody.
with events as (

    select * from {{ ref('int_outcome_events') }} where outcome_type in ('feedback', 'evaluation')

),

polarity as (select * from {{ ref('score_polarity') }}),

scores as (

    select
        {{ period_start("'month'", 'events.outcome_date') }} as month,
        events.source,
        events.account_label,
        coalesce(events.metric_name, 'unnamed') as metric_name,
        events.outcome_type,
        coalesce(events.evaluator_kind, 'unknown') as evaluator_kind,
        coalesce(
            'trace ' || events.trace_id, 'session ' || events.session_id, 'ticket ' || events.ticket_id,
            'task ' || events.task_id, 'event ' || events.source_event_id
        ) as subject,
        events.occurred_at,
        events.source_event_id,
        polarity.better,
        polarity.threshold,
        case
            when polarity.better = 'none' then null
            when polarity.threshold is not null and polarity.better = 'higher'
                then events.value_number >= polarity.threshold
            when polarity.threshold is not null and polarity.better = 'lower'
                then events.value_number <= polarity.threshold
            when events.outcome_status in ('success', 'failure') then events.outcome_status = 'success'
            when events.outcome_type = 'feedback' and events.value_label in ('up', 'down')
                then events.value_label = 'up'
        end as is_pass
    from events
    left join polarity
        on events.source = polarity.source
        and lower(trim(events.metric_name)) = polarity.metric_name

),

last_scores as (

    select *
    from scores
    qualify row_number() over (
        partition by month, source, account_label, metric_name, outcome_type, evaluator_kind, subject
        order by occurred_at desc, source_event_id desc
    ) = 1

),

counted as (

    select
        month,
        source,
        account_label,
        metric_name,
        outcome_type,
        evaluator_kind,
        any_value(better) as better,
        any_value(threshold) as threshold,
        count(*) as scored_subjects,
        count(is_pass) as trials,
        count(*) filter (where is_pass) as passed
    from last_scores
    group by month, source, account_label, metric_name, outcome_type, evaluator_kind

)

select
    month,
    source,
    account_label,
    metric_name,
    outcome_type,
    evaluator_kind,
    better,
    threshold,
    scored_subjects,
    trials,
    case when trials > 0 then passed end as passes,
    {{ ratio('passed', 'trials') }} as pass_ratio,
    {{ ratio_lower('passed', 'trials') }} as lower_pass_ratio,
    {{ ratio_upper('passed', 'trials') }} as upper_pass_ratio,
    case
        when trials = 0 then null
        when trials < {{ fewest_trials() }} then 'too_few_trials'
        else 'enough_trials'
    end as sample_size,
    -- who was asked, and so whom the rate stands for
    case outcome_type when 'feedback' then 'volunteered' else 'sampled' end as sampling,
    case
        when trials > 0 then null
        when better is null then 'polarity_unknown'
        when better = 'none' then 'no_better_direction'
        when threshold is null then 'no_threshold'
        else 'no_score'
    end as unknown_reason
from counted
