-- grain: one row per calendar period, user class and cut; distinct users do not add up over periods
with active_days as (

    select
        active_days.*,
        {{ outcome_cuts('profiles', 'cohorts.cohort') }}
        'end_user' as class
    from {{ ref('int_active_days') }} as active_days
    left join {{ ref('int_user_profiles') }} as profiles on active_days.user_key = profiles.subject_id
    left join {{ ref('int_user_cohorts') }} as cohorts on active_days.user_key = cohorts.user_key
    where not active_days.is_internal_user

)

{% for grain in ['day', 'week', 'month'] -%}
select
    '{{ grain }}' as period_grain,
    {{ period_start("'" ~ grain ~ "'", 'outcome_date') }} as period_start,
    class,
    {%- for column in cuts() %}
    {{ column }},
    {%- endfor %}
    count(distinct user_key) as denominator,
    count(distinct user_key) as active_users,
    0 as provisional
from active_days
group by all
{{ 'union all' if not loop.last }}
{% endfor %}
