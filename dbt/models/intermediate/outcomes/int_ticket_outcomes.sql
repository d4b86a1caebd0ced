-- grain: one row per calendar period of resolution and resolution kind
with resolutions as (select * from {{ ref('int_ticket_resolutions') }} where is_counted)

{% for grain in ['day', 'week', 'month'] -%}
select
    '{{ grain }}' as period_grain,
    {{ period_start("'" ~ grain ~ "'", 'resolved_date') }} as period_start,
    resolution_kind as class,
    count(*) filter (where resolution_state in ('final', 'provisional')) as denominator,
    count(*) filter (where resolution_state = 'final') as resolved_final,
    count(*) filter (where resolution_state = 'provisional') as resolved_provisional,
    count(*) filter (where resolution_state = 'provisional') as provisional
from resolutions
where resolution_state in ('final', 'provisional')
group by all
{{ 'union all' if not loop.last }}
{% endfor %}
