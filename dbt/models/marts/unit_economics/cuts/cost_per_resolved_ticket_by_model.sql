-- grain: one row per calendar period (day, week, month), resolution kind, model and scope rule
{{ cut_mart(ref('int_ticket_cuts'), 'resolution_kind', 'model_key', ['resolved_final', 'resolved_provisional']) }}
