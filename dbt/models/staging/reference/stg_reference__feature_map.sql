-- grain: one row per rule; an empty channel or account, or '*', matches every one
with rules as (select * from {{ source('raw_reference', 'reference_feature_map') }})

select
    _row_number as row_number,
    nullif(channel, '*') as channel,
    nullif(account, '*') as account,
    match_type,
    match_value,
    feature,
    team,
    coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
from rules
