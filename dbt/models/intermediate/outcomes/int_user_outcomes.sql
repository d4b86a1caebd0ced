-- grain: one row per calendar period, user class and cut; people do not add up over periods
with active_days as (

    select
        active_days.*,
        {{ outcome_cuts('profiles', 'cohorts.cohort') }}
        active_days.user_class as class
    from {{ ref('int_active_days') }} as active_days
    left join {{ ref('int_user_profiles') }} as profiles on active_days.person_key = profiles.subject_id
    left join {{ ref('int_user_cohorts') }} as cohorts on active_days.person_key = cohorts.user_key
    where active_days.user_class in ('end_user', 'anonymous_user')

)

{% for grain in ['day', 'week', 'month'] -%}
select
    '{{ grain }}' as period_grain,
    {{ period_start("'" ~ grain ~ "'", 'outcome_date') }} as period_start,
    class,
    {%- for column in cuts() %}
    {{ column }},
    {%- endfor %}
    count(distinct person_key) as denominator,
    count(distinct person_key) as active_users,
    0 as provisional
from active_days
group by all
{{ 'union all' if not loop.last }}
{% endfor %}
