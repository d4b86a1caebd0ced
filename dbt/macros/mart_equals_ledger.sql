{# Rows of unit-cost marts that do not sum to the ledger: computed cost to the charge lines, trued-up
   cost to them plus every residual of the bills that reach them. Tolerance zero. #}
{% macro mart_equals_ledger(marts) -%}
with grains as (

    select unnest(['day', 'week', 'month']) as period_grain, unnest as mart
    from unnest([{% for mart in marts %}'{{ mart }}'{{ ', ' if not loop.last }}{% endfor %}])

),

ledger as (select coalesce(sum(cost_usd), 0) as cost_usd from {{ ref('fct_charge_lines') }}),

residuals as (

    select coalesce(sum(residual_usd), 0) as residual_usd
    from {{ ref('reconciliation_lines') }}
    where residual_code <> 'not_billed' and is_usage

),

mart_totals as (

    {% for mart in marts -%}
    select
        '{{ mart }}' as mart,
        period_grain,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from {{ ref(mart) }}
    group by period_grain
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    grains.mart,
    grains.period_grain,
    mart_totals.computed_cost_usd,
    mart_totals.trued_up_cost_usd,
    ledger.cost_usd,
    residuals.residual_usd
from grains
cross join ledger
cross join residuals
left join mart_totals on grains.period_grain = mart_totals.period_grain and grains.mart = mart_totals.mart
where coalesce(mart_totals.computed_cost_usd, 0) <> ledger.cost_usd
    or coalesce(mart_totals.trued_up_cost_usd, 0) <> ledger.cost_usd + residuals.residual_usd
{%- endmacro %}
