-- grain: one row per day, task type and scope rule
-- Every attempt, retry and fallback of a task is here, failed tasks included.
with cost_rows as (select * from {{ ref('int_cost_rows') }}),

tasks as (select * from {{ ref('int_tasks') }})

select
    cost_rows.usage_date,
    coalesce(tasks.task_type, 'unattributed') as class,
    tasks.task_id is not null as is_matched,
    coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) as scope_rule,
    {{ cost_sums() }}
from cost_rows
left join tasks on cost_rows.task_id = tasks.task_id
{{ scope_rule('successful_task') }}
group by all
