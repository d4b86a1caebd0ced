{{ config(materialized='table') }}
-- grain: one row per channel, account and day that the bill of record covers, empty days included
-- Says which dimensions that bill carries, so that both sides are compared on the same ones.
with windows as (select * from {{ source('raw_control', 'file_windows') }} where is_current),

lines as (

    select * from {{ ref('int_billed_lines') }}
    where is_bill_of_record and document_type = 'cost_report' and charge_kind = 'usage'

),

documents as (select * from {{ ref('bill_documents') }} where grain = 'day'),

ledger_keys as (

    select distinct channel, account, usage_date, api_key_id
    from {{ ref('fct_llm_calls') }}
    where api_key_id is not null

),

channel_accounts as (select * from {{ ref('stg_reference__accounts') }} where channel is not null),

label_accounts as (select * from {{ ref('stg_reference__accounts') }} where channel is null),

-- the windows of the reports, with the channel each report bills for
reported_days as (

    select
        documents.channel,
        coalesce(channel_accounts.account, label_accounts.account, windows.account) as account,
        windows.day as usage_date,
        documents.source,
        documents.precedence
    from windows
    inner join documents on windows.source = documents.source
    left join channel_accounts
        on windows.source = channel_accounts.source
        and windows.account = channel_accounts.account_label
        and documents.channel = channel_accounts.channel
    left join label_accounts
        on windows.source = label_accounts.source
        and windows.account = label_accounts.account_label

    union all

    select exported.channel, exported.account, exported.usage_date, exported.source, documents.precedence
    from {{ ref('int_export_days') }} as exported
    inner join documents on exported.source = documents.source

),

covered as (

    select channel, account, usage_date, source
    from reported_days
    qualify row_number() over (
        partition by channel, account, usage_date order by precedence, source
    ) = 1

),

matched_keys as (

    select distinct lines.channel, lines.account, lines.usage_date
    from lines
    inner join ledger_keys
        on lines.channel = ledger_keys.channel
        and lines.account = ledger_keys.account
        and lines.usage_date = ledger_keys.usage_date
        and lines.api_key_id = ledger_keys.api_key_id

),

-- a day billed in another currency counts as not billed, since its amount in USD is unknown
foreign_days as (select distinct channel, account, usage_date from lines where billed_usd is null),

shapes as (

    select
        channel,
        account,
        usage_date,
        any_value(source) as source,
        bool_and(meter is not null) as has_meter,
        bool_or(processing is not null) as has_processing
    from lines
    group by channel, account, usage_date

)

select
    covered.channel,
    covered.account,
    covered.usage_date,
    coalesce(shapes.source, covered.source) as source,
    coalesce(shapes.has_meter, true) as has_meter,
    coalesce(shapes.has_processing, false) as has_processing,
    matched_keys.channel is not null as has_api_key
from covered
left join shapes
    on covered.channel = shapes.channel
    and covered.account = shapes.account
    and covered.usage_date = shapes.usage_date
left join matched_keys
    on covered.channel = matched_keys.channel
    and covered.account = matched_keys.account
    and covered.usage_date = matched_keys.usage_date
anti join foreign_days
    on covered.channel = foreign_days.channel
    and covered.account = foreign_days.account
    and covered.usage_date = foreign_days.usage_date
