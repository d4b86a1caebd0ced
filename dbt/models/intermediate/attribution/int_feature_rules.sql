-- grain: one row per rule, key and channel scope of the feature map, the most specific first
with rules as (select * from {{ ref('stg_reference__feature_map') }})

select
    *,
    case when channel is not null then 2 else 0 end + case when account is not null then 1 else 0 end as specificity
from rules
