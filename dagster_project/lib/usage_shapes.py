"""The usage objects that APIs return with a call, as paths to canonical token fields.

Each number keeps the API's own meaning; `convention` names it for staging.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UsageShape:
    """One API's usage object: convention, fields (alternatives in order), and sums."""

    convention: str
    fields: dict[str, tuple[str, ...]]
    sums: dict[str, tuple[str, ...]]


USAGE_SHAPES: dict[str, UsageShape] = {
    "anthropic_message": UsageShape(
        "disjoint",
        {
            "input_tokens": ("input_tokens",),
            "cache_read_tokens": ("cache_read_input_tokens",),
            "cache_write_tokens": ("cache_creation_input_tokens",),
            "cache_write_5m_tokens": ("cache_creation.ephemeral_5m_input_tokens",),
            "cache_write_1h_tokens": ("cache_creation.ephemeral_1h_input_tokens",),
            "output_tokens": ("output_tokens",),
            "reasoning_tokens": ("output_tokens_details.thinking_tokens",),
            "web_search_calls": ("server_tool_use.web_search_requests",),
            "service_tier": ("service_tier",),
            "geo": ("inference_geo",),
        },
        {},
    ),
    "openai_chat": UsageShape(
        "inclusive",
        {
            "input_tokens": ("prompt_tokens",),
            "cache_read_tokens": ("prompt_tokens_details.cached_tokens",),
            "cache_write_tokens": ("prompt_tokens_details.cache_write_tokens",),
            "output_tokens": ("completion_tokens",),
            "reasoning_tokens": ("completion_tokens_details.reasoning_tokens",),
            "service_tier": ("service_tier",),
        },
        {},
    ),
    "openai_responses": UsageShape(
        "inclusive",
        {
            "input_tokens": ("input_tokens",),
            "cache_read_tokens": ("input_tokens_details.cached_tokens",),
            "cache_write_tokens": ("input_tokens_details.cache_write_tokens",),
            "cache_write_30m_tokens": (
                "input_tokens_details.cache_write_tokens_details.ttl_30m_tokens",
            ),
            "cache_write_12h_tokens": (
                "input_tokens_details.cache_write_tokens_details.ttl_12h_tokens",
            ),
            "output_tokens": ("output_tokens",),
            "reasoning_tokens": ("output_tokens_details.reasoning_tokens",),
            "service_tier": ("service_tier",),
        },
        {},
    ),
    # The REST API writes camelCase, the Python client dumps snake_case.
    "gemini": UsageShape(
        "inclusive_reasoning_beside",
        {
            "cache_read_tokens": ("cachedContentTokenCount", "cached_content_token_count"),
            "output_tokens": ("candidatesTokenCount", "candidates_token_count"),
            "reasoning_tokens": ("thoughtsTokenCount", "thoughts_token_count"),
        },
        # Tokens that tools put into the prompt are billed as input and stand beside it.
        {
            "input_tokens": (
                "promptTokenCount",
                "toolUsePromptTokenCount",
                "prompt_token_count",
                "tool_use_prompt_token_count",
            ),
        },
    ),
    "bedrock_converse": UsageShape(
        "disjoint",
        {
            "input_tokens": ("inputTokens",),
            "cache_read_tokens": ("cacheReadInputTokens",),
            "cache_write_tokens": ("cacheWriteInputTokens",),
            "output_tokens": ("outputTokens",),
        },
        {},
    ),
}
