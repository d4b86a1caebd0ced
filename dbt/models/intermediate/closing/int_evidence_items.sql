{{ config(materialized='table') }}
-- grain: one row per channel, account, month and thing that its figures stand on: a landed file that
-- tells of its days, a rule that holds in it, its rate card
-- A file that a newer one replaced leaves the evidence with its rows; one whose rows are all copies was
-- never in it. Outcomes and decisions are no evidence of a cost.
with months as (select * from {{ ref('int_close_months') }}),

files as (select * from {{ ref('stg_control__loaded_files') }}),

documents as (select * from {{ ref('bill_documents') }} where grain = 'day'),

accounts as (select * from {{ ref('stg_reference__accounts') }}),

rules as (select * from {{ ref('int_evidence_rules') }}),

mappings as (select * from {{ ref('stg_control__mappings') }}),

closes as (select * from {{ ref('int_period_closes') }}),

versions as (select * from {{ ref('rate_card_versions') }} where is_current),

usage_files as (

    select distinct
        channel,
        account,
        cast(date_trunc('month', usage_date) as date) as month,
        file.source as source,
        file.account_label as account_label,
        file.file_id as file_id
    from (select channel, account, usage_date, unnest(files) as file from {{ ref('int_ledger_days') }})

),

billing_files as (

    select distinct
        lines.channel,
        lines.account,
        lines.billing_month as month,
        files.source,
        files.account_label,
        files.file_id
    from {{ ref('int_billed_lines') }} as lines
    inner join files
        on lines.source = files.source
        and lines.file_id = files.file_id
        and starts_with(
            lines.billed_line_id, concat_ws(':', files.source, files.account_label, files.file_id) || ':'
        )

    union

    -- a report without a line says that nothing was billed
    select
        months.channel,
        months.account,
        months.month,
        files.source,
        files.account_label,
        files.file_id
    from files
    inner join documents on files.source = documents.source
    left join accounts as channel_accounts
        on files.source = channel_accounts.source
        and files.account_label = channel_accounts.account_label
        and documents.channel = channel_accounts.channel
    left join accounts as label_accounts
        on files.source = label_accounts.source
        and files.account_label = label_accounts.account_label
        and label_accounts.channel is null
    inner join months
        on documents.channel = months.channel
        and months.account = coalesce(channel_accounts.account, label_accounts.account, files.account_label)
        and files.first_day <= last_day(months.month)
        and files.last_day >= months.month

),

evidence_files as (

    select 'usage_files' as evidence_kind, * from usage_files
    union all by name
    select 'bill_files' as evidence_kind, * from billing_files

)

select
    evidence_files.channel,
    evidence_files.account,
    evidence_files.month,
    evidence_files.evidence_kind,
    concat_ws(' ', files.source, files.account_label, coalesce(files.content_sha256, files.file_id)) as item,
    files.arrival_no,
    files.arrived_at
from evidence_files
inner join files
    on evidence_files.source = files.source
    and evidence_files.account_label = files.account_label
    and evidence_files.file_id = files.file_id

union all by name

select distinct
    months.channel,
    months.account,
    months.month,
    rules.evidence_kind,
    rules.item
from months
inner join rules
    on coalesce(rules.channel, months.channel) = months.channel
    and coalesce(rules.account, months.account) = months.account
    and rules.valid_from <= last_day(months.month)
    and rules.valid_to > months.month

union all by name

-- a file's meaning is its mapping's too
select distinct
    months.channel,
    months.account,
    months.month,
    'mapping' as evidence_kind,
    concat_ws(' ', 'mapping', mappings.source, mappings.mapping_sha256) as item
from evidence_files as months
inner join mappings on months.source = mappings.source

union all by name

-- the rates of exchange that its bills were converted by
select distinct
    channel,
    account,
    billing_month as month,
    'currency' as evidence_kind,
    concat_ws(
        ' ', billed_currency, fx_policy, cast(fx_rate_date as varchar), cast(fx_rate as varchar), currency_reason
    ) as item
from {{ ref('int_billed_lines') }}
where billed_currency <> 'USD'

union all by name

select
    months.channel,
    months.account,
    months.month,
    'rate_card' as evidence_kind,
    coalesce(closes.rate_card_version, versions.rate_card_version) as item
from months
cross join versions
left join closes
    on months.channel = closes.channel
    and months.account = closes.account
    and months.month = closes.month
