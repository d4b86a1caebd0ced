"""The typed price facts say what the vendors published, and the case file's sums are right."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import Any

import pytest

from dagster_project.lib.settings import PROJECT_ROOT
from dagster_project.rates.card import Line
from dagster_project.rates.facts import FactBook, FactModel, load_facts
from dagster_project.rates.vocabulary import (
    CHANNELS,
    PROCESSINGS,
    SCHEDULES,
    SERVICE_TIERS,
    is_geo,
    is_instant,
)

FACTS = PROJECT_ROOT / "dagster_project" / "rates" / "facts"
SEEDS = PROJECT_ROOT / "dbt" / "seeds"
CASES = PROJECT_ROOT / "tests" / "cases" / "prices.csv"
ROUNDED = " rounded half up at 18 places"
MILLION = 1_000_000
END = "9999-12-31T00:00:00Z"

UNPRICED_REASONS = frozenset(
    {
        "no_published_rate",
        "unknown_model",
        "unmapped_deployment",
        "unmapped_inference_profile",
        "contract_rate_required",
        "capacity_billed",
        "variant_without_reported_cost",
    }
)


# The case file speaks as a price list does; the facts name channels shortly.
CHANNEL_OF_CASES = {
    "bedrock": "aws",
    "vertex_ai": "google",
    "x-ai_direct": "xai",
}


def _channel(case: dict[str, str]) -> str:
    name = case["channel"]
    return CHANNEL_OF_CASES.get(name, name.removesuffix("_direct"))


@cache
def _book() -> FactBook:
    return load_facts(FACTS)


def _rows(path_name: str) -> list[dict[str, str]]:
    path = CASES if path_name == CASES.name else SEEDS / path_name
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _models(channel: str, name: str, day: str) -> list[FactModel]:
    """Return the models that a name means on a day."""
    return [
        model
        for model in _book().models
        if model.channel == channel
        and (
            model.model_key == name
            or any(
                alias.name == name
                and alias.valid_from <= day
                and (not alias.valid_to or day < alias.valid_to)
                for alias in model.aliases
            )
        )
    ]


def _published(
    channel: str,
    name: str,
    meter: str,
    at: str,
    *,
    prompt: int = 1000,
    processing: str = "realtime",
    tier: str = "standard",
    geo: str = "global",
    schedule: str = "always",
) -> Fraction | None:
    """Return the one price of a unit, or None; two prices or two models fail the test."""
    models = _models(channel, name, at[:10])
    assert len(models) <= 1, f"{name} means {[model.model_key for model in models]} on {at[:10]}"
    found: list[Fraction] = []
    for model in models:
        found += [
            Fraction(line.price) / line.per
            for line in model.lines
            if line.cell.meter == meter
            and line.cell.processing == processing
            and line.cell.service_tier == tier
            and line.cell.geo == geo
            and line.cell.schedule in ("always", schedule)
            and line.covers(prompt)
            and line.holds(at)
        ]
        found += [
            Fraction(fee.price) / fee.per
            for fee in model.fees
            if fee.meter == meter
            and fee.processing in ("", processing)
            and fee.service_tier in ("", tier)
            and fee.geo in ("", geo)
            and fee.valid_from <= at < (fee.valid_to or END)
        ]
    assert len(found) <= 1, f"{channel} {name} {meter} at {at}: {found}"
    return found[0] if found else None


def _before(at: str) -> str:
    """Return the second before an instant."""
    moment = datetime.fromisoformat(at) - timedelta(seconds=1)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _mtok(price: str) -> Fraction | None:
    """Return the price of one token; an empty price is none at all."""
    return Fraction(price) / MILLION if price else None


def _evaluated(arithmetic: str) -> Fraction:
    """Work out `q x p / n + …`: a term is read from left to right, terms are added."""
    total = Fraction(0)
    for term in arithmetic.split(" + "):
        first, *rest = term.split()
        value = Fraction(first)
        for sign, number in zip(rest[::2], rest[1::2], strict=True):
            assert sign in ("x", "/"), term
            value = value * Fraction(number) if sign == "x" else value / Fraction(number)
        total += value
    return total


def _at_18_places(value: Fraction) -> Fraction:
    with localcontext() as context:
        context.prec = 60
        quotient = Decimal(value.numerator) / Decimal(value.denominator)
        return Fraction(quotient.quantize(Decimal(1).scaleb(-18), rounding=ROUND_HALF_UP))


@pytest.mark.parametrize("case", _rows("prices.csv"), ids=lambda case: case["case_id"])
def test_arithmetic_of_a_case_gives_its_amount(case: dict[str, str]) -> None:
    if case["expected_status"] != "priced":
        assert case["expected_usd"] == case["arithmetic"] == ""
        assert case["expected_reason"]
        return
    assert case["expected_reason"] == ""
    terms, amount = case["arithmetic"].removesuffix(ROUNDED).split(" = ")
    assert amount == case["expected_usd"]
    worked = _evaluated(terms)
    if case["arithmetic"].endswith(ROUNDED):
        assert worked != Fraction(amount), "nothing was rounded"
        worked = _at_18_places(worked)
    assert worked == Fraction(amount)


def test_cases_are_many_and_each_says_what_decides_it() -> None:
    cases = _rows("prices.csv")
    assert len(cases) >= 110
    assert not [name for name, n in Counter(case["case_id"] for case in cases).items() if n > 1]
    assert all(case["document"] and case["category"] for case in cases)
    assert all(is_instant(case["ts_utc"]) for case in cases)


def test_every_unpriced_reason_has_a_case() -> None:
    reasons = {case["expected_reason"] for case in _rows("prices.csv")} - {""}
    assert reasons == UNPRICED_REASONS | {"cached_exceeds_input"}


IN = "input_uncached_tokens"
READ = "input_cache_read_tokens"
W5 = "input_cache_write_5m_tokens"
W1H = "input_cache_write_1h_tokens"
W30 = "input_cache_write_30m_tokens"
OUT = "output_tokens"
PEAK = {"schedule": "deepseek_peak"}
OFFPEAK = {"schedule": "deepseek_offpeak"}
LONG = {"prompt": 200_001}
FAST = {"tier": "fast"}

# Price changes that vendors announced or price lists record: per million tokens, in the second
# before the instant and at the instant.
Change = tuple[str, str, str, str, str, str, dict[str, Any]]
CHANGES: tuple[Change, ...] = (
    ("openai", "gpt-4o", IN, "2024-10-02T00:00:00Z", "5", "2.5", {}),
    ("openai", "gpt-4o", OUT, "2024-10-02T00:00:00Z", "15", "10", {}),
    ("openai", "o1-mini", IN, "2025-01-01T00:00:00Z", "3", "1.1", {}),
    ("openai", "o1-mini", OUT, "2025-01-01T00:00:00Z", "12", "4.4", {}),
    ("openai", "o3", IN, "2025-06-10T00:00:00Z", "10", "2", {}),
    ("openai", "o3", READ, "2025-06-10T00:00:00Z", "2.5", "0.5", {}),
    ("openai", "o3", OUT, "2025-06-10T00:00:00Z", "40", "8", {}),
    ("openai", "gpt-5.6-luna", IN, "2026-07-30T00:00:00Z", "1", "0.2", {}),
    ("openai", "gpt-5.6-luna", OUT, "2026-07-30T00:00:00Z", "6", "1.2", {}),
    ("openai", "gpt-5.6-terra", IN, "2026-07-30T00:00:00Z", "2.5", "2", {}),
    ("openai", "gpt-5.6-terra", OUT, "2026-07-30T00:00:00Z", "15", "12", {}),
    ("openai", "gpt-5.6-sol", IN, "2026-08-21T00:00:00Z", "5", "4", {}),
    ("openai", "gpt-5.6-sol", OUT, "2026-08-21T00:00:00Z", "30", "20", {}),
    ("anthropic", "claude-3-5-haiku-20241022", IN, "2024-12-01T00:00:00Z", "1", "0.8", {}),
    ("anthropic", "claude-3-5-haiku-20241022", OUT, "2024-12-01T00:00:00Z", "5", "4", {}),
    ("anthropic", "claude-opus-4-6", IN, "2026-03-13T00:00:00Z", "10", "5", LONG),
    ("anthropic", "claude-sonnet-4-6", OUT, "2026-03-13T00:00:00Z", "22.5", "15", LONG),
    ("anthropic", "claude-sonnet-4-5", IN, "2026-04-30T00:00:00Z", "6", "", LONG),
    ("anthropic", "claude-sonnet-5-5", READ, "2026-10-07T00:00:00Z", "0.2", "0.1", {}),
    ("anthropic", "claude-opus-4-8", IN, "2026-11-30T00:00:00Z", "10", "", FAST),
    ("google", "gemini-2.5-pro", READ, "2025-11-01T00:00:00Z", "0.3125", "0.125", {}),
    ("google", "gemini-2.5-flash", READ, "2025-11-01T00:00:00Z", "0.075", "0.03", {}),
    ("google", "gemini-3.8-flash", IN, "2027-01-01T00:00:00Z", "0.75", "1.5", {}),
    ("deepseek", "deepseek-chat", IN, "2025-02-08T16:00:00Z", "0.14", "0.27", {}),
    ("deepseek", "deepseek-chat", OUT, "2025-02-08T16:00:00Z", "0.28", "1.1", {}),
    ("deepseek", "deepseek-chat", OUT, "2025-02-26T16:30:00Z", "1.1", "0.55", OFFPEAK),
    ("deepseek", "deepseek-chat", OUT, "2025-02-26T16:30:00Z", "1.1", "1.1", PEAK),
    ("xai", "grok-4.20", IN, "2026-04-30T00:00:00Z", "2", "1.25", {}),
    ("xai", "grok-4.20", OUT, "2026-04-30T00:00:00Z", "6", "2.5", {}),
    ("mistral", "mistral-medium-latest", IN, "2026-06-16T00:00:00Z", "0.4", "1.5", {}),
    ("mistral", "mistral-medium-latest", OUT, "2026-06-16T00:00:00Z", "2", "7.5", {}),
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: " ".join(change[1:4]))
def test_price_changes_at_its_documented_second(change: Change) -> None:
    channel, name, meter, at, before, after, where = change
    assert _published(channel, name, meter, _before(at), **where) == _mtok(before)
    assert _published(channel, name, meter, at, **where) == _mtok(after)


@pytest.mark.parametrize(
    ("channel", "name", "at"),
    sorted({(channel, name, at) for channel, name, _, at, *_ in CHANGES}),
)
def test_cases_stand_on_both_sides_of_a_documented_change(channel: str, name: str, at: str) -> None:
    keys = {
        model.model_key for day in (_before(at), at) for model in _models(channel, name, day[:10])
    }
    times = [
        case["ts_utc"]
        for case in _rows("prices.csv")
        if _channel(case) == channel
        and keys
        & {
            model.model_key
            for model in _models(channel, case["response_model"], case["ts_utc"][:10])
        }
    ]
    assert [time for time in times if time < at], "no case before the change"
    assert [time for time in times if time >= at], "no case from the change on"


BATCH = {"processing": "batch"}
FLEX = {"tier": "flex"}
PRIORITY = {"tier": "priority"}
OVER_272K = {"prompt": 272_001}

# What the documents say and a rule of thumb gets wrong: price per million tokens; empty where
# the vendor publishes none.
Price = tuple[str, str, str, str, str, dict[str, Any]]
PRICES: tuple[Price, ...] = (
    # OpenAI: the batch table has rounded values and cached prices that no halving gives.
    ("openai", "gpt-5.4", READ, "2026-06-01T00:00:00Z", "0.13", BATCH),
    ("openai", "o4-mini", READ, "2026-06-01T00:00:00Z", "0.138", FLEX),
    ("openai", "gpt-3.5-turbo-1106", IN, "2026-06-01T00:00:00Z", "1", BATCH),
    ("openai", "gpt-4.1", READ, "2026-06-01T00:00:00Z", "", BATCH),
    ("openai", "ft:gpt-4o-2024-08-06", IN, "2026-06-01T00:00:00Z", "2.225", BATCH),
    ("openai", "ft:gpt-4.1-2025-04-14", READ, "2026-06-01T00:00:00Z", "0.75", {}),
    # More than 272,000 prompt tokens: the whole request, and no fast price for 5.4 and 5.5.
    ("openai", "gpt-5.4", IN, "2026-06-01T00:00:00Z", "2.5", {"prompt": 272_000}),
    ("openai", "gpt-5.4", IN, "2026-06-01T00:00:00Z", "5", OVER_272K),
    ("openai", "gpt-5.4", OUT, "2026-06-01T00:00:00Z", "22.5", OVER_272K),
    ("openai", "gpt-5.5", IN, "2026-11-01T00:00:00Z", "", {**PRIORITY, **OVER_272K}),
    ("openai", "gpt-5.6-sol", IN, "2026-11-01T00:00:00Z", "16", {**PRIORITY, **OVER_272K}),
    # Writes to the cache cost from GPT-5.6 on; residency from the models of March 2026 on.
    ("openai", "gpt-5.6-sol", W30, "2026-11-01T00:00:00Z", "5", {}),
    ("openai", "gpt-5.4", IN, "2026-06-01T00:00:00Z", "2.75", {"geo": "regional"}),
    ("openai", "gpt-4.1", IN, "2026-06-01T00:00:00Z", "2", {"geo": "regional"}),
    # Anthropic: the factors of the cache differ by model.
    ("anthropic", "claude-opus-4-8", W5, "2026-11-01T00:00:00Z", "6.25", {}),
    ("anthropic", "claude-opus-4-8", W1H, "2026-11-01T00:00:00Z", "10", {}),
    ("anthropic", "claude-opus-5-5", READ, "2026-11-01T00:00:00Z", "0.2", {}),
    ("anthropic", "claude-fable-5-1", READ, "2026-11-01T00:00:00Z", "0.25", {}),
    ("anthropic", "claude-3-haiku-20240307", W5, "2025-06-01T00:00:00Z", "0.3", {}),
    ("anthropic", "claude-haiku-5-5", IN, "2026-11-01T00:00:00Z", "0.1", {"prompt": 100_000}),
    ("anthropic", "claude-haiku-5-5", OUT, "2026-11-01T00:00:00Z", "2.5", {"prompt": 100_001}),
    ("anthropic", "claude-opus-4-6", OUT, "2026-06-01T00:00:00Z", "150", FAST),
    ("anthropic", "claude-opus-4-8", OUT, "2026-11-01T00:00:00Z", "50", FAST),
    ("anthropic", "claude-opus-4-8", OUT, "2026-11-01T00:00:00Z", "", {**FAST, **BATCH}),
    ("anthropic", "claude-opus-4-8", READ, "2026-11-01T00:00:00Z", "1.1", {**FAST, "geo": "us"}),
    ("anthropic", "claude-sonnet-4-5", IN, "2026-11-01T00:00:00Z", "", {"geo": "us"}),
    # The increase announced for September 2026 was cancelled.
    ("anthropic", "claude-sonnet-5", IN, "2026-09-01T00:00:00Z", "2", {}),
    ("anthropic", "claude-sonnet-5", OUT, "2026-09-01T00:00:00Z", "10", {}),
    # Google: a cached token costs in a batch what it costs otherwise; flex and priority do not.
    ("google", "gemini-2.5-pro", READ, "2026-06-01T00:00:00Z", "0.125", BATCH),
    ("google", "gemini-2.5-pro", IN, "2026-06-01T00:00:00Z", "0.625", BATCH),
    ("google", "gemini-2.5-pro", IN, "2026-06-01T00:00:00Z", "1.25", {"prompt": 200_000}),
    ("google", "gemini-2.5-pro", OUT, "2026-06-01T00:00:00Z", "15", LONG),
    ("google", "gemini-3.5-flash-lite", READ, "2026-11-01T00:00:00Z", "0.02", BATCH),
    ("google", "gemini-2.5-flash", "input_audio_tokens", "2026-06-01T00:00:00Z", "1", {}),
    ("google", "gemini-2.5-flash", IN, "2026-06-01T00:00:00Z", "0.15", FLEX),
    ("google", "gemini-2.5-flash", OUT, "2026-06-01T00:00:00Z", "4.5", PRIORITY),
    ("google", "gemini-4-argon", IN, "2026-11-30T23:59:59Z", "2", {}),
    ("google", "gemini-4-argon", IN, "2026-12-01T00:00:00Z", "4", {}),
    # xAI: 200,000 tokens are long already.
    ("xai", "grok-4.20", IN, "2026-06-01T00:00:00Z", "1.25", {"prompt": 199_999}),
    ("xai", "grok-4.20", IN, "2026-06-01T00:00:00Z", "2.5", {"prompt": 200_000}),
    ("xai", "grok-4.20", OUT, "2026-06-01T00:00:00Z", "10", {**PRIORITY, "prompt": 200_000}),
    ("xai", "grok-4.20", IN, "2026-06-01T00:00:00Z", "1", BATCH),
    ("xai", "grok-4.20", IN, "2026-06-01T00:00:00Z", "1.375", {"geo": "us"}),
    # DeepSeek: half outside the peak hours.
    ("deepseek", "deepseek-v4-pro", OUT, "2026-11-01T00:00:00Z", "3.96", PEAK),
    ("deepseek", "deepseek-v4-pro", OUT, "2026-11-01T00:00:00Z", "1.98", OFFPEAK),
    ("deepseek", "deepseek-v4-pro", OUT, "2026-08-16T15:59:59Z", "0.87", {}),
    # Azure: the data zones of Asia cost more than those of America and Europe.
    ("azure", "gpt-5.4", IN, "2026-07-01T00:00:00Z", "2.5", {}),
    ("azure", "gpt-5.4", IN, "2026-07-01T00:00:00Z", "2.75", {"geo": "data_zone_us"}),
    ("azure", "gpt-5.4", IN, "2026-07-01T00:00:00Z", "2.75", {"geo": "data_zone_eu"}),
    ("azure", "gpt-5.4", IN, "2026-07-01T00:00:00Z", "3", {"geo": "data_zone_apac"}),
    # Bedrock: the global profile has the vendor's list price.
    ("aws", "anthropic.claude-opus-4-8", IN, "2026-11-01T00:00:00Z", "5", {}),
    ("aws", "anthropic.claude-opus-4-8", IN, "2026-11-01T00:00:00Z", "5.5", {"geo": "eu"}),
    ("aws", "anthropic.claude-opus-4-8", IN, "2026-11-01T00:00:00Z", "5.5", {"geo": "in_region"}),
)


@pytest.mark.parametrize(
    "known", PRICES, ids=lambda known: " ".join((*known[1:4], *map(str, known[5].values())))
)
def test_price_is_the_documented_one(known: Price) -> None:
    channel, name, meter, at, price, where = known
    assert _published(channel, name, meter, at, **where) == _mtok(price)


# Charges that are no tokens: the price as the vendor prints it, for how many units.
FEES = (
    ("openai", "gpt-5.6-sol", "web_search_calls", "10", 1000),
    ("openai", "gpt-4.1", "web_search_preview_calls", "25", 1000),
    # 10 per 1,000 and 8,000 tokens of search content at 0.15 per million with each call
    ("openai", "gpt-4o-mini", "web_search_calls", "11.2", 1000),
    ("openai", "gpt-4.1-mini", "web_search_calls", "13.2", 1000),
    ("openai", "gpt-5.6-sol", "file_search_calls", "2.5", 1000),
    ("openai", "(none)", "container_1gb_minutes", "0.03", 20),
    ("openai", "(none)", "container_4gb_minutes", "0.12", 20),
    ("openai", "(none)", "container_16gb_minutes", "0.48", 20),
    ("openai", "(none)", "container_64gb_minutes", "1.92", 20),
    ("openai", "(none)", "vector_store_gib_days", "0.1", 1),
    ("openai", "gpt-live-1", "session_seconds", "0.05", 60),
    ("anthropic", "claude-opus-4-8", "web_search_calls", "10", 1000),
    ("anthropic", "claude-opus-4-8", "web_fetch_calls", "0", 1),
    ("anthropic", "(none)", "code_execution_container_minutes", "0.05", 60),
    ("anthropic", "(none)", "agent_session_seconds", "0.08", 3600),
    ("google", "gemini-2.5-flash", "grounded_prompts", "35", 1000),
    ("google", "gemini-3.8-flash", "grounding_search_queries", "14", 1000),
    ("xai", "grok-4.20", "web_search_calls", "5", 1000),
)


@pytest.mark.parametrize(("channel", "name", "meter", "price", "per"), FEES)
def test_charge_that_counts_no_tokens_is_the_documented_one(
    channel: str, name: str, meter: str, price: str, per: int
) -> None:
    found = _published(channel, name, meter, "2026-11-01T00:00:00Z")
    assert found == Fraction(price) / per


def test_name_means_one_model_of_a_channel_on_any_day() -> None:
    moved: list[str] = []
    spans: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for model in _book().models:
        spans.setdefault((model.channel, model.model_key), []).append(("", END, model.model_key))
        for alias in model.aliases:
            span = (alias.valid_from, alias.valid_to or END, model.model_key)
            spans.setdefault((model.channel, alias.name), []).append(span)
    for (channel, name), known in spans.items():
        if name == "(none)":
            continue
        moved += [
            f"{channel} {name}: {one[2]} and {other[2]}"
            for one, other in combinations(known, 2)
            if one[2] != other[2] and one[0] < other[1] and other[0] < one[1]
        ]
    assert moved == []


def test_rolling_name_follows_its_documented_days() -> None:
    def meant(channel: str, name: str, day: str) -> list[str]:
        return [model.model_key for model in _models(channel, name, day)]

    assert meant("openai", "gpt-4o", "2024-10-01") == ["gpt-4o-2024-05-13"]
    assert meant("openai", "gpt-4o", "2024-10-02") == ["gpt-4o-2024-08-06"]
    assert meant("google", "gemini-flash-latest", "2026-11-01") == ["gemini-3.8-flash"]
    before, after = (
        meant("mistral", "mistral-medium-latest", day) for day in ("2026-06-15", "2026-06-16")
    )
    assert before != after


def test_two_prices_of_a_cell_never_hold_at_once() -> None:
    places: dict[tuple[str, ...], list[Line]] = {}
    for model in _book().models:
        for line in model.lines:
            places.setdefault(line.cell[:-1], []).append(line)
    clashes = [
        f"{one.cell} {one.valid_from} / {other.valid_from}"
        for lines in places.values()
        for one, other in combinations(lines, 2)
        if one.valid_from < other.end
        and other.valid_from < one.end
        and (one.ctx_max is None or other.ctx_min < one.ctx_max)
        and (other.ctx_max is None or one.ctx_min < other.ctx_max)
        # a price at all hours clashes with one of some hours
        and (
            one.cell.schedule == other.cell.schedule
            or "always" in (one.cell.schedule, other.cell.schedule)
        )
    ]
    assert clashes == []


def test_withdrawn_price_holds_nowhere() -> None:
    assert _book().withdrawn
    for item in _book().withdrawn:
        announced = Fraction(item.price) / item.per
        held = {
            Fraction(line.price) / line.per
            for model in _book().models
            for line in model.lines
            if (model.channel, model.model_key) == (item.channel, item.model_key)
            and line.cell.meter == item.meter
            and line.cell.processing == "realtime"
            and line.cell.service_tier == "standard"
            and line.cell.geo == "global"
            and line.valid_from >= item.announced_from
        }
        assert announced not in held, item


def test_a_price_of_the_future_is_announced() -> None:
    late = [
        f"{line.cell} {line.valid_from}"
        for model in _book().models
        for line in model.lines
        if line.valid_from > max(line.read_on, "2026-11-22") and line.status != "announced"
    ]
    assert late == []


def test_day_that_nobody_published_is_marked() -> None:
    unknown = {
        (line.cell.model_key, line.valid_from[:10])
        for model in _book().models
        for line in model.lines
        if not line.valid_from_known
    }
    assert ("claude-3-5-haiku-20241022", "2024-12-01") in unknown
    assert ("gemini-2.5-pro", "2025-11-01") in unknown
    assert ("o1-mini-2024-09-12", "2025-01-01") in unknown


def test_tier_words_are_lower_case_and_lead_to_one_tier() -> None:
    rows = _rows("service_tier_aliases.csv")
    keys = [(row["channel"], row["raw_service_tier"]) for row in rows]
    assert len(keys) == len(set(keys))
    for row in rows:
        assert row["channel"] in (*CHANNELS, "*")
        assert row["raw_service_tier"] == row["raw_service_tier"].lower().strip()
        assert row["processing"] in (*PROCESSINGS, "")
        # a tier sold by contract only has a name that no list price answers to
        is_contract_tier = row["unpriced_reason"] == "contract_rate_required"
        assert row["service_tier"] in SERVICE_TIERS or is_contract_tier
        assert row["unpriced_reason"] in {*UNPRICED_REASONS, ""}


@pytest.mark.parametrize(
    ("channel", "word", "meaning"),
    [
        ("openai", "fast", ("priority", "", "")),
        ("openai", "priority", ("priority", "", "")),
        ("openai", "scale", ("scale", "", "contract_rate_required")),
        ("anthropic", "fast", ("fast", "", "")),
        ("anthropic", "batch", ("standard", "batch", "")),
        ("anthropic", "priority", ("priority", "", "contract_rate_required")),
        ("aws", "reserved", ("standard", "", "capacity_billed")),
    ],
)
def test_tier_word_means_what_its_channel_says(
    channel: str, word: str, meaning: tuple[str, str, str]
) -> None:
    (row,) = (
        row
        for row in _rows("service_tier_aliases.csv")
        if (row["channel"], row["raw_service_tier"]) == (channel, word)
    )
    assert (row["service_tier"], row["processing"], row["unpriced_reason"]) == meaning


def test_geography_words_are_lower_case_and_lead_to_a_known_geography() -> None:
    rows = _rows("geo_aliases.csv")
    keys = [(row["channel"], row["raw_geo"]) for row in rows]
    assert len(keys) == len(set(keys))
    for row in rows:
        assert row["channel"] in CHANNELS
        assert row["raw_geo"] == row["raw_geo"].lower().strip()
        assert is_geo(row["geo"]), row


def _is_peak(moment: datetime) -> bool:
    instant = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return any(
        row["valid_from"] <= instant < (row["valid_to"] or END)
        and str(moment.isoweekday()) in row["weekdays"]
        and row["utc_from"] <= moment.strftime("%H:%M") < row["utc_to"]
        for row in _rows("price_windows.csv")
    )


def test_peak_hours_are_half_open_and_leave_out_the_weekend() -> None:
    assert {row["schedule"] for row in _rows("price_windows.csv")} <= set(SCHEDULES)
    for text, is_peak in (
        ("2026-09-02T00:59:59", False),
        ("2026-09-02T01:00:00", True),
        ("2026-09-02T03:59:59", True),
        ("2026-09-02T04:00:00", False),
        ("2026-09-02T06:00:00", True),
        ("2026-09-02T10:00:00", False),
        ("2026-08-16T02:00:00", False),  # before the schedule began
        ("2026-08-22T02:00:00", True),  # weekends are off-peak from 2026-08-23 in Beijing
        ("2026-09-05T02:00:00", False),  # a Saturday
    ):
        assert _is_peak(datetime.fromisoformat(text)) is is_peak, text


def test_holidays_are_single_days_of_the_notice_for_2026() -> None:
    days = [date.fromisoformat(row["holiday_on"]) for row in _rows("price_holidays.csv")]
    assert days == sorted(set(days))
    assert len(days) == 3 + 9 + 3 + 5 + 3 + 3 + 7
    assert {date(2026, 2, 15), date(2026, 2, 23), date(2026, 9, 25), date(2026, 10, 7)} <= {*days}
    assert date(2026, 10, 8) not in days
