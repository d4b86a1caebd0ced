-- grain: one row per rule that takes spend out of scope of a unit cost, by name
with rules as (select * from {{ source('raw_reference', 'reference_scope_rules') }})

select _row_number as rule_no, unit, match_type, match_value, rule as rule_name
from rules
