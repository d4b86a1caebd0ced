"""Prices a case with genai-prices, used as its own documentation says."""

from __future__ import annotations

import warnings
from decimal import Decimal
from types import ModuleType

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.compare.cases import Case
from dagster_project.rates.compare.outcomes import NO_UNIT, NOT_FOUND, Answer
from dagster_project.rates.compare.quantities import Quantities, read_usage

PROVIDER_IDS = {"xai": "x-ai"}

# Its usage keys, by the name of our quantity.
USAGE_KEYS = {
    "input_tokens": "input_tokens",
    "cache_read_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "cache_write_5m_tokens": "cache_write_5m_tokens",
    "cache_write_1h_tokens": "cache_write_1h_tokens",
    "input_audio_tokens": "input_audio_tokens",
    "cache_read_audio_tokens": "cache_audio_read_tokens",
    "input_image_tokens": "input_image_tokens",
    "cache_read_image_tokens": "cache_image_read_tokens",
    "input_video_tokens": "input_video_tokens",
    "output_tokens": "output_tokens",
    "output_reasoning_tokens": "output_reasoning_tokens",
    "output_audio_tokens": "output_audio_tokens",
    "output_image_tokens": "output_image_tokens",
    "web_searches": "web_searches",
    "grounding_queries": "web_searches",
    "grounded_prompts": "web_searches",
    "file_searches": "storage_searches",
    "x_searches": "social_searches",
    "rerank_searches": "rerank_searches",
    "characters": "input_characters",
    "pages": "input_document_pages",
    "annotated_pages": "input_annotated_document_pages",
    "audio_seconds": "audio_seconds",
}


def package() -> ModuleType:
    """Import genai-prices; raise ConfigurationError when the `rates` group is not installed."""
    try:
        import genai_prices  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(
            "genai-prices is not installed; it belongs to the optional group `rates`: "
            "pip install -e .[rates]"
        ) from error
    return genai_prices


def price(case: Case) -> Answer:
    """Ask genai-prices for a case; what it has no unit for is left out, as its users must."""
    genai_prices = package()
    counted = read_usage(case.usage, case.channel)
    known = known_usage(case, counted)
    if counted.is_other_charge or (counted.counted() and not known):
        return Answer.none(NO_UNIT)
    if "audio_seconds" in known:
        # Some of its models are priced by the general duration, some by that of the input.
        known["input_audio_seconds"] = known["audio_seconds"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = genai_prices.calc_price(
                genai_prices.Usage(**known),
                case.model,
                provider_id=PROVIDER_IDS.get(case.channel, case.channel),
                genai_request_timestamp=case.requested_at,
                price_context=price_context(case) or None,
            )
    except LookupError:
        return Answer.none(NOT_FOUND)
    except ValueError:
        # usage that contradicts itself
        return Answer.none("refused")
    return Answer(result.total_price)


def known_usage(case: Case, counted: Quantities) -> dict[str, int | Decimal]:
    """Return the arguments of its `Usage`: every quantity that it has a key for."""
    # Its one key for grounding counts what Google bills: Gemini 2's prompts, later models' queries.
    unbilled = "grounding_queries" if case.model.startswith("gemini-2") else "grounded_prompts"
    known = {
        USAGE_KEYS[name]: quantity
        for name, quantity in counted.counted().items()
        if name in USAGE_KEYS and name != unbilled
    }
    if "cache_read_tokens" in known:
        # It asks for the cached part of a modality even where that is zero.
        for modality in ("audio", "image"):
            if f"input_{modality}_tokens" in known:
                known.setdefault(f"cache_{modality}_read_tokens", 0)
    return known


def price_context(case: Case) -> dict[str, str]:
    """Return the request context that its documentation names for batch, tier and fast mode."""
    context = {"processing": "batch"} if case.is_batch else {}
    if case.service_tier != "standard":
        # Anthropic reports a speed; a tier of its own is a contract.
        is_speed = case.channel == "anthropic" and case.service_tier == "fast"
        context["speed" if is_speed else "service_tier"] = case.service_tier
    return context


def version() -> str:
    """Return the installed version."""
    return str(package().__version__)
