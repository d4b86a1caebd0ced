{{ config(meta={'dagster': {'ref': {'name': 'unit_cost_changes'}}}) }}
-- A returned row is a change whose effects do not add up to it, or do not lead from one unit cost of
-- task_cost_factors to the other. Tolerance zero.
with changes as (select * from {{ ref('unit_cost_changes') }} where unknown_reason is null),

factors as (select * from {{ ref('task_cost_factors') }} where cohort = 'concluded'),

summed as (

    select
        period_grain,
        period_start,
        task_type,
        previous_period_start,
        count(*) as effects,
        sum(effect_unit_cost_usd) as effects_usd,
        max(if(effect_no = 1, before_unit_cost_usd, null)) as first_usd,
        max(if(effect_no = 7, after_unit_cost_usd, null)) as last_usd
    from changes
    group by period_grain, period_start, task_type, previous_period_start

)

select summed.*
from summed
left join factors as new
    on summed.period_grain = new.period_grain
    and summed.period_start = new.period_start
    and summed.task_type = new.task_type
left join factors as old
    on summed.period_grain = old.period_grain
    and summed.previous_period_start = old.period_start
    and summed.task_type = old.task_type
where summed.effects <> 7
    or summed.first_usd is distinct from old.computed_successful_task_unit_cost_usd
    or summed.last_usd is distinct from new.computed_successful_task_unit_cost_usd
    or summed.effects_usd
    is distinct from new.computed_successful_task_unit_cost_usd - old.computed_successful_task_unit_cost_usd
