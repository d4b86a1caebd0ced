-- grain: one row per role of a journal line and channel (NULL: every channel) with its ledger account
with accounts as (select * from {{ source('raw_reference', 'reference_gl_accounts') }})

select
    role,
    nullif(channel, '*') as channel,
    ledger_account
from accounts
