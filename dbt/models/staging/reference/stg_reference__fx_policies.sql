-- grain: one row per rule how a foreign bill becomes USD; validity is half-open
with policies as (select * from {{ source('raw_reference', 'reference_fx_policies') }})

select
    _row_number as row_number,
    nullif(channel, '*') as channel,
    nullif(account, '*') as account,
    upper(nullif(currency, '*')) as currency,
    policy,
    cast(contract_rate as decimal(28, 18)) as contract_rate,
    coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
from policies
