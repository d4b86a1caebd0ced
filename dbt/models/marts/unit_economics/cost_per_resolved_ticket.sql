-- grain: one row per calendar period (day, week, month), resolution kind and scope rule
-- The denominator is resolved_final + resolved_provisional; the kinds are never summed by default.
{{ unit_cost_mart(
    ref('int_ticket_costs'), ref('int_ticket_outcomes'), 'resolution_kind',
    ['resolved_final', 'resolved_provisional'], ref('int_outcome_as_of')
) }}
