-- grain: one row per outcome that is counted, with what it is worth
-- A conversion is worth its own amount where that is in USD; else the value of its class, else that of
-- its unit. An outcome of neither has no value: NULL, not zero.
with outcomes as (

    select
        'successful_task' as unit, tasks.task_id as subject_id, tasks.task_type as class,
        tasks.succeeded_date as outcome_date, coalesce(events.feature, profiles.feature) as feature,
        cast(null as decimal(38, 18)) as own_value_usd
    from {{ ref('int_tasks') }} as tasks
    left join {{ ref('int_task_profiles') }} as profiles on tasks.task_id = profiles.subject_id
    left join (
        select task_id, min(feature) as feature
        from {{ ref('int_outcome_events') }}
        where outcome_type like 'task_%'
        group by task_id
    ) as events on tasks.task_id = events.task_id
    where tasks.task_status = 'success'
    union all
    select
        'resolved_ticket' as unit, resolutions.ticket_id, resolutions.resolution_kind, resolutions.resolved_date,
        profiles.feature, null as own_value_usd
    from {{ ref('int_ticket_resolutions') }} as resolutions
    left join {{ ref('int_ticket_profiles') }} as profiles on resolutions.ticket_id = profiles.subject_id
    where resolutions.is_counted and resolutions.resolution_state in ('final', 'provisional')
    union all
    select
        'conversion' as unit, conversions.conversion_id, conversions.conversion_type, conversions.outcome_date,
        coalesce(conversions.feature, profiles.feature),
        if(coalesce(conversions.value_currency, 'USD') = 'USD', conversions.value_amount, null)
    from {{ ref('int_conversions') }} as conversions
    left join {{ ref('int_conversion_profiles') }} as profiles on conversions.conversion_id = profiles.subject_id
    where conversions.is_counted

),

prices as (select * from {{ ref('stg_reference__outcome_values') }})

select
    outcomes.unit,
    outcomes.subject_id,
    outcomes.class,
    outcomes.outcome_date,
    coalesce(outcomes.feature, 'unattributed') as feature,
    coalesce(outcomes.own_value_usd, of_class.value_usd, of_unit.value_usd) as value_usd
from outcomes
left join prices as of_class
    on outcomes.unit = of_class.unit
    and outcomes.class = of_class.class
    and outcomes.outcome_date >= of_class.valid_from
    and outcomes.outcome_date < of_class.valid_to
left join prices as of_unit
    on outcomes.unit = of_unit.unit
    and of_unit.class is null
    and outcomes.outcome_date >= of_unit.valid_from
    and outcomes.outcome_date < of_unit.valid_to
-- two rows that overlap: the later one
qualify row_number() over (
    partition by outcomes.unit, outcomes.subject_id, outcomes.class
    order by of_class.valid_from desc nulls last, of_unit.valid_from desc nulls last
) = 1
