-- grain: one row per day, resolution kind and scope rule
-- Spend on a ticket that is not resolved (yet) is matched spend of the class `unresolved`.
with cost_rows as (select * from {{ ref('int_cost_rows') }}),

tickets as (

    select ticket_id, max(resolution_kind) as resolution_kind
    from {{ ref('fct_outcomes') }}
    where outcome_type = 'ticket_resolved' and is_counted
    group by ticket_id

),

known_tickets as (

    select ticket_id from {{ ref('int_ticket_versions') }}
    union
    select ticket_id from {{ ref('fct_outcomes') }} where ticket_id is not null

)

select
    cost_rows.usage_date,
    case
        when tickets.resolution_kind is not null then tickets.resolution_kind
        when known_tickets.ticket_id is not null then 'unresolved'
        else 'unattributed'
    end as class,
    known_tickets.ticket_id is not null as is_matched,
    coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) as scope_rule,
    {{ cost_sums() }}
from cost_rows
left join tickets on cost_rows.ticket_id = tickets.ticket_id
left join known_tickets on cost_rows.ticket_id = known_tickets.ticket_id
{{ scope_rule('resolved_ticket') }}
group by all
