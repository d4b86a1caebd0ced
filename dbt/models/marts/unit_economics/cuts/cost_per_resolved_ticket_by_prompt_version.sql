-- grain: one row per calendar period (day, week, month), resolution kind, prompt template and version and scope rule
{{ cut_mart(ref('int_ticket_cuts'), 'resolution_kind', 'prompt_version', ['resolved_final', 'resolved_provisional']) }}
