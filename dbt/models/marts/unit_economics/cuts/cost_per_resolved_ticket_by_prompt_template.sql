-- grain: one row per calendar period (day, week, month), resolution kind, prompt template and scope rule
{{ cut_mart(ref('int_ticket_cuts'), 'resolution_kind', 'prompt_template', ['resolved_final', 'resolved_provisional']) }}
