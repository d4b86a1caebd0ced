"""Prices a case from LiteLLM's price file, by the meaning of its keys, in exact decimals.

A key that is missing for a tier falls back to the standard key, as LiteLLM does. Where its own
calculator asks fewer keys than the file has, the file counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal, localcontext
from functools import cached_property
from typing import Any

from dagster_project.rates.compare.cases import Case
from dagster_project.rates.compare.litellm_file import Entry, PriceFile
from dagster_project.rates.compare.outcomes import NO_UNIT, NOT_FOUND, Answer
from dagster_project.rates.compare.quantities import Quantities, read_usage, with_iterations

# 19 digits of tokens times 15 of price stay exact.
DIGITS = 60
HALF = Decimal("0.5")

# LiteLLM's name of a tier in its keys.
TIER_SUFFIXES = {
    "flex": "_flex",
    "priority": "_priority",
    "fast": "_priority",
    "ultrafast": "_ultrafast",
}
BATCH_SUFFIX = "_batches"
INPUT, OUTPUT = "input_cost_per_token", "output_cost_per_token"
CACHE_READ, CACHE_WRITE = "cache_read_input_token_cost", "cache_creation_input_token_cost"
WRITE_1H, WRITE_12H = f"{CACHE_WRITE}_above_1hr", f"{CACHE_WRITE}_above_12hr"
THRESHOLD = re.compile(r"_above_(\d+)(k?)_tokens")
OFF_PEAK_KEYS = frozenset({INPUT, OUTPUT, CACHE_READ, CACHE_WRITE})

# xAI's higher price starts at the threshold; every other one starts after it.
INCLUSIVE_CHANNELS = frozenset({"xai"})

# Azure data zones that have names of their own; others are looked up as global.
AZURE_ZONES = {"data_zone_us": "us", "data_zone_eu": "eu"}


def price(case: Case, prices: PriceFile) -> Answer:
    """Ask LiteLLM's price file for a case."""
    # Its reader of Anthropic's answers adds the iterations up.
    counted = read_usage(with_iterations(case.usage), case.channel)
    entry = find_entry(case, counted, prices.entries)
    if entry is None:
        return Answer.none(NO_UNIT if counted.is_other_charge else NOT_FOUND)
    if counted.is_other_charge:
        return Answer.none(NO_UNIT)
    with localcontext() as context:
        context.prec = DIGITS
        asked = Asked(entry, case, counted)
        amount = asked.tokens_usd() * asked.token_factor() + asked.fees_usd()
    if counted.counted() and not asked.used_keys:
        return Answer.none(NO_UNIT)
    return Answer(amount)


def find_entry(case: Case, counted: Quantities, entries: dict[str, Entry]) -> Entry | None:
    """Look a model up under the exact names that LiteLLM gives it at this channel."""
    if counted.container_minutes:
        return entries.get(f"{case.channel}/container")
    return next((entries[name] for name in _names(case) if name in entries), None)


def _names(case: Case) -> list[str]:
    model = case.model
    if model.startswith("ft:"):
        # The file holds `ft:<base>`; the organisation and the run's name follow the second colon.
        model = ":".join(model.split(":")[:2])
    if case.channel == "aws":
        model = model.rsplit("/", 1)[-1]
        return [f"bedrock/{case.geo}/{model}", model, f"bedrock/{model}"]
    if case.channel == "azure":
        zone = AZURE_ZONES.get(case.geo, "global")
        names = [f"azure/{zone}/{model}", f"azure/{model}", f"azure_ai/{model}"]
        return [*names, f"azure/global-standard/{model}"]
    if case.channel == "google":
        prefixes = ["gemini/", "vertex_ai/"]
        if case.raw_channel == "vertex_ai" or case.geo != "global":
            prefixes.reverse()
        model = model.rsplit("/", 1)[-1]
        return [*(prefix + model for prefix in prefixes), model]
    model = model.removeprefix(f"{case.channel}/")
    return [f"{case.channel}/{model}", model]


@dataclass
class Asked:
    """One entry asked for one case; `used_keys` names every key that gave a price."""

    entry: Entry
    case: Case
    counted: Quantities

    def __post_init__(self) -> None:
        self.used_keys: set[str] = set()

    @property
    def suffix(self) -> str:
        """The ending of keys for this case's processing and tier."""
        if self.case.is_batch:
            return BATCH_SUFFIX
        is_speed = self.case.channel == "anthropic" and self.case.service_tier == "fast"
        return "" if is_speed else TIER_SUFFIXES.get(self.case.service_tier, "")

    @cached_property
    def crossed(self) -> list[str]:
        """The thresholds that the whole prompt has passed, as the keys say it, highest first."""
        found = {match[0]: match for key in self.entry if (match := THRESHOLD.search(key))}
        is_inclusive = self.case.channel in INCLUSIVE_CHANNELS
        passed = []
        for text, match in found.items():
            tokens = int(match[1]) * (1000 if match[2] else 1)
            prompt = self.counted.input_tokens
            if prompt > tokens or (is_inclusive and prompt == tokens):
                passed.append((tokens, text))
        return [text for _, text in sorted(passed, reverse=True)]

    @cached_property
    def tier(self) -> Entry:
        """The row of a `tiered_pricing` table for this prompt; empty without such a table."""
        rows = sorted(self.entry.get("tiered_pricing") or [], key=lambda row: row["range"][0])
        prompt = self.counted.input_tokens
        return next((row for row in rows if prompt <= row["range"][1]), rows[-1] if rows else {})

    @cached_property
    def off_peak(self) -> Entry:
        """The off-peak prices that are in force at this instant; empty at all other times."""
        block = self.entry.get("off_peak_pricing") or {}
        return block if _is_off_peak(block, self.case.requested_at) else {}

    def own_rate(self, prefix: str) -> Decimal | None:
        """Return the price under a key family: off-peak, else tiered, else tier and threshold."""
        if prefix in OFF_PEAK_KEYS and (rate := self._used(self.off_peak, prefix)) is not None:
            return rate
        if (rate := self._used(self.tier, prefix)) is not None:
            return rate
        bands = [*self.crossed, ""]
        special = [f"{prefix}{band}{self.suffix}" for band in bands] if self.suffix else []
        standard = [f"{prefix}{band}" for band in bands]
        if self.case.is_batch:
            for key in special:
                if (rate := self._used(self.entry, key)) is not None:
                    return rate
            # Without batch keys a price is halved; cached tokens of a model that has some are not
            # cheaper than its other input.
            if self._is_without_batch_keys or prefix.startswith("output"):
                return self._halved(standard)
            return None
        if special:
            standard = [key for pair in zip(special, standard, strict=True) for key in pair]
        return self._first(standard)

    def rate(self, *prefixes: str) -> Decimal:
        """Return the first price that a family has; a meter without any costs nothing."""
        found = (self.own_rate(prefix) for prefix in prefixes)
        return next((rate for rate in found if rate is not None), Decimal(0))

    def tokens_usd(self) -> Decimal:
        """Price every token once, in the most particular family that it belongs to."""
        counted = self.counted
        audio_read, image_read = counted.cache_read_audio_tokens, counted.cache_read_image_tokens
        audio = max(counted.input_audio_tokens - audio_read, 0)
        image = max(counted.input_image_tokens - image_read, 0)
        writes_12h = counted.cache_write_12h_tokens
        writes = counted.cache_write_tokens - counted.cache_write_1h_tokens - writes_12h
        apart = audio + image + counted.input_video_tokens
        plain = counted.input_tokens - counted.cache_read_tokens - counted.cache_write_tokens
        answer_apart = counted.output_audio_tokens + counted.output_image_tokens
        reasoning = counted.output_reasoning_tokens
        text = counted.output_tokens - answer_apart - reasoning
        parts = (
            (max(plain - apart, 0), (INPUT,)),
            (counted.cache_read_tokens - audio_read - image_read, (CACHE_READ, INPUT)),
            (audio_read, ("cache_read_input_audio_token_cost", CACHE_READ, INPUT)),
            (image_read, ("cache_read_input_image_token_cost", CACHE_READ, INPUT)),
            (writes, (CACHE_WRITE, INPUT)),
            (counted.cache_write_1h_tokens, (WRITE_1H, CACHE_WRITE, INPUT)),
            (writes_12h, (WRITE_12H, CACHE_WRITE, INPUT)),
            (audio, ("input_cost_per_audio_token", INPUT)),
            (image, ("input_cost_per_image_token", INPUT)),
            (counted.input_video_tokens, ("input_cost_per_video_token", INPUT)),
            (max(text, 0), (OUTPUT, "output_cost_per_image_token")),
            (reasoning, self._reasoning_families()),
            (counted.output_audio_tokens, ("output_cost_per_audio_token", OUTPUT)),
            (counted.output_image_tokens, ("output_cost_per_image_token", OUTPUT)),
        )
        return sum(
            (tokens * self.rate(*families) for tokens, families in parts if tokens), Decimal(0)
        )

    def token_factor(self) -> Decimal:
        """Return the product of the entry's factors for region and fast mode."""
        factor, geo = Decimal(1), self.case.geo
        special = self.entry.get("provider_specific_entry") or {}
        if self.case.channel == "anthropic":
            factor *= special.get(geo, 1)
            if self.case.service_tier == "fast":
                factor *= special.get("fast", 1)
        elif geo != "global" and self.case.channel == "openai":
            region = "us" if geo == "us" else "eu"
            factor *= self.entry.get(f"regional_processing_uplift_multiplier_{region}", 1)
        elif geo != "global" and self.case.channel == "google":
            factor *= self.entry.get("regional_endpoint_uplift_multiplier", 1)
        return factor

    def fees_usd(self) -> Decimal:
        """Price calls, seconds, characters, pages and images; no tier or region applies."""
        counted = self.counted
        searches = self.entry.get("search_context_cost_per_query") or {}
        grounded = counted.web_searches
        if self.entry.get("web_search_billing_unit", "per_prompt") == "per_query":
            grounded += counted.grounding_queries
        else:
            grounded += counted.grounded_prompts
        fees: tuple[tuple[Decimal | int, tuple[str, ...]], ...] = (
            (counted.audio_seconds, ("input_cost_per_second", "output_cost_per_second")),
            (counted.video_seconds, _video_keys(counted.video_size)),
            (counted.characters, ("input_cost_per_character",)),
            (counted.pages, (f"ocr_cost_per_page{self.suffix}", "ocr_cost_per_page")),
            (counted.annotated_pages, ("annotation_cost_per_page",)),
            (counted.output_images, ("output_cost_per_image", "input_cost_per_image")),
            (counted.rerank_searches, ("input_cost_per_query",)),
            (counted.maps_prompts, ("google_maps_grounding_cost_per_query",)),
            (1 if counted.container_minutes else 0, ("code_interpreter_cost_per_session",)),
        )
        total = sum((quantity * (self._first(keys) or 0) for quantity, keys in fees if quantity), 0)
        if grounded:
            total += grounded * (self._used(searches, "search_context_size_medium") or 0)
        if counted.file_searches:
            rate = self._first(("file_search_cost_per_1k_calls",)) or 0
            total += counted.file_searches * rate * Decimal("0.001")
        return Decimal(total)

    def _reasoning_families(self) -> tuple[str, ...]:
        """A tier's output price covers reasoning, unless the tier has a price for that too."""
        own = "output_cost_per_reasoning_token"
        if self.suffix and f"{own}{self.suffix}" not in self.entry:
            return (OUTPUT,)
        return (own, OUTPUT)

    @cached_property
    def _is_without_batch_keys(self) -> bool:
        return f"{INPUT}{BATCH_SUFFIX}" not in self.entry

    def _halved(self, keys: list[str]) -> Decimal | None:
        rate = self._first(keys)
        return None if rate is None else rate * HALF

    def _first(self, keys: list[str] | tuple[str, ...]) -> Decimal | None:
        found = (self._used(self.entry, key) for key in keys)
        return next((rate for rate in found if rate is not None), None)

    def _used(self, prices: Entry, key: str) -> Decimal | None:
        value = prices.get(key)
        if value is None:
            return None
        self.used_keys.add(key)
        return Decimal(str(value))


def _video_keys(size: str) -> tuple[str, ...]:
    return (
        *([f"output_cost_per_second_{size}"] if size else []),
        "output_cost_per_video_per_second",
        "output_cost_per_second",
    )


def _is_off_peak(block: Entry, at: datetime) -> bool:
    """Windows are UTC, half-open, may pass midnight; equal ends are the whole day."""
    rules: list[Any] = [{"hours_utc": block.get("hours_utc")}, *(block.get("windows") or [])]
    for rule in rules:
        hours = rule.get("hours_utc") or []
        days = rule.get("weekdays")
        if days is not None and at.isoweekday() not in [int(day) for day in days]:
            continue
        for window in [hours] if isinstance(hours, str) else hours:
            start, end = (time.fromisoformat(text.strip()) for text in window.split("-"))
            now = at.time()
            if start <= now < end or (start >= end and (now >= start or now < end)):
                return True
    return False
