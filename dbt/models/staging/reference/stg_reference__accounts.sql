-- grain: one row per landing folder label and channel
with accounts as (select * from {{ source('raw_reference', 'reference_accounts') }})

select
    source,
    instance as account_label,
    nullif(channel, '*') as channel,
    account
from accounts
qualify row_number() over (partition by source, instance, channel order by _row_number) = 1
