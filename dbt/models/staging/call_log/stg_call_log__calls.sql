-- grain: one row per entry of a mapped in-house call log
-- semantics, per row (usage_convention):
--   disjoint                    cache tokens stand beside input_tokens (Anthropic, Bedrock)
--   inclusive                   input_tokens holds cache reads and writes (OpenAI)
--   inclusive_reasoning_beside  as inclusive, and reasoning stands beside output (Gemini, xAI chat)
with calls as (select * from {{ source('raw_call_log', 'call_log') }}),

writes as (

    select
        *,
        coalesce(usage_convention, 'inclusive') as convention,
        {{ call_status('status') }} as call_status,
        input_tokens is not null or output_tokens is not null or {{ call_status('status') }} = 'error' as has_usage,
        coalesce(cache_read_tokens, 0) as read_tokens,
        coalesce(cache_write_30m_tokens, 0) as write_30m_tokens,
        coalesce(cache_write_1h_tokens, 0) as write_1h_tokens,
        coalesce(cache_write_12h_tokens, 0) as write_12h_tokens,
        -- a total without a lifetime split counts as the shortest lifetime
        greatest(
            coalesce(cache_write_5m_tokens, 0),
            coalesce(cache_write_tokens, 0) - coalesce(cache_write_30m_tokens, 0)
            - coalesce(cache_write_1h_tokens, 0) - coalesce(cache_write_12h_tokens, 0)
        ) as write_5m_tokens
    from calls

)

select
    ---------- lineage
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,

    ---------- ids
    call_id,
    channel as raw_channel,
    account as account_override,
    provider as raw_provider,
    sub_account,
    api_key_id,
    model_requested,
    coalesce(model_served, model_requested) as model_served,
    service_tier as raw_service_tier,
    coalesce(lower(processing), 'realtime') as processing,
    geo as raw_geo,

    ---------- disjoint token buckets
    case
        when not has_usage then null
        when convention = 'disjoint' then coalesce(input_tokens, 0)
        else
            coalesce(input_tokens, 0) - read_tokens - write_5m_tokens - write_30m_tokens - write_1h_tokens
            - write_12h_tokens
    end as input_uncached_tokens,
    case when has_usage then read_tokens end as input_cache_read_tokens,
    case when has_usage then write_5m_tokens end as input_cache_write_5m_tokens,
    case when has_usage then write_30m_tokens end as input_cache_write_30m_tokens,
    case when has_usage then write_1h_tokens end as input_cache_write_1h_tokens,
    case when has_usage then write_12h_tokens end as input_cache_write_12h_tokens,
    case
        when not has_usage then null
        when convention = 'inclusive_reasoning_beside' then coalesce(output_tokens, 0) + coalesce(reasoning_tokens, 0)
        else coalesce(output_tokens, 0)
    end as output_tokens,
    reasoning_tokens,
    coalesce(web_search_calls, 0) as web_search_calls,
    cast(0 as bigint) as gateway_cached_tokens,

    ---------- money as the log reports it: shown, never summed into cost
    cast(reported_cost as decimal(38, 18)) as reported_cost_usd,
    'gateway' as reported_cost_basis,

    ---------- attribution
    feature,
    team,
    prompt_template,
    prompt_version,
    agent,
    environment,
    user_key,
    tenant,
    session_id,
    trace_id,
    task_id,
    ticket_id,
    attempt_no,
    cast(json(tags) as varchar[]) as tags,

    ---------- result
    call_status as status,
    finish_reason,
    latency_ms,
    coalesce(is_retry, false) or coalesce(attempt_no, 1) > 1 as is_retry,
    coalesce(is_fallback, false) as is_fallback,
    coalesce(is_cache_hit, false) as is_cache_hit,
    prompt_hash,

    ---------- timestamps
    requested_at
from writes
