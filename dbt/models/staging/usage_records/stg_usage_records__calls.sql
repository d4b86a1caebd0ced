-- grain: one row per usage record, or per iteration of an Anthropic record that lists iterations
-- semantics follow from the fields of the object (providers.md §0.2):
--   prompt_tokens, input_tokens             cache reads and writes are inside (OpenAI, Azure, Mistral, xAI, Groq)
--   cache_read_input_tokens, inputTokens    cache tokens stand beside (Anthropic, Bedrock Converse)
--   promptTokenCount                        cached inside, thoughts and tool prompts beside (Gemini)
--   prompt_cache_hit_tokens                 hits and misses are the parts (DeepSeek)
-- Iterations replace the top level, which leaves compaction out; each has its own model and band.
{%- set counts = usage_counts() %}
{%- set extras = usage_extras() %}
with records as (

    select *, cast(usage as json) as document from {{ source('raw_usage_records', 'usage_records') }}

),

parts as (

    select
        *,
        unnest(iterations) as part,
        generate_subscripts(iterations, 1) as part_number
    from (
        select
            *,
            case
                when json_array_length(document, '$.iterations') > 0
                    then from_json(json_extract(document, '$.iterations'), '["JSON"]')
                else [document]
            end as iterations
        from records
    ) as listed

),

texts as (

    select
        * exclude (iterations),
        {{ read_numbers('part', counts) }} as t,
        case when part_number = 1 then {{ read_numbers('document', extras) }} end as x,
        case when part_number = 1 then json_extract_string(document, [
            {%- for meter in other_meter_names() %}'$.{{ meter }}'{{ ', ' if not loop.last }}{% endfor -%}
        ]) end as m
    from parts

),

numbers as (

    select
        *,
        list_transform(t, lambda value: {{ usable_number('value', 17) }}) as n,
        list_transform(x, lambda value: {{ usable_number('value', 18) }}) as e,
        list_transform(m, lambda value: {{ usable_number('value', 13) }}) as o
    from texts

),

named as (

    select
        * exclude (t, x, n),
        {%- for name in counts %}
        cast(n[{{ loop.index }}] as hugeint) as {{ name }}_n,
        {%- endfor %}
        {%- for name in extras %}
        e[{{ loop.index }}] as {{ name }}_e,
        {%- endfor %}
        len(list_filter(list_zip(t, n), lambda pair: pair[1] is not null and (
            pair[2] is null or pair[2] <> trunc(pair[2])
        ))) > 0
        or len(list_filter(list_zip(x, e), lambda pair: pair[1] is not null and pair[2] is null)) > 0
        or len(list_filter(list_zip(m, o), lambda pair: pair[1] is not null and pair[2] is null)) > 0
            as has_bad_count,
        json_extract_string(document, '$.error') is not null
        or coalesce(try_cast(json_extract_string(document, '$.http_status') as integer), 200) >= 400 as is_error
    from numbers

),

shaped as (

    select
        *,
        case
            when coalesce(gemini_prompt_n, gemini_answer_n, gemini_thoughts_n) is not null then 'gemini'
            when coalesce(converse_input_n, converse_output_n) is not null then 'converse'
            when coalesce(hit_n, miss_n) is not null then 'deepseek'
            when coalesce(read_n, creation_n, creation_5m_n, creation_1h_n) is not null then 'anthropic'
            when coalesce(billed_input_n, billed_output_n, billed_searches_n) is not null then 'cohere'
            when coalesce(chat_prompt_n, chat_completion_n) is not null then 'chat'
            when coalesce(input_n, output_n) is not null then 'responses'
            when
                is_error
                or len(list_filter(e, lambda value: value is not null)) > 0
                or len(list_filter(o, lambda value: value is not null)) > 0
                then 'none'
        end as shape,
        coalesce(
            live_cached_n, cached_n,
            coalesce(live_cached_text_n, 0) + coalesce(live_cached_audio_n, 0) + coalesce(live_cached_image_n, 0)
        ) as responses_cached,
        coalesce(write_12h_n, 0) as responses_write_12h,
        greatest(coalesce(write_30m_n, 0), coalesce(write_n, 0) - coalesce(write_12h_n, 0)) as responses_write_30m,
        {{ gemini_modality('part', 'promptTokensDetails', 'AUDIO') }} as gemini_audio_prompt,
        {{ gemini_modality('part', 'cacheTokensDetails', 'AUDIO') }} as gemini_audio_cached,
        {{ gemini_modality('part', 'candidatesTokensDetails', 'AUDIO') }} as gemini_audio_answer,
        {{ gemini_modality('part', 'candidatesTokensDetails', 'IMAGE') }} as gemini_image_answer,
        if(
            part_number = 1, json_array_length(document, '$.groundingMetadata.webSearchQueries'), null
        ) as grounding_queries,
        list_sum(list_transform(
            list_filter(
                coalesce(
                    from_json(json_extract(part, '$.cacheDetails'), '[{"ttl":"VARCHAR","inputTokens":"BIGINT"}]'), []
                ),
                lambda detail: detail.ttl = '1h'
            ),
            lambda detail: detail.inputTokens
        )) as converse_write_1h
    from named

),

-- each shape in the house's disjoint buckets
buckets as (

    select
        *,
        case shape
            when 'none' then 0
            when 'gemini' then
                coalesce(gemini_prompt_n, 0) - coalesce(gemini_cached_n, 0) + coalesce(gemini_tools_n, 0)
                - (gemini_audio_prompt - gemini_audio_cached)
            when 'converse' then coalesce(converse_input_n, 0)
            when 'deepseek' then coalesce(chat_prompt_n - coalesce(hit_n, 0), miss_n, 0)
            when 'anthropic' then coalesce(input_n, 0)
            when 'cohere' then coalesce(billed_input_n, 0)
            when 'chat' then
                coalesce(chat_prompt_n, 0) - coalesce(chat_cached_n, 0) - coalesce(chat_write_n, 0)
                - coalesce(chat_audio_in_n, 0) - coalesce(chat_image_in_n, 0)
            when 'responses' then
                coalesce(input_n, 0) - responses_cached - responses_write_30m - responses_write_12h
                - (coalesce(live_audio_in_n, audio_in_n, 0) - coalesce(live_cached_audio_n, 0))
                - (
                    coalesce(live_image_in_n, image_in_n, 0)
                    - coalesce(live_cached_image_n, cached_image_n, 0)
                )
        end as uncached,
        case shape
            when 'gemini' then coalesce(gemini_cached_n, 0) - gemini_audio_cached
            when 'converse' then coalesce(converse_read_n, 0)
            when 'deepseek' then coalesce(hit_n, 0)
            when 'anthropic' then coalesce(read_n, 0)
            when 'cohere' then coalesce(billed_cached_n, 0)
            when 'chat' then coalesce(chat_cached_n, 0)
            when 'responses' then
                responses_cached - coalesce(live_cached_audio_n, 0) - coalesce(live_cached_image_n, cached_image_n, 0)
            else 0
        end as cache_read,
        -- a total without a split counts as the shortest lifetime that the vendor sells
        case shape
            when 'converse' then coalesce(converse_write_n, 0) - coalesce(converse_write_1h, 0)
            when 'anthropic' then
                greatest(coalesce(creation_5m_n, 0), coalesce(creation_n, 0) - coalesce(creation_1h_n, 0))
            when 'chat' then if(channel not like 'openai%' and channel not like 'azure%', coalesce(chat_write_n, 0), 0)
            else 0
        end as cache_write_5m,
        case shape
            when 'chat' then if(channel like 'openai%' or channel like 'azure%', coalesce(chat_write_n, 0), 0)
            when 'responses' then responses_write_30m
            else 0
        end as cache_write_30m,
        case shape
            when 'converse' then coalesce(converse_write_1h, 0)
            when 'anthropic' then coalesce(creation_1h_n, 0)
            else 0
        end as cache_write_1h,
        case shape when 'responses' then responses_write_12h else 0 end as cache_write_12h,
        case shape
            when 'gemini' then gemini_audio_prompt - gemini_audio_cached
            when 'chat' then coalesce(chat_audio_in_n, 0)
            when 'responses' then coalesce(live_audio_in_n, audio_in_n, 0) - coalesce(live_cached_audio_n, 0)
            else 0
        end as audio_input,
        case shape
            when 'gemini' then gemini_audio_cached
            when 'responses' then coalesce(live_cached_audio_n, 0)
            else 0
        end as audio_cached,
        case shape
            when 'chat' then coalesce(chat_image_in_n, 0)
            when 'responses' then
                coalesce(live_image_in_n, image_in_n, 0) - coalesce(live_cached_image_n, cached_image_n, 0)
            else 0
        end as image_input,
        case shape
            when 'responses' then coalesce(live_cached_image_n, cached_image_n, 0)
            else 0
        end as image_cached,
        case shape
            when 'gemini' then gemini_audio_answer
            when 'chat' then coalesce(chat_audio_out_n, 0)
            when 'responses' then coalesce(live_audio_out_n, audio_out_n, 0)
            else 0
        end as audio_output,
        case shape
            when 'gemini' then gemini_image_answer
            when 'chat' then coalesce(chat_image_out_n, 0)
            when 'responses' then coalesce(image_out_n, 0)
            else 0
        end as image_output,
        case shape
            when 'none' then 0
            when 'gemini' then coalesce(gemini_answer_n, 0) + coalesce(gemini_thoughts_n, 0)
            when 'converse' then coalesce(converse_output_n, 0)
            when 'cohere' then coalesce(billed_output_n, 0)
            -- xAI's chat answers count reasoning beside the completion; the total tells
            when 'chat' then
                coalesce(chat_completion_n, 0) + if(
                    channel in ('xai', 'xai_direct', 'x-ai_direct', 'x-ai')
                    and coalesce(chat_total_n, -1) <> coalesce(chat_prompt_n, 0) + coalesce(chat_completion_n, 0),
                    coalesce(chat_reasoning_n, 0),
                    0
                )
            when 'deepseek' then coalesce(chat_completion_n, 0)
            when 'anthropic' then coalesce(output_n, 0)
            when 'responses' then coalesce(output_n, 0)
        end as whole_output
    from shaped

),

-- where only the sum of the cached tokens is known, those that cannot be text are another modality
split as (

    select
        * replace (
            uncached + audio_shift + image_shift as uncached,
            cache_read - audio_shift - image_shift as cache_read,
            audio_input - audio_shift as audio_input,
            audio_cached + audio_shift as audio_cached,
            image_input - image_shift as image_input,
            image_cached + image_shift as image_cached
        )
    from (
        select
            *,
            least(greatest(-uncached, 0), greatest(audio_input, 0), greatest(cache_read, 0)) as audio_shift,
            least(
                greatest(-uncached - audio_shift, 0), greatest(image_input, 0), greatest(cache_read - audio_shift, 0)
            ) as image_shift
        from buckets
    ) as shifts

),

-- meters beside the columns; zero quantities are left out
metered as (

    select
        *,
        list_filter(
            [
                {%- for meter in other_meter_names() %}
                {'meter': '{{ meter }}', 'quantity': o[{{ loop.index }}]},
                {%- endfor %}
                {
                    'meter': 'web_search_preview_calls',
                    'quantity': if(json_extract_string(document, '$.tool') = 'web_search_preview', searched_e, 0)
                },
                {'meter': 'file_search_calls', 'quantity': file_searched_e},
                {'meter': 'web_fetch_calls', 'quantity': server_fetched_e},
                {'meter': 'x_search_calls', 'quantity': xai_x_searched_e},
                {'meter': 'code_execution_calls', 'quantity': xai_executed_e},
                {'meter': 'rerank_searches', 'quantity': if(part_number = 1, billed_searches_n, 0)},
                {'meter': 'input_characters', 'quantity': characters_e},
                {'meter': 'output_images', 'quantity': images_e},
                {'meter': 'input_pages', 'quantity': pages_e},
                -- Gemini 2 bills the prompt that searched, Gemini 3 and later each search
                {
                    'meter': if(is_billed_by_prompt, 'grounded_prompts', 'grounding_search_queries'),
                    'quantity': if(is_billed_by_prompt and grounding_queries > 0, 1, grounding_queries)
                },
                {
                    'meter': case
                        when json_extract_string(document, '$.size') is null
                            then if(model_served like 'gpt-live%', 'session_seconds', 'audio_seconds')
                        when json_extract_string(document, '$.size') in ('720x1280', '1280x720', '720p')
                            then 'output_video_seconds_720p'
                        when json_extract_string(document, '$.size') in ('1024x1792', '1792x1024', '1024p')
                            then 'output_video_seconds_1024p'
                        when json_extract_string(document, '$.size') in ('1080x1920', '1920x1080', '1080p')
                            then 'output_video_seconds_1080p'
                        else 'output_video_seconds'
                    end,
                    'quantity': seconds_e
                },
                {'meter': 'audio_seconds', 'quantity': prompt_audio_seconds_e},
                -- containers are billed by the begun minute, five at least
                {
                    'meter': case
                        when memory_gb_e is not null
                            then 'container_' || cast(cast(memory_gb_e as bigint) as varchar) || 'gb_minutes'
                        when model_served like '%agent%' then 'agent_session_seconds'
                        when channel like 'anthropic%' then 'code_execution_container_minutes'
                        else 'session_seconds'
                    end,
                    'quantity': case
                        when container_seconds_e is null then null
                        when memory_gb_e is not null
                            or (channel like 'anthropic%' and coalesce(model_served, '') not like '%agent%')
                            then greatest(5, (cast(container_seconds_e as bigint) + 59) // 60)
                        else container_seconds_e
                    end
                },
                {'meter': 'cache_storage_token_seconds', 'quantity': token_seconds},
                {'meter': 'vector_store_gib_days', 'quantity': gib_days_e},
                -- six decimals of a GiB are kept: 1 KiB a day
                {
                    'meter': 'vector_store_gib_days',
                    'quantity': cast(cast(byte_days as hugeint) * 1000000 // 1073741824 as decimal(38, 0)) * 0.000001
                },
                {'meter': 'ptu_hours', 'quantity': unit_hours}
            ],
            lambda other: other.quantity > 0
        ) as all_meters
    from (
        select
            *,
            coalesce(regexp_matches(model_served, '(^|/)gemini-[12]'), false) as is_billed_by_prompt,
            -- a product beyond 10^26 is NULL here, and no quantity below
            try(cache_tokens_e * cache_seconds_e) as token_seconds,
            try(stored_bytes_e * stored_days_e) as byte_days,
            try(ptus_e * hours_e) as unit_hours
        from (
            select
                split.* exclude (model_served),
                coalesce(
                    json_extract_string(part, '$.model'), split.model_served, split.model_requested
                ) as model_served
            from split
        ) as named_parts
    ) as served

),

-- quantities have 13 digits before the point, everywhere downstream
limited as (

    select
        *,
        list_filter(all_meters, lambda other: other.quantity < 10000000000000) as listed_meters,
        len(list_filter(all_meters, lambda other: other.quantity >= 10000000000000)) > 0
        or (token_seconds is null and cache_tokens_e is not null and cache_seconds_e is not null)
        or (byte_days is null and stored_bytes_e is not null and stored_days_e is not null)
        or (unit_hours is null and ptus_e is not null and hours_e is not null) as has_bad_quantity,
        case
            when part_number > 1 then null
            when json_extract_string(document, '$.cost_in_usd_ticks') is not null
                then try_cast(
                    try_cast(json_extract_string(document, '$.cost_in_usd_ticks') as decimal(28, 0)) * 0.0000000001
                as decimal(38, 18))
            else try_cast(json_extract_string(document, '$.cost') as decimal(38, 18))
        end as reported_cost_usd
    from metered

)

select
    ---------- lineage
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    cast(part_number as integer) as part_number,
    _account as account_label,

    ---------- ids
    case_id as call_id,
    channel as raw_channel,
    account as account_override,
    cast(null as varchar) as raw_provider,
    sub_account,
    api_key_id,
    model_requested,
    model_served,
    case
        when json_extract_string(document, '$.speed') = 'fast' then 'fast'
        else coalesce(service_tier, json_extract_string(document, '$.service_tier'))
    end as raw_service_tier,
    coalesce(lower(processing), 'realtime') as processing,
    coalesce(geo, json_extract_string(document, '$.inference_geo')) as raw_geo,

    ---------- disjoint token buckets
    try_cast(uncached as bigint) as input_uncached_tokens,
    if(shape is null, null, try_cast(cache_read as bigint)) as input_cache_read_tokens,
    if(shape is null, null, try_cast(cache_write_5m as bigint)) as input_cache_write_5m_tokens,
    if(shape is null, null, try_cast(cache_write_30m as bigint)) as input_cache_write_30m_tokens,
    if(shape is null, null, try_cast(cache_write_1h as bigint)) as input_cache_write_1h_tokens,
    if(shape is null, null, try_cast(cache_write_12h as bigint)) as input_cache_write_12h_tokens,
    try_cast(whole_output - audio_output - image_output as bigint) as output_tokens,
    try_cast(audio_input as bigint) as input_audio_tokens,
    try_cast(audio_cached as bigint) as input_audio_cache_read_tokens,
    try_cast(image_input as bigint) as input_image_tokens,
    try_cast(image_cached as bigint) as input_image_cache_read_tokens,
    try_cast(audio_output as bigint) as output_audio_tokens,
    try_cast(image_output as bigint) as output_image_tokens,
    cast(coalesce(reasoning_n, thinking_n, chat_reasoning_n, gemini_thoughts_n) as bigint) as reasoning_tokens,
    cast(
        if(json_extract_string(document, '$.tool') = 'web_search_preview', 0, coalesce(searched_e, 0))
        + coalesce(server_searched_e, 0) + coalesce(xai_searched_e, 0) + coalesce(named_searches_e, 0)
    as bigint) as web_search_calls,
    cast(0 as bigint) as gateway_cached_tokens,
    cast(
        if(len(listed_meters) > 0, listed_meters, null) as struct(meter varchar, quantity decimal(19, 6))[]
    ) as other_meters,
    -- storage, capacity and sessions run for a time: no call made them
    shape = 'none' and len(listed_meters) > 0 and len(list_filter(
        listed_meters,
        lambda other: not regexp_full_match(
            other.meter, 'container_.*|code_execution_container_minutes|agent_session_seconds|vector_store_.*'
            || '|ptu_hours|cache_storage_.*'
        )
    )) = 0 as is_period_charge,
    case
        when has_bad_count or has_bad_quantity or reported_cost_usd < 0 then 'not_a_count'
        when
            shape in ('chat', 'responses', 'deepseek', 'anthropic')
            and coalesce(reasoning_n, thinking_n, chat_reasoning_n) > whole_output
            then 'reasoning_exceeds_output'
        when
            (shape = 'deepseek' and coalesce(hit_n, 0) + coalesce(miss_n, 0) > chat_prompt_n)
            or (shape = 'anthropic' and coalesce(creation_5m_n, 0) + coalesce(creation_1h_n, 0) > creation_n)
            then 'cached_exceeds_input'
    end as invalid_reason,

    ---------- money as the provider reports it
    reported_cost_usd,
    'provider' as reported_cost_basis,

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

    ---------- result
    case when is_error then 'error' else 'success' end as status,
    cast(null as varchar) as finish_reason,
    cast(null as bigint) as latency_ms,
    coalesce(attempt_no, 1) > 1 as is_retry,
    false as is_fallback,
    false as is_cache_hit,
    cast(null as varchar) as prompt_hash,

    ---------- timestamps
    requested_at
from limited
