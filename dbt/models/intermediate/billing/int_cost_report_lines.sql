-- grain: one row per line of a provider cost report, in the house vocabulary
with reports as (

    -- what only some reports state
    select
        cast(null as varchar) as account_id,
        cast(null as varchar) as line_part,
        cast(null as varchar) as charge_kind,
        cast(null as varchar) as invoice_id,
        cast(null as boolean) as is_issuer_invoice_id,
        cast(null as varchar) as raw_service_tier,
        cast(null as varchar) as raw_geo,
        cast(null as decimal(38, 18)) as stated_unit_price,
        cast(null as date) as charge_start,
        cast(null as date) as charge_end,
        cast(null as date) as billing_period
    where false
    union all by name
    select * from {{ ref('stg_openai__costs') }}
    union all by name
    select * from {{ ref('stg_anthropic__costs') }}
    union all by name
    select * from {{ ref('stg_anthropic__console_costs') }}
    union all by name
    -- their account is known already
    select
        * exclude (service_category, service_subcategory, service_name, is_in_scope, account_id, account, channel),
        account as account_id,
        channel as raw_channel
    from {{ ref('int_export_lines') }}
    where is_in_scope

),

channels as (select * from {{ ref('channel_aliases') }}),

channel_accounts as (select * from {{ ref('stg_reference__accounts') }} where channel is not null),

label_accounts as (select * from {{ ref('stg_reference__accounts') }} where channel is null)

select
    reports.* exclude (raw_channel, account_id),
    coalesce(channels.channel, reports.raw_channel) as channel,
    coalesce(
        id_accounts.account, reports.account_id, channel_accounts.account, label_accounts.account, reports.account_label
    ) as account
from reports
left join channels on reports.raw_channel = channels.raw_channel
-- a file of several billing accounts names them itself; accounts.csv may rename each
left join channel_accounts as id_accounts
    on reports.source = id_accounts.source
    and reports.account_id = id_accounts.account_label
    and coalesce(channels.channel, reports.raw_channel) = id_accounts.channel
left join channel_accounts
    on reports.source = channel_accounts.source
    and reports.account_label = channel_accounts.account_label
    and coalesce(channels.channel, reports.raw_channel) = channel_accounts.channel
left join label_accounts
    on reports.source = label_accounts.source
    and reports.account_label = label_accounts.account_label
