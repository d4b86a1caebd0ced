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

{% call outcomes_by_period('active_days', 'outcome_date') -%}
    count(distinct person_key) as denominator,
    count(distinct person_key) as active_users,
    0 as provisional
{%- endcall %}
