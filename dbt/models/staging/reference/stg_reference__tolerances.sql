-- grain: one row per residual code, family or tolerance and scope; percent of the billed amount, and a
-- floor in USD or tokens
with tolerances as (select * from {{ source('raw_reference', 'reference_tolerances') }})

select
    residual_code,
    nullif(channel, '*') as channel,
    nullif(account, '*') as account,
    cast(tolerance_pct as decimal(9, 4)) as tolerance_pct,
    {{ as_money('tolerance_usd') }} as tolerance_usd,
    cast(tolerance_tokens as bigint) as tolerance_tokens
from tolerances
