-- grain: one row per calendar period of resolution, resolution kind and cut
with resolutions as (

    select
        resolutions.*,
        {{ outcome_cuts('profiles', 'cohorts.cohort') }}
        resolutions.resolution_state = 'final' as is_final
    from {{ ref('int_ticket_resolutions') }} as resolutions
    left join {{ ref('int_ticket_profiles') }} as profiles on resolutions.ticket_id = profiles.subject_id
    left join {{ ref('int_user_cohorts') }} as cohorts
        on coalesce(profiles.user_key, resolutions.requester_key) = cohorts.user_key
    where resolutions.is_counted and resolutions.resolution_state in ('final', 'provisional')

)

{% call outcomes_by_period('resolutions', 'resolved_date', 'resolution_kind') -%}
    count(*) as denominator,
    count(*) filter (where is_final) as resolved_final,
    count(*) filter (where not is_final) as resolved_provisional,
    count(*) filter (where not is_final) as provisional
{%- endcall %}
