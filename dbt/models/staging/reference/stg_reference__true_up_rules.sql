-- grain: one row per rule that spreads unproved residuals, or leaves them where they stand
with rules as (select * from {{ source('raw_reference', 'reference_true_up_rules') }})

select
    _row_number as row_number,
    nullif(channel, '*') as channel,
    nullif(account, '*') as account,
    nullif(residual, '*') as residual,
    rule,
    coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
from rules
