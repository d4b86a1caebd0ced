"""All that a build reads: facts, imported prices, first-seen bounds and the reviewed lists."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.facts import FactBook, load_facts
from dagster_project.rates.imports.first_seen import FirstSeen
from dagster_project.rates.imports.genai import GenaiName
from dagster_project.rates.imports.rows import ImportRow, ListedModel, read_rows
from dagster_project.rates.vocabulary import FACTS_FOLDER, IMPORTS_FOLDER, RATES_FOLDER

GENAI_FILE = "genai_prices.csv"
GENAI_NAMES_FILE = "genai_names.csv"
LITELLM_FILE = "litellm.csv"
AZURE_FILE = "azure_retail.csv"
LISTED_FILE = "listed_models.csv"
LITELLM_SEEN_FILE = "litellm_first_seen.csv"
GENAI_SEEN_FILE = "genai_first_seen.csv"
SOURCES_FILE = "sources.toml"

ANY = "*"
REASON_CODES = ("no_public_price", "not_a_usage_product", "not_launched")

Row = TypeVar("Row")


@dataclass(frozen=True, order=True)
class Conflict:
    """A disagreement between the card and a package, with the reason the card's price stands."""

    channel: str
    model_key: str
    meter: str
    processing: str
    service_tier: str
    geo: str
    ctx_min_tokens: str
    source: str
    their_price: str
    our_price: str
    decides: str
    reason: str

    @property
    def key(self) -> tuple[str, ...]:
        """Return the disagreement without its reason."""
        return (
            self.channel,
            self.model_key,
            self.meter,
            self.processing,
            self.service_tier,
            self.geo,
            self.ctx_min_tokens,
            self.source,
            self.their_price,
            self.our_price,
        )


@dataclass(frozen=True, order=True)
class Exclusion:
    """A listed model that the card leaves out, and why."""

    source: str
    channel: str
    raw_model: str
    reason_code: str
    note: str


@dataclass(frozen=True, order=True)
class ReviewedImport:
    """A published reason to reject a package's price, or to accept one that a check would refuse.

    `*` in a column stands for any value; `model` is a model key or the package's own id. `action`
    is reject (the price is not imported), or accept (the check `check` passes the price that
    starts `at` this instant).
    """

    source: str
    channel: str
    model: str
    meter: str
    processing: str
    service_tier: str
    geo: str
    at: str
    action: str
    check: str
    reason: str

    def speaks_of(self, *values: str, models: tuple[str, ...]) -> bool:
        """Compare source, channel, meter, processing, tier and geography with the line's."""
        mine = (
            self.source,
            self.channel,
            self.meter,
            self.processing,
            self.service_tier,
            self.geo,
        )
        return (self.model == ANY or self.model in models) and all(
            line in {ANY, value} for line, value in zip(mine, values, strict=True)
        )


@dataclass
class BuildInput:
    """Everything the card is made of; the build reads nothing else."""

    facts: FactBook = field(default_factory=FactBook)
    genai: list[ImportRow] = field(default_factory=list)
    genai_names: list[GenaiName] = field(default_factory=list)
    litellm: list[ImportRow] = field(default_factory=list)
    azure: list[ImportRow] = field(default_factory=list)
    listed: list[ListedModel] = field(default_factory=list)
    first_seen: list[FirstSeen] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)
    reviewed_imports: list[ReviewedImport] = field(default_factory=list)
    sources: dict[str, Any] = field(default_factory=dict)

    def version_of(self, source: str) -> str:
        """Return the pinned version of a source; empty when it was never imported."""
        return str(self.sources.get(source, {}).get("version", ""))

    def released_on(self, source: str) -> str:
        """Return the day on which a source's prices were current."""
        return str(self.sources.get(source, {}).get("released_on", ""))


def read_build_input(folder: Path = RATES_FOLDER) -> BuildInput:
    """Read the committed facts, imports and reviewed lists."""
    imports = folder / IMPORTS_FOLDER.name
    return BuildInput(
        facts=load_facts(folder / FACTS_FOLDER.name),
        genai=_optional(imports / GENAI_FILE, ImportRow),
        genai_names=_optional(imports / GENAI_NAMES_FILE, GenaiName),
        litellm=_optional(imports / LITELLM_FILE, ImportRow),
        azure=_optional(imports / AZURE_FILE, ImportRow),
        listed=_optional(imports / LISTED_FILE, ListedModel),
        first_seen=[
            *_optional(imports / LITELLM_SEEN_FILE, FirstSeen),
            *_optional(imports / GENAI_SEEN_FILE, FirstSeen),
        ],
        conflicts=read_reviewed(folder / "known_conflicts.csv", Conflict, ("decides", "reason")),
        exclusions=read_reviewed(folder / "exclusions.csv", Exclusion, ("reason_code", "note")),
        reviewed_imports=read_reviewed(
            folder / "reviewed_imports.csv", ReviewedImport, ("action", "reason")
        ),
        sources=_read_toml(imports / SOURCES_FILE),
    )


def read_reviewed(path: Path, kind: type[Row], needed: Sequence[str]) -> list[Row]:
    """Read a reviewed list; a line without its reason is an error."""
    if not path.is_file():
        return []
    rows = read_rows(path, kind)
    for number, row in enumerate(rows, start=2):
        for name in needed:
            if not getattr(row, name):
                raise ConfigurationError(f"{path.name} line {number}: {name} is empty")
        if isinstance(row, Exclusion) and row.reason_code not in REASON_CODES:
            raise ConfigurationError(
                f"{path.name} line {number}: reason_code {row.reason_code!r} is not one of "
                f"{', '.join(REASON_CODES)}"
            )
        if isinstance(row, ReviewedImport) and row.action not in {"reject", "accept"}:
            raise ConfigurationError(f"{path.name} line {number}: action {row.action!r}")
    return rows


def write_reviewed(path: Path, rows: Sequence[object], kind: type) -> None:
    """Write a reviewed list sorted, LF line ends."""
    names = [column.name for column in fields(kind)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        for row in sorted(rows):  # type: ignore[type-var]
            writer.writerow([getattr(row, name) for name in names])


def _optional(path: Path, kind: type[Row]) -> list[Row]:
    return read_rows(path, kind) if path.is_file() else []


def _read_toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path.name}: {error}") from error
