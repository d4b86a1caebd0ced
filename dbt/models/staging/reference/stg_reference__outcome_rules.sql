-- grain: one row per rule; the first matching row of the file decides
with rules as (select * from {{ source('raw_reference', 'reference_outcome_rules') }})

select
    _row_number as rule_no,
    nullif(source, '*') as source,
    nullif(event_name, '*') as event_name,
    property,
    value,
    outcome_type,
    task_type,
    resolution_kind
from rules
