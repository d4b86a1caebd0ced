-- grain: one row per calendar period and feature: the requests that the feature made
-- A provider bucket without a request count makes the count of its feature unknown, not smaller.
-- Requests that a named rule takes out of scope leave with their cost, or the unit cost would shrink.
with cost_rows as (

    select
        usage_date,
        feature,
        team,
        environment,
        sum(requests) as requests,
        bool_or(requests is null) as has_uncounted
    from {{ ref('fct_llm_calls') }}
    where feature <> 'unattributed'
    group by usage_date, feature, team, environment

),

calls as (

    select
        cost_rows.usage_date,
        cost_rows.feature,
        sum(cost_rows.requests) as requests,
        bool_or(cost_rows.has_uncounted) as has_uncounted
    from cost_rows
    {{ scope_rule('feature') }}
    where coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) is null
    group by cost_rows.usage_date, cost_rows.feature

)

{% for grain in ['day', 'week', 'month'] -%}
select
    '{{ grain }}' as period_grain,
    {{ period_start("'" ~ grain ~ "'", 'usage_date') }} as period_start,
    feature as class,
    case when not bool_or(has_uncounted) then cast(sum(requests) as bigint) end as denominator,
    case when not bool_or(has_uncounted) then cast(sum(requests) as bigint) end as feature_requests,
    0 as provisional
from calls
group by all
{{ 'union all' if not loop.last }}
{% endfor %}
