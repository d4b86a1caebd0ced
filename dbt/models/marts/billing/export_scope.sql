-- grain: one row per file of a cost export, channel, account, service, currency and scope
-- Lines out of scope are other services of a cloud: they are listed here and enter nothing else.
with scope as (select * from {{ ref('int_export_scope') }}),

files as (select * from {{ ref('stg_control__loaded_files') }})

select
    files.document_path,
    scope.channel,
    scope.account,
    coalesce(scope.service_name, 'not named') as service_name,
    scope.billed_currency as currency,
    scope.is_in_scope,
    cast(sum(scope.lines) as bigint) as lines,
    cast(sum(scope.billed_amount) as decimal(38, 18)) as billed_amount
from scope
inner join files
    on scope.source = files.source
    and scope.file_id = files.file_id
    and scope.account_label = files.account_label
group by all
