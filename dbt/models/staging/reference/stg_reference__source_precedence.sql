-- grain: one row per rule; role ledger (call_log, provider_usage or a landing source) or bill
with rules as (select * from {{ source('raw_reference', 'reference_source_precedence') }})

select
    _row_number as row_number,
    nullif(channel, '*') as channel,
    nullif(account, '*') as account,
    role,
    source,
    coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
from rules
