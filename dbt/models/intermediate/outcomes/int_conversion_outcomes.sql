-- grain: one row per calendar period of conversion, conversion type and cut
with conversions as (

    select
        conversions.*,
        {{ outcome_cuts('profiles', 'cohorts.cohort') }}
        conversions.conversion_state = 'final' as is_final
    from {{ ref('int_conversions') }} as conversions
    left join {{ ref('int_conversion_profiles') }} as profiles on conversions.conversion_id = profiles.subject_id
    left join {{ ref('int_user_cohorts') }} as cohorts
        on coalesce(conversions.user_key, profiles.user_key) = cohorts.user_key
    where conversions.is_counted

)

{% call outcomes_by_period('conversions', 'outcome_date', 'conversion_type') -%}
    count(*) as denominator,
    count(*) filter (where is_final) as conversions_final,
    count(*) filter (where not is_final) as conversions_provisional,
    count(*) filter (where not is_final) as provisional
{%- endcall %}
