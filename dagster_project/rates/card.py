"""The rows of the rate card: in the builder as lines, in the seeds as text."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple, TypeVar

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.exact import plain, unit_price
from dagster_project.rates.vocabulary import SEEDS_FOLDER

CARD_SEED = SEEDS_FOLDER / "rate_card.csv"
VERSIONS_SEED = SEEDS_FOLDER / "rate_card_versions.csv"
ALIASES_SEED = SEEDS_FOLDER / "model_aliases.csv"

# After every instant that is written; an open end sorts last.
OPEN_END = "9999-12-31T00:00:00Z"
CURRENCY = "USD"

Row = TypeVar("Row")


class Cell(NamedTuple):
    """What is priced, apart from the size of the prompt and the instant."""

    channel: str
    model_key: str
    meter: str
    processing: str
    service_tier: str
    geo: str
    schedule: str


@dataclass(frozen=True)
class Line:
    """One price in the builder: a cell, a context band, a period and where it comes from."""

    provider: str
    cell: Cell
    ctx_min: int
    ctx_max: int | None
    price: Decimal
    per: int
    valid_from: str
    valid_to: str = ""
    valid_from_known: bool = True
    status: str = "confirmed"
    source: str = ""
    read_on: str = ""
    note: str = ""
    # facts | genai-prices | litellm
    layer: str = field(default="facts", compare=False)

    @property
    def end(self) -> str:
        """Return the end of the period as a text that sorts."""
        return self.valid_to or OPEN_END

    @property
    def is_token(self) -> bool:
        """Say whether the meter counts tokens of a call, which geographies and tiers scale."""
        return self.cell.meter.endswith("_tokens")

    @property
    def rate(self) -> Fraction:
        """Return the exact price of one unit, for comparing."""
        return Fraction(self.price) / self.per

    def covers(self, tokens: int) -> bool:
        """Say whether a prompt of this size falls into the band."""
        return tokens >= self.ctx_min and (self.ctx_max is None or tokens < self.ctx_max)

    def holds(self, instant: str) -> bool:
        """Say whether the price is in force at an instant."""
        return self.valid_from <= instant < self.end


@dataclass(frozen=True)
class CardRow:
    """One row of the seed rate_card, in column order; all text."""

    rate_id: str
    provider: str
    channel: str
    model_key: str
    meter: str
    processing: str
    service_tier: str
    geo: str
    schedule: str
    ctx_min_tokens: str
    ctx_max_tokens: str
    published_price: str
    published_per: str
    unit_price: str
    currency: str
    valid_from: str
    valid_to: str
    valid_from_known: str
    status: str
    source: str
    read_on: str
    note: str
    added_in: str = ""
    removed_in: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, str, str, str, int]:
        """Return what the row prices; rows sort by it."""
        return (
            self.channel,
            self.model_key,
            self.processing,
            self.service_tier,
            self.geo,
            self.schedule,
            self.meter,
            int(self.ctx_min_tokens),
        )

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Return the order of the seed: key, then start, then version."""
        return (*self.key, self.valid_from, int(self.added_in or 0), self.rate_id)

    @property
    def content(self) -> tuple[str, ...]:
        """Return all that a version freezes: every column but the two version numbers."""
        return _content(self)

    @property
    def cell(self) -> Cell:
        """Return the cell the row belongs to."""
        return Cell(
            self.channel,
            self.model_key,
            self.meter,
            self.processing,
            self.service_tier,
            self.geo,
            self.schedule,
        )

    @property
    def rate(self) -> Fraction:
        """Return the exact price of one unit, for comparing; unit_price may be rounded."""
        return Fraction(self.published_price) / int(self.published_per)

    @property
    def ctx_max(self) -> int | None:
        """Return the exclusive upper end of the band; None when open."""
        return int(self.ctx_max_tokens) if self.ctx_max_tokens else None

    @property
    def end(self) -> str:
        """Return the end of the period as a text that sorts."""
        return self.valid_to or OPEN_END

    def is_in(self, version: int) -> bool:
        """Say whether the row belongs to a version of the card."""
        if not self.added_in or int(self.added_in) > version:
            return False
        return not self.removed_in or int(self.removed_in) > version


# attrgetter and not astuple, which copies every value: 2 s of a build.
_content = attrgetter(*[column.name for column in fields(CardRow)][:-2])


@dataclass(frozen=True)
class VersionRow:
    """One row of the seed rate_card_versions."""

    version_number: str
    rate_card_version: str
    built_on: str
    is_current: str
    sha256: str
    row_count: str
    genai_prices_version: str
    litellm_version: str
    note: str


@dataclass(frozen=True, order=True)
class AliasRow:
    """One row of the seed model_aliases: a name as reported, and the model it is."""

    channel: str
    raw_model: str
    model_key: str
    provider: str
    geo: str
    valid_from: str
    valid_to: str
    rule: str
    note: str


def card_row(line: Line) -> CardRow:
    """Return the seed row of a line, without version numbers."""
    unit, is_exact = unit_price(line.price, line.per, line.cell.meter)
    note = line.note if is_exact else _joined(line.note, "unit price rounded half up at 1e-18")
    values = (
        *line.cell,
        str(line.ctx_min),
        "" if line.ctx_max is None else str(line.ctx_max),
        line.valid_from,
        plain(line.price),
        str(line.per),
        CURRENCY,
    )
    return CardRow(
        rate_id=hashlib.sha256("|".join(values).encode()).hexdigest()[:16],
        provider=line.provider,
        channel=line.cell.channel,
        model_key=line.cell.model_key,
        meter=line.cell.meter,
        processing=line.cell.processing,
        service_tier=line.cell.service_tier,
        geo=line.cell.geo,
        schedule=line.cell.schedule,
        ctx_min_tokens=str(line.ctx_min),
        ctx_max_tokens="" if line.ctx_max is None else str(line.ctx_max),
        published_price=plain(line.price),
        published_per=str(line.per),
        unit_price=plain(unit),
        currency=CURRENCY,
        valid_from=line.valid_from,
        valid_to=line.valid_to,
        valid_from_known="true" if line.valid_from_known else "false",
        status=line.status,
        source=line.source,
        read_on=line.read_on,
        note=note,
    )


def _joined(first: str, second: str) -> str:
    return f"{first}; {second}" if first else second


def read_seed(path: Path, kind: type[Row]) -> list[Row]:
    """Read a seed written by the builder; raise ConfigurationError for another header."""
    if not path.is_file():
        return []
    names = [column.name for column in fields(kind)]  # type: ignore[arg-type]
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        header = next(reader, [])
        if header != names:
            raise ConfigurationError(
                f"{path.name}: its columns are not those of a built card ({', '.join(header[:4])}…)"
            )
        return [kind(*values) for values in reader]


def seed_text(rows: Iterable[object], kind: type) -> str:
    """Return rows as the CSV text of a seed, in the order given."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    names = [column.name for column in fields(kind)]
    writer.writerow(names)
    writer.writerows(map(attrgetter(*names), rows))
    return out.getvalue()
