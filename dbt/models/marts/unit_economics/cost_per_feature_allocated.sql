-- grain: one row per month, feature and scope rule, after shared cost was given to its receivers
-- What a feature gives away leaves it and stands at the receivers, so the rows still sum to the ledger.
with features as (select * from {{ ref('cost_per_feature') }} where period_grain = 'month'),

allocations as (select * from {{ ref('int_allocations') }}),

moves as (

    select
        period_start,
        target_feature as feature,
        computed_allocated_usd,
        trued_up_allocated_usd
    from allocations
    union all
    select period_start, source_feature, -computed_allocated_usd, -trued_up_allocated_usd
    from allocations

),

moved as (

    select
        period_start,
        feature,
        sum(computed_allocated_usd) as computed_allocated_usd,
        sum(trued_up_allocated_usd) as trued_up_allocated_usd
    from moves
    group by period_start, feature

),

joined as (

    select
        coalesce(features.period_start, moved.period_start) as period_start,
        coalesce(features.feature, moved.feature) as feature,
        coalesce(features.in_scope, true) as in_scope,
        features.scope_rule,
        coalesce(features.computed_cost_usd, 0) as computed_own_cost_usd,
        coalesce(features.trued_up_cost_usd, 0) as trued_up_own_cost_usd,
        coalesce(moved.computed_allocated_usd, 0) as computed_allocated_usd,
        coalesce(moved.trued_up_allocated_usd, 0) as trued_up_allocated_usd,
        if(features.feature is null, 0, features.feature_requests) as feature_requests,
        coalesce(features.is_lower_bound, false) as is_lower_bound,
        coalesce(features.is_provisional, false) as is_provisional
    from features
    full outer join moved
        on features.period_start = moved.period_start
        and features.feature = moved.feature
        and features.in_scope

)

select
    period_start,
    feature,
    in_scope,
    scope_rule,
    {%- for basis in ['computed', 'trued_up'] %}
    cast({{ basis }}_own_cost_usd as decimal(38, 18)) as {{ basis }}_own_cost_usd,
    cast({{ basis }}_allocated_usd as decimal(38, 18)) as {{ basis }}_allocated_usd,
    cast({{ basis }}_own_cost_usd + {{ basis }}_allocated_usd as decimal(38, 18)) as {{ basis }}_cost_usd,
    {{ exact_div(
        'if(in_scope, cast(' ~ basis ~ '_own_cost_usd + ' ~ basis ~ '_allocated_usd as decimal(38, 18)), null)',
        'feature_requests'
    ) }} as {{ basis }}_unit_cost_usd,
    {%- endfor %}
    cast(feature_requests as bigint) as feature_requests,
    is_lower_bound,
    is_provisional
from joined
