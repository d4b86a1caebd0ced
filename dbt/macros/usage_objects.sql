{# Reading a provider's usage object, by path. Every number is read as DECIMAL(38, 6), never through a
   float; what is written as no number is NULL and counted by `bad`. #}

{# Paths of counts that a usage object may hold, by the name that staging gives them. #}
{% macro usage_counts() -%}
    {{ return({
        'chat_prompt': '$.prompt_tokens',
        'chat_completion': '$.completion_tokens',
        'chat_total': '$.total_tokens',
        'chat_cached': '$.prompt_tokens_details.cached_tokens',
        'chat_write': '$.prompt_tokens_details.cache_write_tokens',
        'chat_audio_in': '$.prompt_tokens_details.audio_tokens',
        'chat_image_in': '$.prompt_tokens_details.image_tokens',
        'chat_audio_out': '$.completion_tokens_details.audio_tokens',
        'chat_image_out': '$.completion_tokens_details.image_tokens',
        'chat_reasoning': '$.completion_tokens_details.reasoning_tokens',
        'hit': '$.prompt_cache_hit_tokens',
        'miss': '$.prompt_cache_miss_tokens',
        'input': '$.input_tokens',
        'output': '$.output_tokens',
        'cached': '$.input_tokens_details.cached_tokens',
        'write': '$.input_tokens_details.cache_write_tokens',
        'write_30m': '$.input_tokens_details.cache_write_tokens_details.ttl_30m_tokens',
        'write_12h': '$.input_tokens_details.cache_write_tokens_details.ttl_12h_tokens',
        'audio_in': '$.input_tokens_details.audio_tokens',
        'image_in': '$.input_tokens_details.image_tokens',
        'cached_image': '$.input_tokens_details.cached_tokens_details.image_tokens',
        'audio_out': '$.output_tokens_details.audio_tokens',
        'image_out': '$.output_tokens_details.image_tokens',
        'reasoning': '$.output_tokens_details.reasoning_tokens',
        'thinking': '$.output_tokens_details.thinking_tokens',
        'live_cached': '$.input_token_details.cached_tokens',
        'live_cached_text': '$.input_token_details.cached_tokens_details.text_tokens',
        'live_cached_audio': '$.input_token_details.cached_tokens_details.audio_tokens',
        'live_cached_image': '$.input_token_details.cached_tokens_details.image_tokens',
        'live_audio_in': '$.input_token_details.audio_tokens',
        'live_image_in': '$.input_token_details.image_tokens',
        'live_audio_out': '$.output_token_details.audio_tokens',
        'read': '$.cache_read_input_tokens',
        'creation': '$.cache_creation_input_tokens',
        'creation_5m': '$.cache_creation.ephemeral_5m_input_tokens',
        'creation_1h': '$.cache_creation.ephemeral_1h_input_tokens',
        'converse_input': '$.inputTokens',
        'converse_output': '$.outputTokens',
        'converse_read': '$.cacheReadInputTokens',
        'converse_write': '$.cacheWriteInputTokens',
        'gemini_prompt': '$.promptTokenCount',
        'gemini_cached': '$.cachedContentTokenCount',
        'gemini_answer': '$.candidatesTokenCount',
        'gemini_thoughts': '$.thoughtsTokenCount',
        'gemini_tools': '$.toolUsePromptTokenCount',
        'billed_input': '$.billed_units.input_tokens',
        'billed_output': '$.billed_units.output_tokens',
        'billed_searches': '$.billed_units.search_units',
        'billed_cached': '$.cached_tokens',
    }) }}
{%- endmacro %}

{# Paths of what stands beside the tokens, on the whole object. #}
{% macro usage_extras() -%}
    {{ return({
        'searched': '$.output_items.web_search_call',
        'named_searches': '$.web_search_calls',
        'file_searched': '$.output_items.file_search_call',
        'server_searched': '$.server_tool_use.web_search_requests',
        'server_fetched': '$.server_tool_use.web_fetch_requests',
        'xai_searched': '$.server_side_tool_usage_details.web_search_calls',
        'xai_x_searched': '$.server_side_tool_usage_details.x_search_calls',
        'xai_executed': '$.server_side_tool_usage_details.code_interpreter_calls',
        'seconds': '$.seconds',
        'prompt_audio_seconds': '$.prompt_audio_seconds',
        'container_seconds': '$.session_seconds',
        'memory_gb': '$.memory_gb',
        'cache_tokens': '$.cachedContents.totalTokenCount',
        'cache_seconds': '$.cachedContents.ttl_seconds',
        'characters': '$.characters',
        'images': '$.images',
        'pages': '$.usage_info.pages_processed',
        'gib_days': '$.gib_days',
        'stored_bytes': '$.vector_store_bytes',
        'stored_days': '$.days',
        'ptus': '$.ptus',
        'hours': '$.hours',
        'http_status': '$.http_status',
    }) }}
{%- endmacro %}

{# Meters that a usage object may name outright: those of dbt/seeds/meters.csv beside the columns. #}
{% macro other_meter_names() -%}
    {{ return([
        'web_search_preview_calls', 'web_fetch_calls', 'file_search_calls', 'x_search_calls', 'code_execution_calls',
        'grounded_prompts', 'grounding_search_queries', 'maps_grounding_prompts', 'rerank_searches',
        'output_images', 'input_images', 'input_pages', 'annotated_pages', 'input_characters',
        'output_video_seconds', 'output_video_seconds_480p', 'output_video_seconds_720p', 'output_video_seconds_1024p',
        'output_video_seconds_1080p', 'output_video_seconds_4k', 'audio_seconds', 'agent_session_seconds',
        'cache_storage_token_seconds', 'container_1gb_minutes', 'container_4gb_minutes', 'container_16gb_minutes',
        'container_64gb_minutes', 'code_execution_container_minutes', 'vector_store_gib_days', 'ptu_hours',
    ]) }}
{%- endmacro %}

{# One pass over the object for all paths, then one decimal per path. #}
{% macro read_numbers(document, paths) -%}
    json_extract_string({{ document }}, [{% for path in paths.values() %}'{{ path }}'{{ ', ' if not loop.last }}{% endfor %}])
{%- endmacro %}

{# A number from 0 to below 10^digits, or NULL: any other is an error of the log, and a sum of it
   could leave its type and end the run. #}
{% macro usable_number(value, digits) -%}
    case
        when
            try_cast({{ value }} as decimal(38, 6)) >= 0
            and try_cast({{ value }} as decimal(38, 6)) < {{ '1' ~ '0' * digits }}
            then try_cast({{ value }} as decimal(38, 6))
    end
{%- endmacro %}

{# Tokens of one modality in a Gemini details list. #}
{% macro gemini_modality(document, list_name, modality) -%}
    coalesce(list_sum(list_transform(
        list_filter(
            coalesce(
                from_json(json_extract({{ document }}, '$.{{ list_name }}'), '[{"modality":"VARCHAR","tokenCount":"BIGINT"}]'),
                []
            ),
            lambda item: item.modality = '{{ modality }}'
        ),
        lambda item: item.tokenCount
    )), 0)
{%- endmacro %}
