-- grain: one row per unit, cost row and subject that it served
-- Weights sum to one per unit and cost row; what serves nothing has the subject `unattributed`.
{% for unit, subject_type, linked in [
    ('successful_task', 'task', ref('int_linked_task_costs')),
    ('resolved_ticket', 'ticket', ref('int_linked_ticket_costs')),
    ('conversion', 'conversion', ref('int_linked_conversion_costs')),
] -%}
select
    '{{ unit }}' as unit,
    cost_row_id,
    if(subject_id is null, 'unattributed', '{{ subject_type }}') as subject_type,
    coalesce(subject_id, 'unattributed') as subject_id,
    coalesce(link_method, 'unattributed') as link_method,
    weight,
    computed_cost_usd,
    trued_up_cost_usd,
    usage_date
from {{ linked }}
{{ 'union all' if not loop.last }}
{% endfor %}
