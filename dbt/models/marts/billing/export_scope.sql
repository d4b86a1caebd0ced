-- grain: one row per file of a cost export, channel, account, service, currency and scope
-- Lines out of scope are other services of a cloud: they are listed here and enter nothing else.
with lines as (select * from {{ ref('int_export_lines') }}),

files as (select * from {{ ref('stg_control__loaded_files') }})

select
    files.document_path,
    lines.channel,
    lines.account,
    coalesce(lines.service_name, 'not named') as service_name,
    lines.billed_currency as currency,
    lines.is_in_scope,
    count(*) as lines,
    sum(lines.billed_amount) as billed_amount
from lines
inner join files
    on lines.source = files.source
    and lines.file_id = files.file_id
    and lines.account_label = files.account_label
group by all
