-- grain: one row per feature that gives its cost away and feature that receives it; validity is half-open
with rules as (select * from {{ source('raw_reference', 'reference_allocation_rules') }})

select
    _row_number as rule_no,
    rule as allocation_rule,
    source_feature,
    method,
    nullif(target_feature, '*') as target_feature,
    cast(percent as decimal(9, 6)) as percent,
    coalesce(cast(valid_from as date), date '0001-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
from rules
