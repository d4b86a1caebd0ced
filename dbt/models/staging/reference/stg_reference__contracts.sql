-- grain: one row per contract term; an empty scope column means any, and validity is half-open
with contracts as (select * from {{ source('raw_reference', 'reference_contracts') }})

select
    _row_number as term_number,
    contract_id,
    nullif(account, '*') as account,
    nullif(provider, '*') as provider,
    nullif(channel, '*') as channel,
    nullif(model_key, '*') as model,
    nullif(meter, '*') as meter,
    nullif(processing, '*') as processing,
    nullif(service_tier, '*') as service_tier,
    nullif(geo, '*') as geo,
    kind as term,
    coalesce(cast(value as decimal(18, 9)), 0) as term_value,
    coalesce(cast(per as bigint), 1000000) as per,
    coalesce(cast(cast(valid_from as timestamptz) as timestamp), timestamp '1970-01-01') as valid_from_at,
    coalesce(cast(cast(valid_to as timestamptz) as timestamp), timestamp '9999-12-31') as valid_to_at,
    coalesce(cast(priority as integer), 0) as priority,
    doc_ref
from contracts
