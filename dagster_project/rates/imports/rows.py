"""One normalised price of a package, and the files of such prices."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.exact import places

# A published price with more decimals than this is the trace of a float (1.0399999999999998).
MOST_PUBLISHED_PLACES = 9

Row = TypeVar("Row")


@dataclass(frozen=True, order=True)
class ImportRow:
    """A price as a package states it, in the vocabulary of the rate card; all text."""

    source: str
    channel: str
    provider: str
    raw_model: str
    model_key: str
    meter: str
    processing: str = "realtime"
    service_tier: str = "standard"
    geo: str = "global"
    schedule: str = "always"
    ctx_min_tokens: str = "0"
    ctx_max_tokens: str = ""
    price: str = ""
    per: str = "1000000"
    valid_from: str = ""
    valid_to: str = ""


@dataclass(frozen=True, order=True)
class ListedModel:
    """A model id that a package lists, priced or not."""

    source: str
    channel: str
    raw_model: str
    model_key: str
    mode: str
    has_price: str


@dataclass
class Reading:
    """What one package gave: prices, the models it lists, and all that was not taken over."""

    rows: list[ImportRow] = field(default_factory=list)
    listed: list[ListedModel] = field(default_factory=list)
    # key or reason -> models it was seen on; nothing is left out in silence.
    unmapped: dict[str, list[str]] = field(default_factory=dict)
    rejected: dict[str, list[str]] = field(default_factory=dict)
    read_keys: Counter[str] = field(default_factory=Counter)

    def leave(self, key: str, model: str) -> None:
        """Note a price key that has no meter here."""
        self.unmapped.setdefault(key, []).append(model)

    def reject(self, reason: str, model: str) -> None:
        """Note a price that cannot be a published one."""
        self.rejected.setdefault(reason, []).append(model)


def is_published(price: Decimal) -> bool:
    """Say whether a price has as few decimals as vendors print."""
    return places(price) <= MOST_PUBLISHED_PLACES


def write_rows(path: Path, rows: Iterable[object], kind: type) -> None:
    """Write dataclass rows as CSV with LF line ends, sorted and without duplicates."""
    path.write_text(rows_text(rows, kind), encoding="utf-8", newline="")


def rows_text(rows: Iterable[object], kind: type) -> str:
    """Return dataclass rows as CSV text, sorted and without duplicates."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    names = [column.name for column in fields(kind)]
    writer.writerow(names)
    writer.writerows(sorted(set(map(attrgetter(*names), rows))))
    return out.getvalue()


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """Read a CSV file of dataclass rows; the header must name exactly its fields."""
    if not path.is_file():
        raise ConfigurationError(f"{path} is missing")
    names = [column.name for column in fields(kind)]  # type: ignore[arg-type]
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        header = next(reader, [])
        if header != names:
            raise ConfigurationError(f"{path}: the header is {header}, not {names}")
        rows = []
        for number, values in enumerate(reader, start=2):
            if len(values) != len(names):
                raise ConfigurationError(f"{path} line {number}: {len(values)} fields")
            rows.append(kind(*values))
    return rows
