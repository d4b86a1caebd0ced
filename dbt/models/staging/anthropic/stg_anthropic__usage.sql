-- grain: one row per result of a current usage_report/messages bucket
-- semantics: uncached_input_tokens stands beside the cache fields, nothing is subtracted
with usage as (select * from {{ source('raw_anthropic', 'anthropic_usage') }}),

windows as (select * from {{ source('raw_control', 'file_windows') }} where is_current)

select
    ---------- lineage
    usage._source as source,
    usage._file_id as file_id,
    usage._row_number as row_number,
    usage._account as account_label,

    ---------- ids
    'anthropic' as raw_channel,
    usage.workspace_id as sub_account,
    usage.api_key_id,
    cast(null as varchar) as user_key,
    usage.model as model_served,
    case when usage.service_tier = 'batch' then 'standard' else usage.service_tier end as raw_service_tier,
    case when usage.service_tier = 'batch' then 'batch' else 'realtime' end as processing,
    usage.inference_geo as raw_geo,
    usage.context_window,
    concat_ws(
        ',',
        if(usage.service_tier is null, 'tier,processing', null),
        if(usage.inference_geo is null, 'geo', null),
        if(usage.context_window is null, 'context', null)
    ) as unreported_dimensions,

    ---------- numerics: the report has no request count
    cast(null as bigint) as requests,
    coalesce(usage.uncached_input_tokens, 0) as input_uncached_tokens,
    coalesce(usage.cache_read_input_tokens, 0) as input_cache_read_tokens,
    coalesce(usage.cache_creation_5m_input_tokens, 0) as input_cache_write_5m_tokens,
    cast(0 as bigint) as input_cache_write_30m_tokens,
    coalesce(usage.cache_creation_1h_input_tokens, 0) as input_cache_write_1h_tokens,
    cast(0 as bigint) as input_cache_write_12h_tokens,
    coalesce(usage.output_tokens, 0) as output_tokens,
    coalesce(usage.web_search_requests, 0) as web_search_calls,

    ---------- timestamps
    usage.start_at as bucket_start_at,
    usage.end_at as bucket_end_at
from usage
inner join windows
    on usage._file_id = windows.file_id
    and usage._source = windows.source
    and usage._account = windows.account
    and usage.start_at = windows.window_start
where not usage.is_empty_bucket
