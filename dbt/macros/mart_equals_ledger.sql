{# Rows of a unit-cost mart that do not sum to the ledger: computed cost to the charge lines, trued-up
   cost to them plus every residual of the bills that reach them. Tolerance zero. #}
{% macro mart_equals_ledger(mart) -%}
with grains as (select unnest(['day', 'week', 'month']) as period_grain),

ledger as (select coalesce(sum(cost_usd), 0) as cost_usd from {{ ref('fct_charge_lines') }}),

residuals as (

    select coalesce(sum(residual_usd), 0) as residual_usd
    from {{ ref('reconciliation_lines') }}
    where residual_code <> 'not_billed'

),

mart_totals as (

    select
        period_grain,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from {{ mart }}
    group by period_grain

)

select
    grains.period_grain,
    mart_totals.computed_cost_usd,
    mart_totals.trued_up_cost_usd,
    ledger.cost_usd,
    residuals.residual_usd
from grains
cross join ledger
cross join residuals
left join mart_totals on grains.period_grain = mart_totals.period_grain
where coalesce(mart_totals.computed_cost_usd, 0) <> ledger.cost_usd
    or coalesce(mart_totals.trued_up_cost_usd, 0) <> ledger.cost_usd + residuals.residual_usd
{%- endmacro %}
