"""What a provider's own usage object counts, in one shape to ask every price list with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from decimal import ROUND_CEILING, Decimal
from typing import Any

Native = Mapping[str, Any]

CONTAINER_MINIMUM_MINUTES = 5
SECONDS_PER_MINUTE = 60
VIDEO_METER = "output_video_seconds"
CACHE_LIVES = ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")


@dataclass(frozen=True)
class Quantities:
    """Counts of one case. `input_tokens` is the whole prompt, caches and modalities inside;
    `output_tokens` is the whole answer, reasoning and modalities inside.
    """

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_write_12h_tokens: int = 0
    input_audio_tokens: int = 0
    cache_read_audio_tokens: int = 0
    input_image_tokens: int = 0
    cache_read_image_tokens: int = 0
    input_video_tokens: int = 0
    output_tokens: int = 0
    output_reasoning_tokens: int = 0
    output_audio_tokens: int = 0
    output_image_tokens: int = 0
    web_searches: int = 0
    file_searches: int = 0
    x_searches: int = 0
    grounding_queries: int = 0
    grounded_prompts: int = 0
    maps_prompts: int = 0
    rerank_searches: int = 0
    characters: int = 0
    pages: int = 0
    annotated_pages: int = 0
    output_images: int = 0
    audio_seconds: Decimal = Decimal(0)
    video_seconds: Decimal = Decimal(0)
    # "1024x1792" or "1080p", where a video names its size
    video_size: str = ""
    container_minutes: int = 0
    # a charge that no price package knows a unit for: storage, capacity, sessions …
    is_other_charge: bool = False

    def counted(self) -> dict[str, int | Decimal]:
        """Return the quantities above zero, by name."""
        return {
            field.name: value
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), int | Decimal)
            and not isinstance(value, bool)
            and value > 0
        }


def read_usage(native: Native, channel: str) -> Quantities:
    """Read a usage object by the keys that it has; an object without usage counts nothing."""
    reader = next((reader for keys, reader in READERS if native.keys() & keys), None)
    if reader is not None:
        tokens = reader(native)
    elif "prompt_tokens" in native:
        tokens = _chat(native, channel)
    else:
        tokens = Quantities()
    counted = replace(tokens, **_beside_tokens(native))
    if counted.counted() or native.keys().isdisjoint(OTHER_CHARGES):
        return counted
    return Quantities(is_other_charge=True)


def with_iterations(native: Native) -> Native:
    """Return a usage object whose tokens are those of all its iterations, where it has any.

    Anthropic's top level leaves compaction out, so only a list that reads iterations sees it.
    """
    iterations = native.get("iterations")
    if not iterations:
        return native
    summed = {
        name: sum(_count(step, name) for step in iterations)
        for name in (
            *("input_tokens", "output_tokens"),
            *("cache_read_input_tokens", "cache_creation_input_tokens"),
        )
    }
    written = [_details(step, "cache_creation") for step in iterations]
    lives = {name: sum(_count(step, name) for step in written) for name in CACHE_LIVES}
    return {**native, **summed, "cache_creation": lives}


def _responses(native: Native) -> Quantities:
    """OpenAI: Responses, realtime, images, and Anthropic objects without any cache key."""
    prompt = _details(native, "input_tokens_details", "input_token_details")
    answer = _details(native, "output_tokens_details", "output_token_details")
    cached = _details(prompt, "cached_tokens_details")
    lives = _details(prompt, "cache_write_tokens_details")
    return Quantities(
        input_tokens=_count(native, "input_tokens"),
        cache_read_tokens=_count(prompt, "cached_tokens")
        or sum(_count(cached, name) for name in ("text_tokens", "audio_tokens", "image_tokens")),
        cache_write_tokens=_count(prompt, "cache_write_tokens")
        or sum(_count(lives, name) for name in ("ttl_30m_tokens", "ttl_12h_tokens")),
        cache_write_12h_tokens=_count(lives, "ttl_12h_tokens"),
        input_audio_tokens=_count(prompt, "audio_tokens"),
        cache_read_audio_tokens=_count(cached, "audio_tokens"),
        input_image_tokens=_count(prompt, "image_tokens"),
        cache_read_image_tokens=_count(cached, "image_tokens"),
        output_tokens=_count(native, "output_tokens"),
        output_reasoning_tokens=_count(answer, "reasoning_tokens", "thinking_tokens"),
        output_audio_tokens=_count(answer, "audio_tokens"),
        output_image_tokens=_count(answer, "image_tokens"),
    )


def _chat(native: Native, channel: str) -> Quantities:
    """OpenAI chat and all that copy it; where xAI counts reasoning beside, its total says so."""
    prompt = _details(native, "prompt_tokens_details")
    answer = _details(native, "completion_tokens_details")
    reasoning = _count(answer, "reasoning_tokens")
    asked, completion = _count(native, "prompt_tokens"), _count(native, "completion_tokens")
    is_beside = channel == "xai" and _count(native, "total_tokens") != asked + completion
    return Quantities(
        input_tokens=asked,
        cache_read_tokens=_count(prompt, "cached_tokens"),
        cache_write_tokens=_count(prompt, "cache_write_tokens"),
        input_audio_tokens=_count(prompt, "audio_tokens"),
        input_image_tokens=_count(prompt, "image_tokens"),
        output_tokens=completion + (reasoning if is_beside else 0),
        output_reasoning_tokens=reasoning,
        output_audio_tokens=_count(answer, "audio_tokens"),
        output_image_tokens=_count(answer, "image_tokens"),
    )


def _anthropic(native: Native) -> Quantities:
    """Anthropic: the prompt is what was not cached, plus reads, plus writes."""
    written = _details(native, "cache_creation")
    read = _count(native, "cache_read_input_tokens")
    writes_5m, writes_1h = (_count(written, name) for name in CACHE_LIVES)
    writes = _count(native, "cache_creation_input_tokens") or writes_5m + writes_1h
    return Quantities(
        input_tokens=_count(native, "input_tokens") + read + writes,
        cache_read_tokens=read,
        cache_write_tokens=writes,
        cache_write_5m_tokens=writes_5m or writes - writes_1h,
        cache_write_1h_tokens=writes_1h,
        output_tokens=_count(native, "output_tokens"),
    )


def _bedrock_converse(native: Native) -> Quantities:
    read, writes = _count(native, "cacheReadInputTokens"), _count(native, "cacheWriteInputTokens")
    by_life = {
        entry.get("ttl"): _count(entry, "inputTokens") for entry in native.get("cacheDetails") or ()
    }
    writes_1h = by_life.get("1h", 0)
    return Quantities(
        input_tokens=_count(native, "inputTokens") + read + writes,
        cache_read_tokens=read,
        cache_write_tokens=writes,
        cache_write_5m_tokens=by_life.get("5m", writes - writes_1h),
        cache_write_1h_tokens=writes_1h,
        output_tokens=_count(native, "outputTokens"),
    )


def _gemini(native: Native) -> Quantities:
    """Gemini: the prompt holds what was cached; thoughts and tool prompts stand beside."""
    thoughts = _count(native, "thoughtsTokenCount")
    prompt, cached = (
        _by_modality(native, name) for name in ("promptTokensDetails", "cacheTokensDetails")
    )
    answer = _by_modality(native, "candidatesTokensDetails")
    return Quantities(
        input_tokens=_count(native, "promptTokenCount") + _count(native, "toolUsePromptTokenCount"),
        cache_read_tokens=_count(native, "cachedContentTokenCount"),
        cache_read_audio_tokens=cached.get("AUDIO", 0),
        cache_read_image_tokens=cached.get("IMAGE", 0),
        input_audio_tokens=prompt.get("AUDIO", 0),
        input_image_tokens=prompt.get("IMAGE", 0),
        input_video_tokens=prompt.get("VIDEO", 0),
        output_tokens=_count(native, "candidatesTokenCount") + thoughts,
        output_reasoning_tokens=thoughts,
        output_audio_tokens=answer.get("AUDIO", 0),
        output_image_tokens=answer.get("IMAGE", 0),
    )


def _deepseek(native: Native) -> Quantities:
    hits = _count(native, "prompt_cache_hit_tokens")
    return Quantities(
        input_tokens=hits + _count(native, "prompt_cache_miss_tokens"),
        cache_read_tokens=hits,
        output_tokens=_count(native, "completion_tokens"),
    )


def _cohere(native: Native) -> Quantities:
    billed = _details(native, "billed_units")
    return Quantities(
        input_tokens=_count(billed, "input_tokens"),
        output_tokens=_count(billed, "output_tokens"),
        rerank_searches=_count(billed, "search_units"),
    )


def _beside_tokens(native: Native) -> dict[str, Any]:
    """Calls, seconds, characters, pages and images: as the provider nests them, or outright."""
    items, server = _details(native, "output_items"), _details(native, "server_tool_use")
    xai = _details(native, "server_side_tool_usage_details")
    queries = _length(_details(native, "groundingMetadata"), "webSearchQueries")
    counted: dict[str, int | Decimal] = {
        "web_searches": _count(items, "web_search_call")
        + _count(server, "web_search_requests")
        + _count(xai, "web_search_calls")
        + _count(native, "web_search_calls")
        + _count(native, "web_search_preview_calls"),
        "file_searches": _count(items, "file_search_call") + _count(native, "file_search_calls"),
        "x_searches": _count(xai, "x_search_calls") + _count(native, "x_search_calls"),
        "grounding_queries": queries + _count(native, "grounding_search_queries"),
        # a prompt that searched at all is one grounded prompt
        "grounded_prompts": min(queries, 1) + _count(native, "grounded_prompts"),
        "maps_prompts": _count(native, "maps_grounding_prompts"),
        "rerank_searches": _count(native, "rerank_searches"),
        "characters": _count(native, "characters", "input_characters"),
        "pages": _count(_details(native, "usage_info"), "pages_processed")
        + _count(native, "input_pages"),
        "annotated_pages": _count(native, "annotated_pages"),
        "output_images": _count(native, "images", "output_images"),
    }
    found: dict[str, Any] = {name: value for name, value in counted.items() if value}
    return {**found, **_durations(native), **_container(native)}


def _durations(native: Native) -> dict[str, Any]:
    outright = {
        name.removeprefix(VIDEO_METER).removeprefix("_"): _amount(native, name)
        for name in native
        if name.startswith(VIDEO_METER)
    }
    if outright:
        size, seconds = next(iter(outright.items()))
        return {"video_seconds": seconds, "video_size": size}
    seconds = _amount(native, "seconds", "audio_seconds", "prompt_audio_seconds")
    if "size" in native:
        return {"video_seconds": seconds, "video_size": str(native["size"])}
    return {"audio_seconds": seconds} if seconds else {}


def _container(native: Native) -> dict[str, Any]:
    if "memory_gb" not in native:
        return {}
    seconds = _amount(native, "session_seconds")
    minutes = int((seconds / SECONDS_PER_MINUTE).to_integral_value(ROUND_CEILING))
    return {"container_minutes": max(minutes, CONTAINER_MINIMUM_MINUTES)}


def _by_modality(native: Native, name: str) -> dict[str, int]:
    return {
        str(entry.get("modality")): _count(entry, "tokenCount") for entry in native.get(name) or ()
    }


def _details(native: Native, *names: str) -> Native:
    found: object = next((native[name] for name in names if native.get(name)), None)
    return found if isinstance(found, Mapping) else {}


def _count(native: Native, *names: str) -> int:
    return int(_amount(native, *names))


def _amount(native: Native, *names: str) -> Decimal:
    value = next((native[name] for name in names if native.get(name)), 0)
    return Decimal(str(value))


def _length(native: Native, *names: str) -> int:
    """A count, given as a number or as the list of what was asked."""
    value = next((native[name] for name in names if native.get(name)), 0)
    return len(value) if isinstance(value, list) else int(value)


# Charges without a call: what they count is no unit of any price package.
OTHER_CHARGES = frozenset(
    {
        *("cachedContents", "cache_storage_token_seconds"),
        *("gib_days", "vector_store_bytes", "vector_store_gib_days"),
        *("ptus", "ptu_hours"),
        *("session_seconds", "agent_session_seconds", "code_execution_container_minutes"),
        *(f"container_{size}gb_minutes" for size in (1, 4, 16, 64)),
    }
)

# The first of these keys that an object has says whose it is. DeepSeek's come before the chat's
# prompt_tokens, which they stand beside.
READERS: tuple[tuple[frozenset[str], Callable[[Native], Quantities]], ...] = (
    (frozenset({"promptTokenCount", "candidatesTokenCount"}), _gemini),
    (frozenset({"inputTokens"}), _bedrock_converse),
    (frozenset({"prompt_cache_miss_tokens"}), _deepseek),
    (
        frozenset({"cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation"}),
        _anthropic,
    ),
    (frozenset({"billed_units"}), _cohere),
    (frozenset({"input_tokens"}), _responses),
)
