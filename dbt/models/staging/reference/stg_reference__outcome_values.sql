-- grain: one row per unit, class and validity: what one outcome is worth; validity is half-open
with prices as (select * from {{ source('raw_reference', 'reference_outcome_values') }})

select
    unit,
    nullif(class, '*') as class,
    {{ as_money('value_usd') }} as value_usd,
    coalesce(cast(valid_from as date), date '0001-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
from prices
