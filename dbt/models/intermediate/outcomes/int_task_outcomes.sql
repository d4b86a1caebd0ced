-- grain: one row per calendar period in which tasks were concluded, and task type
with tasks as (select * from {{ ref('int_tasks') }} where task_status in ('success', 'failure'))

{% for grain in ['day', 'week', 'month'] -%}
select
    '{{ grain }}' as period_grain,
    {{ period_start("'" ~ grain ~ "'", 'concluded_date') }} as period_start,
    task_type as class,
    count(*) filter (where task_status = 'success') as denominator,
    count(*) as concluded_tasks,
    count(*) filter (where task_status = 'success') as successful_tasks,
    count(*) filter (where task_status = 'success' and task_state = 'provisional') as successful_provisional,
    count(*) filter (where task_status = 'success' and task_state = 'provisional') as provisional
from tasks
group by all
{{ 'union all' if not loop.last }}
{% endfor %}
