-- grain: one row per month and feature: what its outcomes are worth beside what it cost
-- Value stands in the month of the outcome, cost in the month it was incurred; in-scope spend only. A
-- dearer model that succeeds more often may pay or not: that is the margin, not the success rate.
with features as (

    select
        period_start, feature, computed_cost_usd, trued_up_cost_usd, is_lower_bound, is_provisional
    from {{ ref('cost_per_feature') }}
    where period_grain = 'month' and in_scope

),

outcomes as (

    select
        {{ period_start("'month'", 'outcome_date') }} as period_start,
        feature,
        count(*) as outcomes,
        count(*) filter (where value_usd is null) as outcomes_without_value,
        sum(value_usd) as value_usd
    from {{ ref('int_valued_outcomes') }}
    group by all

),

joined as (

    select
        coalesce(features.period_start, outcomes.period_start) as period_start,
        coalesce(features.feature, outcomes.feature) as feature,
        coalesce(outcomes.outcomes, 0) as outcomes,
        coalesce(outcomes.outcomes_without_value, 0) as outcomes_without_value,
        outcomes.value_usd,
        coalesce(features.computed_cost_usd, 0) as computed_cost_usd,
        coalesce(features.trued_up_cost_usd, 0) as trued_up_cost_usd,
        coalesce(features.is_lower_bound, false) as is_lower_bound,
        coalesce(features.is_provisional, false) as is_provisional
    from features
    full outer join outcomes
        on features.period_start = outcomes.period_start
        and features.feature = outcomes.feature

)

select
    period_start,
    feature,
    outcomes,
    outcomes_without_value,
    cast(value_usd as decimal(38, 18)) as value_usd,
    {%- for basis in ['computed', 'trued_up'] %}
    cast({{ basis }}_cost_usd as decimal(38, 18)) as {{ basis }}_cost_usd,
    cast(value_usd - {{ basis }}_cost_usd as decimal(38, 18)) as {{ basis }}_margin_usd,
    {{ ratio('value_usd - ' ~ basis ~ '_cost_usd', 'value_usd') }} as {{ basis }}_margin_ratio,
    {{ ratio('value_usd - ' ~ basis ~ '_cost_usd', basis ~ '_cost_usd') }} as {{ basis }}_return_on_cost_ratio,
    {%- endfor %}
    is_lower_bound,
    is_provisional
from joined
