-- grain: one row per closed month, unit, class, day on which the change was known, and cause
-- Recorded at the closing + the changes = the count now. What nothing dated explains is the last line of
-- its class: a rule or an identity changed, or a file was landed late whose rows are dated before the
-- closing; its day is not known.
with closes as (select * from {{ ref('int_outcome_closes') }}),

recorded as (

    select
        month,
        line.unit,
        line.class,
        line.final + line.provisional as outcomes,
        cast(line.loaded_cost_usd as decimal(38, 18)) as loaded_cost_usd
    from (
        select
            month,
            unnest(from_json(
                published_outcomes,
                '[{"unit": "VARCHAR", "class": "VARCHAR", "final": "BIGINT", "provisional": "BIGINT", "loaded_cost_usd": "VARCHAR"}]'
            )) as line
        from closes
    )

),

current_months as (

    select outcome_months.*
    from {{ ref('outcome_months') }} as outcome_months
    inner join closes on outcome_months.month = closes.month

),

dated as (

    select
        month,
        unit,
        class,
        cause,
        {{ reporting_date('known_at') }} as restated_on,
        sum(change) as change,
        list(outcome_id order by outcome_id) as outcome_ids
    from {{ ref('int_outcome_changes') }}
    group by all

),

explained as (

    select month, unit, class, sum(change) as change from dated group by month, unit, class

),

classes as (

    select month, unit, class from recorded
    union
    select month, unit, class from current_months
    union
    select month, unit, class from explained

),

unexplained as (

    select
        classes.month,
        classes.unit,
        classes.class,
        'rule_or_identity_change' as cause,
        cast(null as date) as restated_on,
        coalesce(current_months.outcomes, 0) - coalesce(recorded.outcomes, 0) - coalesce(explained.change, 0) as change
    from classes
    left join recorded
        on classes.month = recorded.month and classes.unit = recorded.unit and classes.class = recorded.class
    left join current_months
        on classes.month = current_months.month
        and classes.unit = current_months.unit
        and classes.class = current_months.class
    left join explained
        on classes.month = explained.month and classes.unit = explained.unit and classes.class = explained.class

),

lines as (

    select * from dated
    union all by name
    select *, cast([] as varchar[]) as outcome_ids from unexplained where change <> 0

),

counted as (

    select
        lines.*,
        recorded.loaded_cost_usd,
        coalesce(recorded.outcomes, 0) + sum(lines.change) over (
            partition by lines.month, lines.unit, lines.class
            order by lines.restated_on nulls last, lines.cause
            rows between unbounded preceding and current row
        ) as outcomes_after
    from lines
    left join recorded
        on lines.month = recorded.month and lines.unit = recorded.unit and lines.class = recorded.class

)

select
    counted.month,
    counted.unit,
    counted.class,
    counted.restated_on,
    counted.cause,
    cast(counted.outcomes_after - counted.change as bigint) as outcomes_before,
    cast(counted.change as bigint) as change,
    cast(counted.outcomes_after as bigint) as outcomes_after,
    cast(counted.loaded_cost_usd as decimal(38, 18)) as loaded_cost_usd,
    {{ exact_div('counted.loaded_cost_usd', 'counted.outcomes_after - counted.change') }} as before_unit_cost_usd,
    {{ exact_div('counted.loaded_cost_usd', 'counted.outcomes_after') }} as after_unit_cost_usd,
    counted.outcome_ids,
    closes.closed_at
from counted
inner join closes on counted.month = closes.month
