-- grain: one row per calendar period and feature: the requests that the feature made
-- A provider bucket without a request count makes the count of its feature unknown, not smaller.
with calls as (

    select usage_date, feature, sum(requests) as requests, bool_or(requests is null) as has_uncounted
    from {{ ref('fct_llm_calls') }}
    where feature <> 'unattributed'
    group by usage_date, feature

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
