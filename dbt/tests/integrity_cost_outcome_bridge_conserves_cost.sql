{{ config(meta={'dagster': {'ref': {'name': 'cost_outcome_bridge'}}}) }}
-- A returned row is a cost row of a unit whose weights do not sum to one, or whose parts do not sum to
-- its cost on one of the two bases, or that the bridge lost.
with units as (select unnest(['successful_task', 'resolved_ticket', 'conversion']) as unit),

bridge as (

    select
        unit,
        cost_row_id,
        sum(weight) as weight,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from {{ ref('cost_outcome_bridge') }}
    group by unit, cost_row_id

),

wanted as (select units.unit, cost_rows.* from {{ ref('int_cost_rows') }} as cost_rows cross join units)

select coalesce(wanted.unit, bridge.unit) as unit, coalesce(wanted.cost_row_id, bridge.cost_row_id) as cost_row_id
from wanted
full outer join bridge on wanted.unit = bridge.unit and wanted.cost_row_id = bridge.cost_row_id
where bridge.weight is distinct from 1
    or bridge.computed_cost_usd is distinct from wanted.computed_cost_usd
    or bridge.trued_up_cost_usd is distinct from wanted.trued_up_cost_usd
