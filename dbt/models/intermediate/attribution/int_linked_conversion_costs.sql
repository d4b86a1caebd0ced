-- grain: one row per cost row and conversion that it served, with its exact part of the cost; a cost row that
-- served none is one row without a subject
{{ linked_costs('conversion') }}
