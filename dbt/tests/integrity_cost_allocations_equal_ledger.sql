{{ config(meta={'dagster': {'ref': {'name': 'cost_per_feature_allocated'}}}) }}
-- A returned row is a month whose spend after allocation is not its spend before, on one of the two
-- bases, or a source whose parts do not sum to what it gave.
with before as (

    select period_start, sum(computed_cost_usd) as computed_cost_usd, sum(trued_up_cost_usd) as trued_up_cost_usd
    from {{ ref('cost_per_feature') }}
    where period_grain = 'month'
    group by period_start

),

after as (

    select period_start, sum(computed_cost_usd) as computed_cost_usd, sum(trued_up_cost_usd) as trued_up_cost_usd
    from {{ ref('cost_per_feature_allocated') }}
    group by period_start

)

select coalesce(before.period_start, after.period_start) as period_start, 'month' as feature
from before
full outer join after on before.period_start = after.period_start
where before.computed_cost_usd is distinct from after.computed_cost_usd
    or before.trued_up_cost_usd is distinct from after.trued_up_cost_usd

union all

-- whoever gives, gives all
select period_start, feature
from {{ ref('cost_per_feature_allocated') }}
where in_scope
    and feature in (select source_feature from {{ ref('cost_allocations') }})
    and period_start in (select period_start from {{ ref('cost_allocations') }} as moves where moves.source_feature = feature)
    and (computed_cost_usd <> 0 or trued_up_cost_usd <> 0)
