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

label_accounts as (select * from {{ ref('stg_reference__accounts') }} where channel is null),

rows_unioned as (

    select calls.*, 'call' as grain, cast(1 as bigint) as requests
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

)

select
    rows_unioned.* exclude (raw_channel, raw_provider, raw_service_tier, raw_geo, account_override, context_window),
    cast(rows_unioned.requested_at as date) as usage_date,
    coalesce(channels.channel, lower(rows_unioned.raw_channel), 'unknown') as channel,
    coalesce(rows_unioned.raw_provider, channels.provider) as channel_provider,
    coalesce(
        rows_unioned.account_override, channel_accounts.account, label_accounts.account, rows_unioned.account_label
    ) as account,
    case
        when lower(rows_unioned.raw_service_tier) in ('default', 'standard', 'on_demand', 'auto', '') then 'standard'
        else coalesce(lower(rows_unioned.raw_service_tier), 'standard')
    end as service_tier,
    case
        when lower(rows_unioned.raw_geo) in ('not_available', '') then 'global'
        else coalesce(lower(rows_unioned.raw_geo), 'global')
    end as geo,
    -- the band of a single call follows from its prompt; a bucket's band only from the export's own
    -- context_window field, never from a day's total
    case
        when rows_unioned.grain = 'call'
            then
                rows_unioned.input_uncached_tokens + rows_unioned.input_cache_read_tokens
                + rows_unioned.input_cache_write_5m_tokens + rows_unioned.input_cache_write_30m_tokens
                + rows_unioned.input_cache_write_1h_tokens + rows_unioned.input_cache_write_12h_tokens
        when rows_unioned.context_window = '200k-1M' then 200001
        else 0
    end as prompt_tokens
from rows_unioned
left join channels on rows_unioned.raw_channel = channels.raw_channel
left join channel_accounts
    on rows_unioned.source = channel_accounts.source
    and rows_unioned.account_label = channel_accounts.account_label
    and coalesce(channels.channel, lower(rows_unioned.raw_channel)) = channel_accounts.channel
left join label_accounts
    on rows_unioned.source = label_accounts.source
    and rows_unioned.account_label = label_accounts.account_label
