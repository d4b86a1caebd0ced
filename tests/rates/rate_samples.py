"""Small rows, facts and imports from which the tests of the rate card are made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from dagster_project.rates.build import BuiltCard, build_content
from dagster_project.rates.card import CardRow
from dagster_project.rates.checks import Problem, Reviewed, check_card
from dagster_project.rates.facts import FactBook, load_facts
from dagster_project.rates.imports.first_seen import FirstSeen
from dagster_project.rates.imports.genai import GenaiName
from dagster_project.rates.imports.rows import ImportRow, ListedModel
from dagster_project.rates.sources import BuildInput

BUILT_ON = "2026-11-22"
NO_REVIEW = Reviewed(FactBook(), [])

_ROW = CardRow(
    rate_id="0" * 16,
    provider="openai",
    channel="openai",
    model_key="m-1",
    meter="input_uncached_tokens",
    processing="realtime",
    service_tier="standard",
    geo="global",
    schedule="always",
    ctx_min_tokens="0",
    ctx_max_tokens="",
    published_price="2",
    published_per="1000000",
    unit_price="0.000002",
    currency="USD",
    valid_from="2026-01-01T00:00:00Z",
    valid_to="",
    valid_from_known="true",
    status="confirmed",
    source="a page",
    read_on="2026-11-01",
    note="",
)

SOURCES = {
    "genai-prices": {"version": "9.9", "released_on": "2026-11-10", "read_on": "2026-11-22"},
    "litellm": {"version": "8.8", "released_on": "2026-11-12", "read_on": "2026-11-22"},
    "azure-genai-prices": {"version": "7.7", "released_on": "2026-08-11", "read_on": "2026-11-22"},
}

HEAD = """
channel: openai
provider: openai
sources:
  page: {title: "a page", ref: "example.org", read_on: "2026-11-01"}
models:
"""


def row(**changes: str) -> CardRow:
    """Return one row of a card; the unit price follows the published one."""
    return replace(_ROW, **changes)


def imported(source: str = "litellm", **changes: str) -> ImportRow:
    """Return one imported price: 2 per million input tokens of openai's m-1."""
    values: dict[str, str] = {
        "source": source,
        "channel": "openai",
        "provider": "openai",
        "raw_model": "m-1",
        "model_key": "m-1",
        "meter": "input_uncached_tokens",
        "price": "2",
    }
    values.update(changes)
    if "raw_model" in changes and "model_key" not in changes:
        values["model_key"] = changes["raw_model"]
    return ImportRow(**values)


def named(raw_model: str, *names: str, channel: str = "openai") -> list[GenaiName]:
    """Return the clauses of a genai-prices model that matches whole names."""
    return [GenaiName(channel, raw_model, "equals", name) for name in (raw_model, *names)]


def seen(**changes: str) -> FirstSeen:
    """Return a first-seen line of LiteLLM for openai's m-1."""
    values = dict.fromkeys(FirstSeen.__dataclass_fields__, "")
    values.update(source="litellm", channel="openai", model_key="m-1")
    values.update(changes)
    return FirstSeen(**values)


def facts(folder: Path, models: str, head: str = HEAD, rest: str = "") -> FactBook:
    """Read facts written as YAML lines below `models:`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "some.yml").write_text(head + models + rest, encoding="utf-8")
    return load_facts(folder)


def given(**parts: Any) -> BuildInput:
    """Return a build input; every imported model is listed unless `listed` says otherwise."""
    source = BuildInput(sources=dict(SOURCES), **parts)
    if "listed" not in parts:
        rows = [*source.genai, *source.litellm, *source.azure]
        source.listed = sorted(
            {
                ListedModel(r.source, r.channel, r.raw_model, r.model_key, "chat", "true")
                for r in rows
            }
        )
    if "genai_names" not in parts:
        names = {(r.channel, r.raw_model) for r in source.genai}
        source.genai_names = [
            name for channel, raw in sorted(names) for name in named(raw, channel=channel)
        ]
    return source


def built(source: BuildInput) -> BuiltCard:
    """Build the content of a card."""
    return build_content(source)


def prices(card: BuiltCard, **where: str) -> list[tuple[str, str, str]]:
    """Return start, end and published price of the rows that fit, in time."""
    return [
        (found.valid_from[:10], found.valid_to[:10], found.published_price)
        for found in sorted(card.rows, key=lambda item: (item.key, item.valid_from))
        if all(getattr(found, name) == value for name, value in where.items())
    ]


def problems(source: BuildInput, **options: Any) -> list[Problem]:
    """Build and check."""
    return check_card(build_content(source), source, options.pop("built_on", BUILT_ON), **options)
