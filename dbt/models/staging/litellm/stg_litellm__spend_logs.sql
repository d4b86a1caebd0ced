-- grain: one row per LiteLLM spend log entry
-- semantics: prompt_tokens holds cache reads and writes for every provider (LiteLLM 1.109.1), and
-- reasoning stands inside completion_tokens. A gateway cache hit carries the tokens of the answer
-- it saved; the provider saw none of them. A success with no tokens at all means that the usage was
-- never reported (streams without usage), not that it was zero.
with logs as (select * from {{ source('raw_litellm', 'litellm_spend_logs') }}),

buckets as (

    select
        *,
        coalesce(is_cache_hit, false) as is_gateway_hit,
        coalesce(cache_read_input_tokens, cached_tokens, 0) as read_tokens,
        coalesce(cache_creation_input_tokens, 0) as write_tokens,
        {{ call_status('status') }} as call_status,
        coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0) > 0
            or {{ call_status('status') }} = 'error' as has_usage
    from logs

)

select
    ---------- lineage
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,

    ---------- ids
    request_id as call_id,
    custom_llm_provider as raw_channel,
    cast(null as varchar) as account_override,
    cast(null as varchar) as raw_provider,
    cast(null as varchar) as sub_account,
    api_key as api_key_id,
    model_group as model_requested,
    model as model_served,
    cast(null as varchar) as raw_service_tier,
    case when call_type like '%batch%' then 'batch' else 'realtime' end as processing,
    cast(null as varchar) as raw_geo,

    ---------- disjoint token buckets
    case when is_gateway_hit then 0 when has_usage then coalesce(prompt_tokens, 0) - read_tokens - write_tokens end
        as input_uncached_tokens,
    case when is_gateway_hit then 0 when has_usage then read_tokens end as input_cache_read_tokens,
    case
        when is_gateway_hit or custom_llm_provider in ('openai', 'azure') then 0
        when has_usage then write_tokens
    end as input_cache_write_5m_tokens,
    case
        when is_gateway_hit or custom_llm_provider not in ('openai', 'azure') then 0
        when has_usage then write_tokens
    end as input_cache_write_30m_tokens,
    cast(0 as bigint) as input_cache_write_1h_tokens,
    cast(0 as bigint) as input_cache_write_12h_tokens,
    case when is_gateway_hit then 0 when has_usage then coalesce(completion_tokens, 0) end as output_tokens,
    reasoning_tokens,
    cast(0 as bigint) as web_search_calls,
    case when is_gateway_hit then coalesce(total_tokens, 0) else 0 end as gateway_cached_tokens,

    ---------- money as the gateway computed it: shown, never summed into cost
    cast(spend as decimal(38, 18)) as reported_cost_usd,
    'gateway' as reported_cost_basis,

    ---------- attribution
    feature,
    team_id as team,
    prompt_template,
    prompt_version,
    agent,
    environment,
    coalesce(end_user_key, user_key) as user_key,
    tenant,
    session_id,
    cast(null as varchar) as trace_id,
    task_id,
    ticket_id,
    attempt_no,
    cast(json(tags) as varchar[]) as tags,

    ---------- result
    call_status as status,
    cast(null as varchar) as finish_reason,
    cast(date_diff('millisecond', started_at, ended_at) as bigint) as latency_ms,
    coalesce(attempted_retries, 0) > 0 or coalesce(attempt_no, 1) > 1 as is_retry,
    coalesce(is_fallback, false) as is_fallback,
    is_gateway_hit as is_cache_hit,
    messages_hash as prompt_hash,

    ---------- timestamps
    started_at as requested_at
from buckets
