{{ config(materialized='table') }}
-- grain: one row per concluded task and scope rule with all its spend, whenever incurred; and one per
-- usage day, task type and scope rule for spend on tasks not concluded yet and on no task
with cost_rows as (select * from {{ ref('int_cost_rows') }}),

tasks as (select * from {{ ref('int_tasks') }})

select
    case
        when coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) is not null
            then 'out_of_scope'
        when tasks.task_id is null then 'unattributed'
        when tasks.task_status = 'open' then 'open'
        else 'concluded'
    end as cohort,
    if(cohort = 'concluded', tasks.task_id, null) as task_id,
    if(cohort = 'concluded', null, cost_rows.usage_date) as usage_date,
    coalesce(tasks.task_type, 'unattributed') as task_type,
    coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) as scope_rule,
    {{ cost_sums() }}
from cost_rows
left join tasks on cost_rows.task_id = tasks.task_id
{{ scope_rule('successful_task') }}
group by all
