-- grain: one row per file, account, channel, service and scope of a cost export
select
    source,
    file_id,
    account_label,
    channel,
    account,
    service_name,
    billed_currency,
    is_in_scope,
    count(*) as lines,
    sum(billed_amount) as billed_amount
from {{ ref('int_export_lines') }}
group by all
