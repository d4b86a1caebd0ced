-- grain: one row per calendar period (day, week, month), resolution kind, team and scope rule
{{ cut_mart(ref('int_ticket_cuts'), 'resolution_kind', 'team', ['resolved_final', 'resolved_provisional']) }}
