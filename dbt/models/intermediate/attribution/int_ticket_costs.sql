{{ config(materialized='table') }}
-- grain: one row per day, resolution kind, link method, scope rule and cut
-- Spend on a ticket that is not resolved (yet) is matched spend of the class `unresolved`.
with cost_rows as (select * from {{ ref('int_linked_ticket_costs') }}),

profiles as (select * from {{ ref('int_ticket_profiles') }}),

cohorts as (select * from {{ ref('int_user_cohorts') }}),

tickets as (

    select ticket_id, max(resolution_kind) as resolution_kind
    from {{ ref('fct_outcomes') }}
    where outcome_type = 'ticket_resolved' and is_counted
    group by ticket_id

)

select
    cost_rows.usage_date,
    case
        when tickets.resolution_kind is not null then tickets.resolution_kind
        when cost_rows.subject_id is not null then 'unresolved'
        else 'unattributed'
    end as class,
    {{ cost_cuts('profiles', 'cost_rows', 'cohorts.cohort') }}
    cost_rows.subject_id is not null as is_matched,
    coalesce(cost_rows.link_method, 'unattributed') as link_method,
    coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) as scope_rule,
    {{ cost_sums() }}
from cost_rows
left join tickets on cost_rows.subject_id = tickets.ticket_id
left join profiles on cost_rows.subject_id = profiles.subject_id
left join cohorts on coalesce(profiles.user_key, cost_rows.user_key) = cohorts.user_key
{{ scope_rule('resolved_ticket') }}
group by all
