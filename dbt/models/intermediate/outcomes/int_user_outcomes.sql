-- grain: one row per calendar period and user class; distinct users do not add up over periods
with active_days as (select * from {{ ref('int_active_days') }})

{% for grain in ['day', 'week', 'month'] -%}
select
    '{{ grain }}' as period_grain,
    {{ period_start("'" ~ grain ~ "'", 'outcome_date') }} as period_start,
    'end_user' as class,
    count(distinct user_key) as denominator,
    count(distinct user_key) as active_users,
    0 as provisional
from active_days
where not is_internal_user
group by all
{{ 'union all' if not loop.last }}
{% endfor %}
