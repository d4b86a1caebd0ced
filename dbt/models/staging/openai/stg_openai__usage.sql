-- grain: one row per result of a current usage bucket of the Usage API or the dashboard CSV
-- semantics: input_tokens holds cached and cache-write tokens, so both are taken out once; the audio
-- and image counters are the uncached part of each modality, and stand inside the totals
with usage as (select * from {{ source('raw_openai', 'openai_usage') }}),

windows as (select * from {{ source('raw_control', 'file_windows') }} where is_current),

current_usage as (

    select usage.*
    from usage
    inner join windows
        on usage._file_id = windows.file_id
        and usage._source = windows.source
        and usage._account = windows.account
        and usage.endpoint = windows.scope
        and usage.start_at = windows.window_start
    where not usage.is_empty_bucket

),

with_writes as (

    select
        *,
        -- the lifetime split may be absent on older data; the plain total then counts as 30 minutes
        coalesce(input_cache_write_12h_tokens, 0) as write_12h_tokens,
        greatest(
            coalesce(input_cache_write_30m_tokens, 0),
            coalesce(input_cache_write_tokens, 0) - coalesce(input_cache_write_12h_tokens, 0)
        ) as write_30m_tokens
    from current_usage

)

select
    ---------- lineage
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,

    ---------- ids
    'openai' as raw_channel,
    project_id as sub_account,
    api_key_id,
    user_key,
    model as model_served,
    coalesce(service_tier, 'default') as raw_service_tier,
    case when batch then 'batch' else 'realtime' end as processing,
    cast(null as varchar) as raw_geo,
    cast(null as varchar) as context_window,
    -- no counter tells geography or context; tier and batch stand only where the report is grouped by them
    'geo,context' || if(service_tier is null, ',tier', '') || if(batch is null, ',processing', '')
        as unreported_dimensions,

    ---------- numerics
    num_model_requests as requests,
    case
        when input_uncached_tokens is not null then input_uncached_tokens
        else input_tokens - coalesce(input_cached_tokens, 0) - write_30m_tokens - write_12h_tokens
    end - coalesce(input_audio_tokens, 0) - coalesce(input_image_tokens, 0) as input_uncached_tokens,
    coalesce(input_cached_tokens, 0) - coalesce(input_cached_audio_tokens, 0) - coalesce(input_cached_image_tokens, 0)
        as input_cache_read_tokens,
    cast(0 as bigint) as input_cache_write_5m_tokens,
    write_30m_tokens as input_cache_write_30m_tokens,
    cast(0 as bigint) as input_cache_write_1h_tokens,
    write_12h_tokens as input_cache_write_12h_tokens,
    coalesce(output_tokens, 0) - coalesce(output_audio_tokens, 0) - coalesce(output_image_tokens, 0) as output_tokens,
    coalesce(input_audio_tokens, 0) as input_audio_tokens,
    coalesce(input_cached_audio_tokens, 0) as input_audio_cache_read_tokens,
    coalesce(input_image_tokens, 0) as input_image_tokens,
    coalesce(input_cached_image_tokens, 0) as input_image_cache_read_tokens,
    coalesce(output_audio_tokens, 0) as output_audio_tokens,
    coalesce(output_image_tokens, 0) as output_image_tokens,
    cast(0 as bigint) as web_search_calls,

    ---------- timestamps
    start_at as bucket_start_at,
    end_at as bucket_end_at
from with_writes
