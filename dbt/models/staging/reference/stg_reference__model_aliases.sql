-- grain: one row per channel, account (NULL: every account), name and period; validity is half-open
with aliases as (select * from {{ source('raw_reference', 'reference_model_aliases') }})

select
    channel,
    nullif(account, '*') as account,
    name as raw_model,
    model_key,
    geo,
    coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
from aliases
