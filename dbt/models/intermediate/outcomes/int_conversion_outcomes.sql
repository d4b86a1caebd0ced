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

{% for grain in ['day', 'week', 'month'] -%}
select
    '{{ grain }}' as period_grain,
    {{ period_start("'" ~ grain ~ "'", 'outcome_date') }} as period_start,
    conversion_type as class,
    {%- for column in cuts() %}
    {{ column }},
    {%- endfor %}
    count(*) as denominator,
    count(*) filter (where is_final) as conversions_final,
    count(*) filter (where not is_final) as conversions_provisional,
    count(*) filter (where not is_final) as provisional
from conversions
group by all
{{ 'union all' if not loop.last }}
{% endfor %}
