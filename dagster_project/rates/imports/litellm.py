"""Prices of LiteLLM's JSON, read out of a pinned wheel. The package itself is never imported."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.exact import plain, times
from dagster_project.rates.imports.makers import maker
from dagster_project.rates.imports.rows import ImportRow, ListedModel, Reading, is_published
from dagster_project.rates.vocabulary import NO_MODEL, TOKEN_METERS

SOURCE = "litellm"
PRICE_FILE = "litellm/model_prices_and_context_window_backup.json"

_CHANNELS = {
    "anthropic": "anthropic",
    "azure": "azure",
    "azure_ai": "azure",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "bedrock_mantle": "aws",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "deepseek": "deepseek",
    "gemini": "google",
    "groq": "groq",
    "mistral": "mistral",
    "openai": "openai",
    "openrouter": "openrouter",
    "text-completion-openai": "openai",
    "xai": "xai",
}

BEDROCK_PROFILES = ("global", "us", "eu", "apac", "jp", "au", "in", "ca", "us-gov")
_AZURE_ZONES = {
    "us": "data_zone_us",
    "eu": "data_zone_eu",
    "apac": "data_zone_apac",
    "global": "global",
    "global-standard": "global",
    "us-gov": "us-gov",
}
_REGION = r"[a-z]{2}(?:-gov)?-[a-z]+-\d"

_TOKEN_KEYS = {
    "input_cost_per_token": "input_uncached_tokens",
    "output_cost_per_token": "output_tokens",
    "cache_read_input_token_cost": "input_cache_read_tokens",
    "cache_creation_input_token_cost": "write",
    "cache_creation_input_token_cost_above_1hr": "input_cache_write_1h_tokens",
    "cache_creation_input_token_cost_above_12hr": "input_cache_write_12h_tokens",
    "input_cost_per_audio_token": "input_audio_tokens",
    "cache_read_input_audio_token_cost": "input_audio_cache_read_tokens",
    "input_cost_per_image_token": "input_image_tokens",
    "cache_read_input_image_token_cost": "input_image_cache_read_tokens",
    "input_cost_per_video_token": "video",
    "output_cost_per_audio_token": "output_audio_tokens",
    "output_cost_per_image_token": "output_image_tokens",
}
_MODES = {
    None: ("realtime", "standard"),
    "batches": ("batch", "standard"),
    "flex": ("realtime", "flex"),
    "priority": ("realtime", "priority"),
    "ultrafast": ("realtime", "ultrafast"),
}
_TOKEN_KEY = re.compile(
    r"^(?P<base>.+?)(?:_above_(?P<thousands>\d+)k_tokens)?"
    r"(?:_(?P<mode>batches|flex|priority|ultrafast))?$"
)
_PRICE_KEY = re.compile(r"cost|pricing|multiplier|provider_specific_entry")

_VIDEO_KEYS = {
    "output_cost_per_second": "output_video_seconds",
    "output_cost_per_video_per_second": "output_video_seconds",
    "output_cost_per_second_480p": "output_video_seconds_480p",
    "output_cost_per_second_720p": "output_video_seconds_720p",
    "output_cost_per_second_1080p": "output_video_seconds_1080p",
    "output_cost_per_second_4k": "output_video_seconds_4k",
}
_PAGE_KEYS = {
    "ocr_cost_per_page": ("input_pages", "realtime"),
    "ocr_cost_per_page_batches": ("input_pages", "batch"),
    "annotation_cost_per_page": ("annotated_pages", "realtime"),
    "annotation_cost_per_page_batches": ("annotated_pages", "batch"),
}
_NO_OUTPUT_MODES = {"embedding", "rerank", "moderation", "ocr"}
_MILLION = Decimal(1_000_000)
_THOUSAND = Decimal(1000)


def read_price_file(wheel: Path) -> tuple[dict[str, dict[str, Any]], str]:
    """Return the JSON of a wheel with every number exact, and the sha256 of its bytes."""
    if not wheel.is_file():
        raise ConfigurationError(f"no such wheel: {wheel}")
    try:
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(PRICE_FILE)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ConfigurationError(f"{wheel} is no LiteLLM wheel: {PRICE_FILE} is missing") from error
    entries = json.loads(data, parse_float=Decimal, parse_int=Decimal)
    entries.pop("sample_spec", None)
    return entries, hashlib.sha256(data).hexdigest()


def read(entries: Mapping[str, Mapping[str, Any]]) -> Reading:
    """Normalise every entry of the eleven channels."""
    reading = Reading()
    for raw_model in sorted(entries):
        entry = entries[raw_model]
        channel = channel_of(str(entry.get("litellm_provider", "")))
        if channel:
            _read_entry(reading, channel, raw_model, entry)
    return reading


def channel_of(litellm_provider: str) -> str | None:
    """Return who bills for LiteLLM's provider name; None outside the eleven channels."""
    if litellm_provider.startswith("vertex_ai"):
        return "google"
    return _CHANNELS.get(litellm_provider)


def identify(channel: str, raw_model: str) -> tuple[str, str]:
    """Return model key and geography that a LiteLLM id stands for."""
    name = raw_model
    if channel == "aws":
        return _identify_bedrock(name)
    if channel == "azure":
        name = re.sub(r"^azure(_ai)?/", "", name)
        zone, slash, rest = name.partition("/")
        if slash and zone in _AZURE_ZONES:
            return rest.lower(), _AZURE_ZONES[zone]
        return name.lower(), "global"
    prefixes = {"google": ("gemini/", "vertex_ai/"), "openai": ("openai/",)}
    for prefix in prefixes.get(channel, (f"{channel}/",)):
        if name.startswith(prefix):
            return name.removeprefix(prefix), "global"
    return name, "global"


def _identify_bedrock(name: str) -> tuple[str, str]:
    if "claude_platform/" in name:
        return name.rsplit("/", 1)[1], "global"
    # Image models carry their size before the id.
    size = re.match(r"^((?:\d+|max)-x-(?:\d+|max)/[^/]+/)(?:bedrock/)?(.+)$", name)
    if size:
        return size[1] + size[2], "in_region"
    name = re.sub(r"^bedrock(_mantle)?/", "", name)
    name = name.removeprefix("invoke/")
    region = re.match(rf"^({_REGION})/(.+)$", name)
    if region:
        return region[2], region[1]
    for profile in BEDROCK_PROFILES:
        if name.startswith(f"{profile}.") and "." in name[len(profile) + 1 :]:
            return name[len(profile) + 1 :], profile
    return name, "in_region"


def _read_entry(reading: Reading, channel: str, raw_model: str, entry: Mapping[str, Any]) -> None:
    key, geo = identify(channel, raw_model)
    base = ImportRow(SOURCE, channel, maker(channel, key), raw_model, key, "", geo=geo)
    mode = str(entry.get("mode", ""))
    rows: list[ImportRow] = []
    if "commitment" not in raw_model:
        rows = _token_rows(reading, base, mode, entry)
        rows += _fee_rows(reading, _Entry(base, mode, entry, bool(rows)))
        rows += _with_uplifts(reading, rows, entry)
        rows = _with_off_peak(reading, rows, entry)
    else:
        # Provisioned throughput: hours of capacity under a term, not usage of a model.
        reading.leave("commitment (capacity by the hour)", raw_model)
    reading.rows += rows
    listed_key = rows[0].model_key if rows else key
    reading.listed.append(
        ListedModel(SOURCE, channel, raw_model, listed_key, mode, "true" if rows else "false")
    )


def _token_rows(
    reading: Reading, base: ImportRow, mode: str, entry: Mapping[str, Any]
) -> list[ImportRow]:
    """Expand token prices onto context bands; a variant without the band is not assumed there."""
    prices: dict[tuple[str, str | None], dict[int, Decimal]] = {}
    thresholds: dict[str, set[int]] = {}
    for key, value in entry.items():
        match = _TOKEN_KEY.match(key)
        if not match or match["base"] not in _TOKEN_KEYS:
            continue
        if not isinstance(value, Decimal):
            reading.reject(f"{key} is no number", base.raw_model)
            continue
        reading.read_keys[key] += 1
        if value == 0:
            reading.reject("a price of zero says nothing", f"{base.raw_model} {key}")
            continue
        start = int(match["thousands"] or 0) * 1000
        prices.setdefault((match["base"], match["mode"]), {})[start] = value
        if start:
            thresholds.setdefault(match["base"], set()).add(start)
    if mode in _NO_OUTPUT_MODES:
        prices = {name: value for name, value in prices.items() if "output" not in name[0]}
    rows = []
    for (name, variant), by_start in prices.items():
        meter = _token_meter(reading, base, name, entry)
        if not meter:
            continue
        processing, tier = _MODES[variant]
        starts = sorted(by_start)
        for start in starts:
            above = [limit for limit in sorted(thresholds.get(name, ())) if limit > start]
            row = _priced(reading, base, name, times(by_start[start], _MILLION), 1_000_000)
            if row:
                rows.append(
                    replace(
                        row,
                        meter=meter,
                        processing=processing,
                        service_tier=tier,
                        ctx_min_tokens=str(_band_start(base, start)),
                        ctx_max_tokens=str(_band_start(base, above[0])) if above else "",
                    )
                )
    return rows


def _band_start(base: ImportRow, threshold: int) -> int:
    # xAI's page says "200K or more"; everyone else "more than".
    if threshold == 0 or base.channel == "xai":
        return threshold
    return threshold + 1


def _token_meter(
    reading: Reading, base: ImportRow, name: str, entry: Mapping[str, Any]
) -> str | None:
    meter = _TOKEN_KEYS[name]
    if meter == "write":
        # Gemini bills the making of a cache as input; before GPT-5.6 OpenAI billed no writes, and
        # LiteLLM's figure there is the cached price under its old name.
        if (base.channel, base.provider) == ("google", "google") or "gpt-4" in base.model_key:
            reading.leave(f"{name} of a model without cache writes", base.raw_model)
            return None
        return f"input_cache_write_{'30m' if base.provider == 'openai' else '5m'}_tokens"
    if meter == "video":
        image = entry.get("input_cost_per_image_token")
        if image is None and entry["input_cost_per_video_token"] != entry.get(
            "input_cost_per_token"
        ):
            return "input_image_tokens"
        if image != entry["input_cost_per_video_token"]:
            reading.leave(f"{name} (image input has another price)", base.raw_model)
        return None
    return meter


def _priced(
    reading: Reading, base: ImportRow, key: str, price: Decimal, per: int
) -> ImportRow | None:
    """Return the row with its price, or None for zero and for the trace of a float."""
    if price == 0:
        reading.reject("a price of zero says nothing", f"{base.raw_model} {key}")
        return None
    if not is_published(price):
        reading.reject("more than 9 decimals", f"{base.raw_model} {key}={plain(price)}")
        return None
    return replace(base, price=plain(price), per=str(per))


@dataclass(frozen=True)
class _Entry:
    """One model of the price file, as the readers of its fees need it."""

    base: ImportRow
    mode: str
    prices: Mapping[str, Any]
    has_tokens: bool


@dataclass(frozen=True)
class _Fee:
    """A price that is not per token. Without a meter it repeats a price that is read already."""

    meter: str = ""
    price: Decimal = Decimal(0)
    per: int = 1
    processing: str = "realtime"
    model_key: str = ""


_REPEATED = _Fee()


def _fee_rows(reading: Reading, entry: _Entry) -> list[ImportRow]:
    rows = []
    for key in sorted(entry.prices):
        token = _TOKEN_KEY.match(key)
        if not _PRICE_KEY.search(key) or (token and token["base"] in _TOKEN_KEYS):
            continue
        if key in _UPLIFT_KEYS or key in {"off_peak_pricing", "provider_specific_entry"}:
            continue
        reading.read_keys[key] += 1
        fee = _fee(entry, key, entry.prices[key])
        if fee is None:
            reading.leave(key, entry.base.raw_model)
        elif fee.meter:
            base = replace(
                entry.base,
                meter=fee.meter,
                processing=fee.processing,
                model_key=fee.model_key or entry.base.model_key,
            )
            row = _priced(reading, base, key, fee.price, fee.per)
            rows += [row] if row else []
    return rows


def _fee(entry: _Entry, key: str, value: Any) -> _Fee | None:
    """Return the fee that a key states, or None where the card has no meter for it."""
    if key == "search_context_cost_per_query":
        return _search_fee(entry, value)
    if not isinstance(value, Decimal):
        return None
    if key in _PAGE_KEYS:
        meter, processing = _PAGE_KEYS[key]
        return _Fee(meter, times(value, _THOUSAND), 1000, processing)
    if key in _FEE_READERS:
        return _FEE_READERS[key](entry, value)
    if key in _VIDEO_KEYS:
        return _video_fee(entry, key, value)
    return None


def _reasoning_fee(entry: _Entry, value: Decimal) -> _Fee | None:
    return _REPEATED if value == entry.prices.get("output_cost_per_token") else None


def _cache_hit_fee(entry: _Entry, value: Decimal) -> _Fee | None:
    return _REPEATED if value == entry.prices.get("cache_read_input_token_cost") else None


def _maps_fee(entry: _Entry, value: Decimal) -> _Fee:
    return _Fee("maps_grounding_prompts", times(value, _THOUSAND), 1000)


def _container_fee(entry: _Entry, value: Decimal) -> _Fee:
    # A session is twenty minutes of the smallest container.
    return _Fee("container_1gb_minutes", value, 20, model_key=NO_MODEL)


def _query_fee(entry: _Entry, value: Decimal) -> _Fee:
    meters = {"rerank": "rerank_searches", "search": "web_search_calls"}
    return _Fee(meters.get(entry.mode, "requests"), times(value, _THOUSAND), 1000)


def _character_fee(entry: _Entry, value: Decimal) -> _Fee | None:
    # Beside token prices it is an estimate of them.
    if entry.has_tokens:
        return None
    return _Fee("input_characters", times(value, _MILLION), 1_000_000)


def _second_fee(entry: _Entry, value: Decimal) -> _Fee | None:
    if entry.has_tokens:
        return None
    is_audio = entry.mode == "audio_transcription" or "translate" in entry.base.model_key
    return _Fee("audio_seconds" if is_audio else "session_seconds", *per_minute_or_hour(value))


def _audio_second_fee(entry: _Entry, value: Decimal) -> _Fee | None:
    return _Fee("audio_seconds", value) if entry.mode == "embedding" else None


def _image_in_fee(entry: _Entry, value: Decimal) -> _Fee | None:
    if entry.mode in {"embedding", "video_generation"}:
        return _Fee("input_images", value)
    is_alone = not entry.has_tokens and "output_cost_per_image" not in entry.prices
    # LiteLLM's old key for the price of a generated image.
    return _Fee("output_images", value) if entry.mode == "image_generation" and is_alone else None


def _image_out_fee(entry: _Entry, value: Decimal) -> _Fee | None:
    if "lyria" in entry.base.model_key:
        # One request makes one song; LiteLLM has no key of its own for it.
        return _Fee("requests", value)
    if entry.mode in {"image_generation", "image_edit"} and not entry.has_tokens:
        return _Fee("output_images", value)
    return None


def _video_fee(entry: _Entry, key: str, value: Decimal) -> _Fee | None:
    if entry.mode == "video_generation":
        return _Fee(_VIDEO_KEYS[key], value)
    same = value in {Decimal(0), entry.prices.get("input_cost_per_second")}
    return _REPEATED if entry.mode == "audio_transcription" and same else None


_FEE_READERS: dict[str, Callable[[_Entry, Decimal], _Fee | None]] = {
    "output_cost_per_reasoning_token": _reasoning_fee,
    "input_cost_per_token_cache_hit": _cache_hit_fee,
    "google_maps_grounding_cost_per_query": _maps_fee,
    "code_interpreter_cost_per_session": _container_fee,
    "input_cost_per_query": _query_fee,
    "input_cost_per_character": _character_fee,
    "input_cost_per_second": _second_fee,
    "input_cost_per_audio_per_second": _audio_second_fee,
    "input_cost_per_image": _image_in_fee,
    "output_cost_per_image": _image_out_fee,
}


# Vendors print prices per minute with up to four decimals, per hour with up to three.
_DURATIONS = ((60, 4), (3600, 3))


def per_minute_or_hour(per_second: Decimal) -> tuple[Decimal, int]:
    """Return the price per minute or hour whose quotient, to the last digit printed, is this one.

    0.000833333333333 a second is 0.05 a minute; 0.00003083 is 0.111 an hour. A price that is no
    such quotient stays a price per second.
    """
    digits = Decimal(1).scaleb(-max(1, -int(per_second.normalize().as_tuple().exponent)))
    for seconds, decimals in _DURATIONS:
        price = (per_second * seconds).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
        if price and (price / seconds).quantize(digits, ROUND_HALF_EVEN) == per_second:
            return price, seconds
    return per_second, 1


def _search_fee(entry: _Entry, value: Any) -> _Fee | None:
    """Take a search price only where it is one number; three sizes have no meter here."""
    prices = set(value.values()) if isinstance(value, Mapping) else set()
    if len(prices) != 1:
        return None
    price = prices.pop()
    if not isinstance(price, Decimal):
        return None
    meter = "web_search_calls"
    if (entry.base.channel, entry.base.provider) == ("google", "google"):
        by_query = entry.prices.get("web_search_billing_unit") == "per_query"
        meter = "grounding_search_queries" if by_query else "grounded_prompts"
    return _Fee(meter, times(price, _THOUSAND), 1000)


_UPLIFT_KEYS = (
    "regional_endpoint_uplift_multiplier",
    "regional_processing_uplift_multiplier_eu",
    "regional_processing_uplift_multiplier_us",
)


def _with_uplifts(
    reading: Reading, rows: list[ImportRow], entry: Mapping[str, Any]
) -> list[ImportRow]:
    """Expand geography and speed factors into rows of their own; only token prices scale."""
    if not rows:
        return []
    raw_model = rows[0].raw_model
    copies: list[ImportRow] = []
    factors = {entry[key] for key in _UPLIFT_KEYS if key in entry}
    geo_factors: dict[str, Decimal] = {}
    if len(factors) == 1:
        geo_factors["regional"] = factors.pop()
    elif factors:
        reading.leave("regional multipliers that differ", raw_model)
    specific = entry.get("provider_specific_entry")
    specific = dict(specific) if isinstance(specific, Mapping) else {}
    fast = specific.pop("fast", None)
    if "us" in specific:
        geo_factors["us"] = specific.pop("us")
    for key in sorted(specific):
        reading.leave(f"provider_specific_entry.{key}", raw_model)
    if fast:
        copies += [
            replace(row, service_tier="fast")
            for row in _scaled(reading, rows, Decimal(fast), "fast")
            if (row.processing, row.service_tier) == ("realtime", "standard")
        ]
    for geo, factor in geo_factors.items():
        scaled = _scaled(reading, rows + copies, Decimal(factor), geo)
        copies += [replace(row, geo=geo) for row in scaled]
    return copies


def _scaled(
    reading: Reading, rows: list[ImportRow], factor: Decimal, label: str
) -> list[ImportRow]:
    scaled = []
    for row in rows:
        if row.meter in TOKEN_METERS:
            price = times(Decimal(row.price), factor)
            copy = _priced(reading, row, f"{row.meter} x {label}", price, int(row.per))
            if copy:
                scaled.append(copy)
    return scaled


# DeepSeek: peak 01:00-04:00 and 06:00-10:00 UTC on weekdays, off-peak otherwise.
_DEEPSEEK_OFF_PEAK = [
    {"hours_utc": ["00:00-01:00", "04:00-06:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
    {"hours_utc": "00:00-00:00", "weekdays": [6, 7]},
]


def _with_off_peak(
    reading: Reading, rows: list[ImportRow], entry: Mapping[str, Any]
) -> list[ImportRow]:
    """Split the rows of a model with hours of day; an unknown calendar leaves it unpriced."""
    off_peak = entry.get("off_peak_pricing")
    if not isinstance(off_peak, Mapping) or not rows:
        return rows
    if off_peak.get("windows") != _DEEPSEEK_OFF_PEAK:
        reading.leave("off_peak_pricing with other hours", rows[0].raw_model)
        return []
    split = [replace(row, schedule="deepseek_peak") for row in rows]
    for key, value in off_peak.items():
        meter = _TOKEN_KEYS.get(key)
        if key == "windows":
            continue
        if not meter:
            reading.leave(f"off_peak_pricing.{key}", rows[0].raw_model)
            continue
        base = replace(rows[0], meter=meter, schedule="deepseek_offpeak")
        row = _priced(reading, base, key, times(value, _MILLION), 1_000_000)
        if row:
            split.append(row)
    return split
