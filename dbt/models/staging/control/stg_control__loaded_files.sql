-- grain: one row per source, account and file that is loaded, with its place in the order of arrival
select
    source,
    account as account_label,
    file_id,
    path as document_path,
    arrival_no,
    first_day,
    last_day,
    content_sha256,
    arrived_at
from {{ source('raw_control', 'landed_files') }}
where status = 'loaded'
