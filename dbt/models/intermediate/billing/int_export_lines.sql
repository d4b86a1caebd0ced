{{ config(materialized='table') }}
-- grain: one row per charge of a cost export that bills more than language models
-- is_in_scope: the service is a language model's. Of a channel that no table knows, the category of
-- the service decides.
with exports as (

    select * from {{ ref('stg_focus__costs') }}
    union all by name
    select * from {{ ref('stg_aws__cur') }}
    union all by name
    select * from {{ ref('stg_gcp__billing') }}
    union all by name
    select * from {{ ref('stg_azure__costs') }}

),

channels as (select * from {{ ref('channel_aliases') }}),

accounts as (select * from {{ ref('stg_reference__accounts') }} where channel is not null),

every_channel as (select * from {{ ref('stg_reference__accounts') }} where channel is null),

services as (

    select channel, string_agg(service_pattern, '|') as service_pattern
    from {{ ref('llm_services') }}
    group by channel

),

named as (

    select
        exports.* exclude (raw_channel),
        coalesce(channels.channel, exports.raw_channel, 'unknown') as channel,
        channels.channel is not null as is_known_channel
    from exports
    left join channels on exports.raw_channel = channels.raw_channel

)

select
    named.* exclude (is_known_channel),
    coalesce(
        id_accounts.account, id_every.account, named.account_id, label_accounts.account, label_every.account,
        named.account_label
    ) as account,
    coalesce(
        named.service_subcategory = 'Generative AI'
        or (not named.is_known_channel and named.service_category = 'AI and Machine Learning')
        or regexp_full_match(
            lower(concat_ws(' / ', named.service_name, named.description)), services.service_pattern
        ),
        false
    ) as is_in_scope
from named
left join services on named.channel = services.channel
left join accounts as id_accounts
    on named.source = id_accounts.source
    and named.account_id = id_accounts.account_label
    and named.channel = id_accounts.channel
left join every_channel as id_every
    on named.source = id_every.source
    and named.account_id = id_every.account_label
left join every_channel as label_every
    on named.source = label_every.source
    and named.account_label = label_every.account_label
left join accounts as label_accounts
    on named.source = label_accounts.source
    and named.account_label = label_accounts.account_label
    and named.channel = label_accounts.channel
