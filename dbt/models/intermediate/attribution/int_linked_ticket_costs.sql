-- grain: one row per cost row and ticket that it served, with its exact part of the cost; a cost row that
-- served none is one row without a subject
{{ linked_costs('resolved_ticket') }}
