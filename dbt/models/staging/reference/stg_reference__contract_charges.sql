-- grain: one row per charge that a contract makes by the month or the day; validity is half-open
with charges as (select * from {{ source('raw_reference', 'reference_contract_charges') }})

select
    _row_number as charge_number,
    contract_id,
    channel,
    account,
    kind,
    nullif(model_key, '*') as model_key,
    meter,
    cast(quantity as decimal(19, 6)) as quantity,
    {{ as_money('threshold_usd') }} as threshold_usd,
    {{ as_money('amount_usd') }} as amount_usd,
    cast(percent as decimal(9, 4)) as percent,
    cast(valid_from as date) as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to,
    doc_ref
from charges
