-- grain: one row per calendar period and user class; people do not add up over periods
with active_days as (

    select * from {{ ref('int_active_days') }} where user_class in ('end_user', 'anonymous_user')

)

{% for grain in ['day', 'week', 'month'] -%}
select
    '{{ grain }}' as period_grain,
    {{ period_start("'" ~ grain ~ "'", 'outcome_date') }} as period_start,
    user_class as class,
    count(distinct person_key) as denominator,
    count(distinct person_key) as active_users,
    0 as provisional
from active_days
group by all
{{ 'union all' if not loop.last }}
{% endfor %}
