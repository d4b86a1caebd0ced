-- grain: one row per calendar period (day, week, month), resolution kind, provider and scope rule
{{ cut_mart(ref('int_ticket_cuts'), 'resolution_kind', 'provider', ['resolved_final', 'resolved_provisional']) }}
