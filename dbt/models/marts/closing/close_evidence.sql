-- grain: one row per channel, account, month and kind of evidence that its figures stand on
with items as (select * from {{ ref('int_evidence_items') }})

select
    channel,
    account,
    month,
    evidence_kind,
    count(*) as items,
    sha256(string_agg(item, chr(10) order by item)) as kind_hash,
    max(arrival_no) as last_arrival_no,
    max(arrived_at) as last_arrived_at
from items
group by channel, account, month, evidence_kind
