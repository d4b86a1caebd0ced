-- grain: one row per calendar period (day, week, month), resolution kind, tenant and scope rule
{{ cut_mart(ref('int_ticket_cuts'), 'resolution_kind', 'tenant', ['resolved_final', 'resolved_provisional']) }}
