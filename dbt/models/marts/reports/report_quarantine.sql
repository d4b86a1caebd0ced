-- grain: one row per source, account, reason and column: how many rows were set aside
select
    source,
    account_label,
    reason_code,
    column_name,
    min(reason) as reason,
    count(*) as quarantined_rows,
    count(distinct path) as files,
    min(path) as first_path
from {{ ref('quarantined_rows') }}
group by source, account_label, reason_code, column_name
