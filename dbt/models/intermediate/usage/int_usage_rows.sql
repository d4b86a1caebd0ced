-- grain: one row per distinct logged call and per provider usage bucket row, not yet priced
-- Channel, account, tier and geography in the house vocabulary; duplicates are left out.
with calls as (select * from {{ ref('int_calls_unioned') }}),

verdicts as (select * from {{ ref('int_call_verdicts') }} where verdict <> 'kept'),

buckets as (

    select * from {{ ref('stg_openai__usage') }}
    union all by name
    select * from {{ ref('stg_anthropic__usage') }}

),

channels as (select * from {{ ref('channel_aliases') }}),

channel_accounts as (select * from {{ ref('stg_reference__accounts') }} where channel is not null),

-- channel * is every channel's vocabulary, and the only one of a channel that no list knows; a
-- channel's own line wins
tiers as (

    select
        every.channel,
        coalesce(named.raw_service_tier, '') as raw_service_tier,
        named.service_tier,
        named.processing,
        named.unpriced_reason
    from (
        select distinct channel from {{ ref('channel_aliases') }}
        union all
        select '*' as channel
    ) as every
    inner join {{ ref('service_tier_aliases') }} as named
        on named.channel = every.channel or named.channel = '*'
    qualify row_number() over (
        partition by every.channel, coalesce(named.raw_service_tier, '') order by named.channel = '*'
    ) = 1

),

geos as (select * from {{ ref('geo_aliases') }}),

label_accounts as (select * from {{ ref('stg_reference__accounts') }} where channel is null),

rows_unioned as (

    select
        calls.*,
        'call' as grain,
        cast(if(coalesce(calls.part_number, 1) = 1, 1, 0) as bigint) as requests
    from calls
    anti join verdicts
        on calls.file_id = verdicts.file_id
        and calls.row_number = verdicts.row_number
        and calls.source = verdicts.source
        and calls.account_label = verdicts.account_label

    union all by name

    select
        buckets.* exclude (bucket_start_at, bucket_end_at),
        'bucket' as grain,
        bucket_start_at as requested_at,
        cast(null as varchar) as account_override,
        cast(null as varchar) as raw_provider,
        cast(0 as bigint) as gateway_cached_tokens,
        'success' as status,
        false as is_retry,
        false as is_fallback,
        false as is_cache_hit
    from buckets

),

{% set modal = modality_meters().values() | sum(start=[]) -%}
placed as (

    select
        rows_unioned.* exclude (account_override, part_number, is_period_charge, {{ modal | join(', ') }}),
        cast(coalesce(rows_unioned.part_number, 1) as integer) as part_number,
        coalesce(rows_unioned.is_period_charge, false) as is_period_charge,
        {%- for meter in modal %}
        coalesce(rows_unioned.{{ meter }}, 0) as {{ meter }},
        {%- endfor %}
        cast(rows_unioned.requested_at as date) as usage_date,
        coalesce(channels.channel, lower(rows_unioned.raw_channel), 'unknown') as channel,
        coalesce(channels.channel, '*') as tier_channel,
        coalesce(rows_unioned.raw_provider, channels.provider) as channel_provider,
        coalesce(
            rows_unioned.account_override, channel_accounts.account, label_accounts.account, rows_unioned.account_label
        ) as account
    from rows_unioned
    left join channels on rows_unioned.raw_channel = channels.raw_channel
    left join channel_accounts
        on rows_unioned.source = channel_accounts.source
        and rows_unioned.account_label = channel_accounts.account_label
        and coalesce(channels.channel, lower(rows_unioned.raw_channel)) = channel_accounts.channel
    left join label_accounts
        on rows_unioned.source = label_accounts.source
        and rows_unioned.account_label = label_accounts.account_label

)

select
    placed.* exclude (
        raw_channel, raw_provider, raw_service_tier, raw_geo, context_window, processing, tier_channel
    ),
    -- a name that no table knows stays as it is, and no price answers to it
    coalesce(tiers.service_tier, lower(placed.raw_service_tier), 'standard') as service_tier,
    coalesce(tiers.processing, placed.processing) as processing,
    tiers.unpriced_reason as tier_unpriced_reason,
    coalesce(geos.geo, nullif(lower(placed.raw_geo), ''), 'global') as geo,
    -- the band of a single call follows from its prompt; a bucket's band only from the export's own
    -- context_window field, never from a day's total
    case
        when placed.grain = 'call'
            then
                placed.input_uncached_tokens + placed.input_cache_read_tokens
                + placed.input_cache_write_5m_tokens + placed.input_cache_write_30m_tokens
                + placed.input_cache_write_1h_tokens + placed.input_cache_write_12h_tokens
                + placed.input_audio_tokens + placed.input_audio_cache_read_tokens
                + placed.input_image_tokens + placed.input_image_cache_read_tokens
        when placed.context_window = '200k-1M' then 200001
        else 0
    end as prompt_tokens
from placed
left join tiers
    on placed.tier_channel = tiers.channel
    and coalesce(lower(placed.raw_service_tier), '') = tiers.raw_service_tier
left join geos
    on placed.channel = geos.channel
    and lower(placed.raw_geo) = geos.raw_geo
