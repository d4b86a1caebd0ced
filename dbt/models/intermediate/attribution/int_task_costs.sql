{{ config(materialized='table') }}
-- grain: one row per day, task type, day of conclusion, link method, scope rule and cut
-- Every attempt, retry and fallback of a task is here, failed tasks included.
with cost_rows as (select * from {{ ref('int_linked_task_costs') }}),

profiles as (select * from {{ ref('int_task_profiles') }}),

cohorts as (select * from {{ ref('int_user_cohorts') }}),

tasks as (select * from {{ ref('int_tasks') }})

select
    cost_rows.usage_date,
    coalesce(tasks.task_type, 'unattributed') as class,
    {{ cost_cuts('profiles', 'cost_rows', 'cohorts.cohort') }}
    tasks.task_id is not null as is_matched,
    tasks.concluded_date,
    coalesce(cost_rows.link_method, 'unattributed') as link_method,
    coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) as scope_rule,
    {{ cost_sums() }}
from cost_rows
left join tasks on cost_rows.subject_id = tasks.task_id
left join profiles on cost_rows.subject_id = profiles.subject_id
left join cohorts on coalesce(profiles.user_key, cost_rows.user_key) = cohorts.user_key
{{ scope_rule('successful_task') }}
group by all
