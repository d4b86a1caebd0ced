-- grain: one row per calendar period, feature and cut: the requests that the feature made
-- A provider bucket without a request count makes the count of its feature unknown, not smaller.
-- Requests that a named rule takes out of scope leave with their cost, or the unit cost would shrink.
with calls as (

    select * from {{ ref('int_feature_costs') }} where is_matched and scope_rule is null

)

{% call outcomes_by_period('calls', 'usage_date') -%}
    case when sum(uncounted_usage_rows) = 0 then cast(sum(requests) as bigint) end as denominator,
    case when sum(uncounted_usage_rows) = 0 then cast(sum(requests) as bigint) end as feature_requests,
    0 as provisional
{%- endcall %}
