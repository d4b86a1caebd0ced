{{ config(meta={'dagster': {'ref': {'name': 'cost_per_feature_by_team'}}}) }}
-- A returned row is a cut, period and class with more or fewer outcomes than the unit's own mart: each
-- outcome belongs to one value of a cut.
with outcomes as (

    {% for unit, class, denominator in [
        ('feature', 'feature', 'feature_requests'),
        ('active_user', 'user_class', 'active_users'),
        ('resolved_ticket', 'resolution_kind', 'resolved_final + resolved_provisional'),
        ('successful_task', 'task_type', 'successful_tasks'),
        ('conversion', 'conversion_type', 'conversions_final + conversions_provisional'),
    ] -%}
    {% set units_loop = loop -%}
    {% for cut in ['', '_by_team', '_by_tenant', '_by_cohort', '_by_provider', '_by_model', '_by_prompt_template',
        '_by_prompt_version', '_by_agent'] -%}
    select
        '{{ unit }}' as unit, '{{ cut }}' as cut, period_grain, period_start, {{ class }} as class,
        {{ complete_sum(denominator) }} as outcomes
    from {{ ref('cost_per_' ~ unit ~ cut) }}
    group by all
    {{ 'union all' if not (loop.last and units_loop.last) }}
    {% endfor -%}
    {% endfor -%}

)

select whole.unit, parts.cut, whole.period_grain, whole.period_start, whole.class, whole.outcomes, parts.outcomes as in_cut
from outcomes as whole
left join outcomes as parts
    on whole.unit = parts.unit
    and whole.period_grain = parts.period_grain
    and whole.period_start = parts.period_start
    and whole.class = parts.class
    and parts.cut <> ''
where whole.cut = '' and whole.outcomes is distinct from parts.outcomes
