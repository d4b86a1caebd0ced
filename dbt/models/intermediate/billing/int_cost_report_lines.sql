-- grain: one row per line of a provider cost report, in the house vocabulary
with reports as (

    select * from {{ ref('stg_openai__costs') }}
    union all by name
    select * from {{ ref('stg_anthropic__costs') }}
    union all by name
    select * from {{ ref('stg_anthropic__console_costs') }}

),

channels as (select * from {{ ref('channel_aliases') }}),

channel_accounts as (select * from {{ ref('stg_reference__accounts') }} where channel is not null),

label_accounts as (select * from {{ ref('stg_reference__accounts') }} where channel is null)

select
    reports.* exclude (raw_channel),
    coalesce(channels.channel, reports.raw_channel) as channel,
    coalesce(channel_accounts.account, label_accounts.account, reports.account_label) as account
from reports
left join channels on reports.raw_channel = channels.raw_channel
left join channel_accounts
    on reports.source = channel_accounts.source
    and reports.account_label = channel_accounts.account_label
    and coalesce(channels.channel, reports.raw_channel) = channel_accounts.channel
left join label_accounts
    on reports.source = label_accounts.source
    and reports.account_label = label_accounts.account_label
