"""Prices of the genai-prices package, imported at build time and never by the nightly job."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.exact import plain
from dagster_project.rates.imports.makers import maker
from dagster_project.rates.imports.rows import ImportRow, ListedModel, Reading, is_published
from dagster_project.rates.vocabulary import day_start

SOURCE = "genai-prices"

_CHANNELS = {
    "anthropic": "anthropic",
    "aws": "aws",
    "azure": "azure",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "google": "google",
    "groq": "groq",
    "mistral": "mistral",
    "openai": "openai",
    "openrouter": "openrouter",
    "x-ai": "xai",
}

_METERS = {
    "input_mtok": ("input_uncached_tokens", 1_000_000),
    "output_mtok": ("output_tokens", 1_000_000),
    "cache_read_mtok": ("input_cache_read_tokens", 1_000_000),
    "cache_write_5m_mtok": ("input_cache_write_5m_tokens", 1_000_000),
    "cache_write_1h_mtok": ("input_cache_write_1h_tokens", 1_000_000),
    "input_audio_mtok": ("input_audio_tokens", 1_000_000),
    "cache_audio_read_mtok": ("input_audio_cache_read_tokens", 1_000_000),
    "output_audio_mtok": ("output_audio_tokens", 1_000_000),
    "input_image_mtok": ("input_image_tokens", 1_000_000),
    "cache_image_read_mtok": ("input_image_cache_read_tokens", 1_000_000),
    "output_image_mtok": ("output_image_tokens", 1_000_000),
    "storage_searches_kcount": ("file_search_calls", 1000),
    "input_mchars": ("input_characters", 1_000_000),
    "input_document_kpages": ("input_pages", 1000),
    "input_annotated_document_kpages": ("annotated_pages", 1000),
}

# Who bills a voice session by its length, and who bills the audio handed in.
_SESSION_MODELS = re.compile(r"(^|-)(live|voice|realtime)(-|$)")
_AUDIO_MODELS = re.compile(r"transcribe|whisper|translate")

_VARIANTS = {
    ("processing", "batch"): ("batch", "standard"),
    ("service_tier", "flex"): ("realtime", "flex"),
    ("service_tier", "priority"): ("realtime", "priority"),
    # OpenAI's "fast" is the new name of "priority": one tier, two spellings.
    ("service_tier", "fast"): ("realtime", "priority"),
    ("speed", "fast"): ("realtime", "fast"),
}

_PEAK_HOURS = {(1, 4), (6, 10)}


@dataclass(frozen=True, order=True)
class GenaiName:
    """One clause by which genai-prices recognises a model's name."""

    channel: str
    raw_model: str
    kind: str
    text: str


def read() -> tuple[Reading, list[GenaiName]]:
    """Normalise the installed package's prices of the eleven channels."""
    try:
        from genai_prices.data import providers  # noqa: PLC0415  build time only
    except ImportError as error:
        raise ConfigurationError(
            "the package genai-prices is not installed; it is needed for `rates import` only"
        ) from error
    return read_providers(providers)


def read_providers(providers: Iterable[Any]) -> tuple[Reading, list[GenaiName]]:
    """Normalise genai-prices' provider objects."""
    reading, names = Reading(), []
    for provider in providers:
        channel = _CHANNELS.get(provider.id)
        if not channel:
            continue
        for model in provider.models:
            names += _names(channel, model)
            rows = _model_rows(reading, channel, model)
            reading.rows += rows
            key, _ = identify(channel, model.id)
            reading.listed.append(
                ListedModel(SOURCE, channel, model.id, key, "", "true" if rows else "false")
            )
    return reading, names


def installed_version() -> tuple[str, str]:
    """Return the package's version and the sha256 of its data module."""
    from importlib.metadata import version  # noqa: PLC0415
    from importlib.util import find_spec  # noqa: PLC0415

    spec = find_spec("genai_prices.data")
    if spec is None or spec.origin is None:
        raise ConfigurationError("the package genai-prices is not installed")
    return version("genai-prices"), hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()


def identify(channel: str, raw_model: str) -> tuple[str, str]:
    """Return model key and geography of a genai-prices id; `regional.` names several profiles."""
    if channel != "aws":
        return (raw_model.lower() if channel == "azure" else raw_model), "global"
    for prefix, geo in (("global.", "global"), ("regional.", "regional")):
        if raw_model.startswith(prefix):
            return raw_model.removeprefix(prefix), geo
    return raw_model, "in_region"


def _names(channel: str, model: Any) -> list[GenaiName]:
    """List the clauses of a model's match; clauses under `and` are kept as patterns only."""
    found = []

    def visit(clause: Any) -> None:
        kind = type(clause).__name__
        if kind == "ClauseOr":
            for part in clause.or_:
                visit(part)
        elif kind == "ClauseAnd":
            for part in clause.and_:
                if type(part).__name__ != "ClauseRegex":
                    visit(part)
        else:
            kinds = {
                "ClauseEquals": "equals",
                "ClauseStartsWith": "starts_with",
                "ClauseEndsWith": "ends_with",
                "ClauseContains": "contains",
                "ClauseRegex": "regex",
            }
            name = kinds[kind]
            found.append(GenaiName(channel, model.id, name, str(getattr(clause, name))))

    visit(model.match)
    if model.match.is_match(model.id):
        # The id itself is a name, not only the package's label.
        found.append(GenaiName(channel, model.id, "equals", model.id))
    return found


def _model_rows(reading: Reading, channel: str, model: Any) -> list[ImportRow]:
    key, geo = identify(channel, model.id)
    base = ImportRow(SOURCE, channel, maker(channel, key), model.id, key, "", geo=geo)
    prices = model.prices
    periods = prices if isinstance(prices, list) else [_Undated(prices)]
    rows = _standard_rows(reading, base, periods)
    changes = sorted({row.valid_from for row in rows})
    thresholds = {
        row.meter: int(row.ctx_max_tokens)
        for row in rows
        if row.ctx_min_tokens == "0" and row.ctx_max_tokens
    }
    # Releases before 2026-10 have no variants.
    variants = getattr(model, "price_variants", None) or []
    return rows + _variant_rows(reading, base, variants, changes, thresholds)


class _Undated:
    """A single price list, in the shape of a conditional one."""

    constraint = None

    def __init__(self, prices: Any) -> None:
        self.prices = prices


def _standard_rows(reading: Reading, base: ImportRow, periods: list[Any]) -> list[ImportRow]:
    dated, timed = [], []
    for period in periods:
        constraint = period.constraint
        if constraint is None:
            dated.append(("", period.prices))
        elif hasattr(constraint, "start_date"):
            dated.append((day_start(constraint.start_date.isoformat()), period.prices))
        else:
            hours = (constraint.start_time.hour, constraint.end_time.hour)
            timed.append((hours, constraint.start_time.minute, period.prices))
    dated.sort(key=lambda item: item[0])
    rows = []
    for position, (start, prices) in enumerate(dated):
        end = dated[position + 1][0] if position + 1 < len(dated) else ""
        rows += _price_rows(reading, replace(base, valid_from=start, valid_to=end), prices)
    if not timed:
        return rows
    if {(hours, minute) for hours, minute, _ in timed} != {(hours, 0) for hours in _PEAK_HOURS}:
        # The discount hours of 2025 have no calendar here; their prices are not for all day either.
        reading.leave("time of day other than DeepSeek's 2026 peak hours", base.raw_model)
        return []
    # One entry cannot carry a date and an hour: the peak hours came with the last dated price.
    since = dated[-1][0]
    off_peak = [
        replace(row, schedule="deepseek_offpeak") if row.valid_from == since else row
        for row in rows
    ]
    peak = replace(base, schedule="deepseek_peak", valid_from=since)
    return off_peak + _price_rows(reading, peak, timed[0][2])


def _variant_rows(
    reading: Reading,
    base: ImportRow,
    variants: list[Any],
    changes: list[str],
    thresholds: Mapping[str, int],
) -> list[ImportRow]:
    """Read batch, flex, priority and fast prices.

    The package models variants from the day it first read them (October 2026); the price then is
    taken back to the start of the standard price of that day, never across a change.
    """
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for variant in variants:
        when = tuple(sorted(variant.when.items()))
        target = _VARIANTS.get(when[0]) if len(when) == 1 else None
        if not target:
            if not _is_empty(variant.prices):
                reading.leave(f"price_variants {dict(when)}", base.raw_model)
            continue
        start = variant.constraint.start_date.isoformat() if variant.constraint else ""
        groups.setdefault(target, {})[day_start(start) if start else ""] = variant.prices
    rows = []
    for (processing, tier), by_start in sorted(groups.items()):
        starts = sorted(by_start)
        for position, start in enumerate(starts):
            begin = start
            if position == 0:
                begin = max((change for change in changes if change <= start), default="")
            end = starts[position + 1] if position + 1 < len(starts) else ""
            period = replace(
                base, processing=processing, service_tier=tier, valid_from=begin, valid_to=end
            )
            rows += _price_rows(reading, period, by_start[start], thresholds)
    return rows


def _is_empty(prices: Any) -> bool:
    return all(value is None for value in vars(prices).values())


def _price_rows(
    reading: Reading,
    base: ImportRow,
    prices: Any,
    thresholds: Mapping[str, int] | None = None,
) -> list[ImportRow]:
    stated = {key: value for key, value in vars(prices).items() if value is not None}
    rows = []
    for key in sorted(stated):
        reading.read_keys[key] += 1
        found = _meter(base, key, stated)
        if found is None:
            reading.leave(key, base.raw_model)
            continue
        meter, per = found
        if not meter:
            continue
        value = stated[key]
        tiers = [(0, value)] if isinstance(value, Decimal) else [(0, value.base)]
        if not isinstance(value, Decimal):
            tiers += [(tier.start + 1, tier.price) for tier in value.tiers]
        for position, (start, price) in enumerate(tiers):
            end = str(tiers[position + 1][0]) if position + 1 < len(tiers) else ""
            if len(tiers) == 1 and thresholds and meter in thresholds:
                # Standard has a long-context price and this variant none: no rate above.
                end = str(thresholds[meter])
            if price == 0:
                reading.reject("a price of zero says nothing", f"{base.raw_model} {key}")
            elif not is_published(price):
                reading.reject("more than 9 decimals", f"{base.raw_model} {key}={plain(price)}")
            else:
                rows.append(
                    replace(
                        base,
                        meter=meter,
                        ctx_min_tokens=str(start),
                        ctx_max_tokens=end,
                        price=plain(price),
                        per=str(per),
                    )
                )
    return rows


def _meter(base: ImportRow, key: str, stated: Mapping[str, Any]) -> tuple[str, int] | None:
    """Return meter and unit of a price key; an empty meter where it repeats another price."""
    special = {
        "cache_write_mtok": _cache_write,
        "web_searches_kcount": _web_search,
        "audio_hours": _duration,
        "input_audio_hours": _duration,
        "input_video_mtok": _video,
        "output_reasoning_mtok": _reasoning,
    }
    if key in special:
        return special[key](base, key, stated)
    return _METERS.get(key)


_REPEATED = ("", 1)


def _cache_write(base: ImportRow, key: str, stated: Mapping[str, Any]) -> tuple[str, int]:
    lifetime = "30m" if base.provider == "openai" else "5m"
    return f"input_cache_write_{lifetime}_tokens", 1_000_000


def _web_search(base: ImportRow, key: str, stated: Mapping[str, Any]) -> tuple[str, int]:
    if (base.channel, base.provider) != ("google", "google"):
        return "web_search_calls", 1000
    # Up to 2.5 a grounded prompt is billed once; from 3.0 every search query is.
    old = re.match(r"^gemini-(live-)?[12]\.|^gemini-(pro|flash)(-1\.5|$)", base.model_key)
    return ("grounded_prompts" if old else "grounding_search_queries"), 1000


def _duration(base: ImportRow, key: str, stated: Mapping[str, Any]) -> tuple[str, int]:
    if key == "input_audio_hours" and "audio_hours" in stated:
        return _REPEATED
    name = base.model_key
    session = _SESSION_MODELS.search(name) and not _AUDIO_MODELS.search(name)
    return ("session_seconds" if session else "audio_seconds"), 3600


def _video(base: ImportRow, key: str, stated: Mapping[str, Any]) -> tuple[str, int] | None:
    image, text = stated.get("input_image_mtok"), stated.get("input_mtok")
    if stated[key] in {image, text}:
        return _REPEATED
    return ("input_image_tokens", 1_000_000) if image is None else None


def _reasoning(base: ImportRow, key: str, stated: Mapping[str, Any]) -> tuple[str, int] | None:
    return _REPEATED if stated[key] == stated.get("output_mtok") else None
