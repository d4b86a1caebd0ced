-- grain: one row per month, feature that gives cost away and feature that receives a part of it
select
    period_start,
    source_feature,
    target_feature,
    allocation_rule,
    method,
    computed_allocated_usd,
    trued_up_allocated_usd
from {{ ref('int_allocations') }}
