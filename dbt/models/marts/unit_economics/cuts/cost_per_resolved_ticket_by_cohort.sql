-- grain: one row per calendar period (day, week, month), resolution kind, cohort (first active month of the user) and scope rule
{{ cut_mart(ref('int_ticket_cuts'), 'resolution_kind', 'cohort', ['resolved_final', 'resolved_provisional']) }}
