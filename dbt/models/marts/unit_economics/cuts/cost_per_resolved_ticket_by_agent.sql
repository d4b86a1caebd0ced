-- grain: one row per calendar period (day, week, month), resolution kind, agent and scope rule
{{ cut_mart(ref('int_ticket_cuts'), 'resolution_kind', 'agent', ['resolved_final', 'resolved_provisional']) }}
