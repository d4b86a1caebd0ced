-- grain: one row per landed file and what became of it, with its control totals
select
    source,
    account as account_label,
    path,
    status,
    reason,
    cast(rows_in as bigint) as rows_in,
    cast(rows_loaded as bigint) as rows_loaded,
    cast(rows_quarantined as bigint) as rows_quarantined,
    first_day,
    last_day,
    control_totals
from {{ source('raw_control', 'landed_files') }}
