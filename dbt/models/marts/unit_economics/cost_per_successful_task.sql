-- grain: one row per calendar period (day, week, month), task type and scope rule
-- Spend holds every attempt of every task, failed tasks included; the success rate is task-level.
with unit_costs as (

    {{ unit_cost_mart(
        ref('int_task_costs'), ref('int_task_outcomes'), 'task_type',
        ['concluded_tasks', 'successful_tasks', 'successful_provisional'], ref('int_outcome_as_of')
    ) | indent(4) }}

)

select
    *,
    {{ ratio('successful_tasks', 'concluded_tasks') }} as task_success_ratio
from unit_costs
