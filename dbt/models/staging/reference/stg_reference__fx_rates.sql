-- grain: one row per currency and date: USD per unit of the currency
with rates as (select * from {{ source('raw_reference', 'reference_fx_rates') }})

select
    upper(currency) as currency,
    cast(rate_date as date) as rate_date,
    cast(usd_per_unit as decimal(28, 18)) as usd_per_unit,
    source
from rates
