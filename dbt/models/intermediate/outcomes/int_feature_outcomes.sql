-- grain: one row per calendar period and feature: the requests that the feature made
-- A provider bucket without a request count adds none, so its spend then has no denominator.
with calls as (

    select usage_date, feature, sum(requests) as requests
    from {{ ref('fct_llm_calls') }}
    where feature <> 'unattributed'
    group by usage_date, feature

)

{% for grain in ['day', 'week', 'month'] -%}
select
    '{{ grain }}' as period_grain,
    {{ period_start("'" ~ grain ~ "'", 'usage_date') }} as period_start,
    feature as class,
    cast(coalesce(sum(requests), 0) as bigint) as denominator,
    cast(coalesce(sum(requests), 0) as bigint) as feature_requests,
    0 as provisional
from calls
group by all
{{ 'union all' if not loop.last }}
{% endfor %}
