"""Bounds of a price's start, taken from older releases of the packages.

Each release is a dated picture. The last release that lacks the model, or shows another price,
was right on its day at the earliest: today's price is taken to start on the day after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from dagster_project.rates.imports.rows import ImportRow

ABSENT = "absent"
DIFFERENT = "different"


@dataclass(frozen=True, order=True)
class FirstSeen:
    """Since when an archive shows a model (empty meter), or a price as it is today."""

    source: str
    channel: str
    model_key: str
    meter: str
    processing: str
    service_tier: str
    geo: str
    schedule: str
    ctx_min_tokens: str
    price: str
    first_version: str
    first_on: str
    before_version: str
    before_on: str
    before: str
    before_price: str

    @property
    def starts_on(self) -> str:
        """Return the first day on which the model, or the price, is taken to be in force."""
        if not self.before_on:
            return self.first_on
        return (date.fromisoformat(self.before_on) + timedelta(days=1)).isoformat()


@dataclass
class Snapshot:
    """One release of a package: version, day of release, prices and models listed."""

    version: str
    released_on: str
    rows: list[ImportRow]
    models: set[tuple[str, str]]


_Cell = tuple[str, ...]


def first_seen(
    source: str,
    current: Sequence[ImportRow],
    models: Iterable[tuple[str, str]],
    archive: Sequence[Snapshot],
) -> list[FirstSeen]:
    """Return one line per model, and one per price that an older release shows differently."""
    releases = sorted(archive, key=lambda snapshot: snapshot.released_on)
    prices = [_by_cell(snapshot.rows) for snapshot in releases]
    found = []
    for channel, key in sorted(set(models)):
        line = _model_line(source, channel, key, releases)
        if line:
            found.append(line)
    for row in sorted(set(current)):
        # A price with a date of its own in the source needs no bound.
        if not row.valid_from:
            line = _price_line(source, row, releases, prices)
            if line:
                found.append(line)
    return sorted(set(found))


def _model_line(
    source: str, channel: str, key: str, releases: Sequence[Snapshot]
) -> FirstSeen | None:
    first = next(
        (number for number, snapshot in enumerate(releases) if (channel, key) in snapshot.models),
        None,
    )
    if first is None:
        return None
    before = releases[first - 1] if first else None
    return FirstSeen(
        source,
        channel,
        key,
        *("",) * 6,
        "",
        releases[first].version,
        releases[first].released_on,
        before.version if before else "",
        before.released_on if before else "",
        ABSENT if before else "",
        "",
    )


def _price_line(
    source: str,
    row: ImportRow,
    releases: Sequence[Snapshot],
    prices: Sequence[dict[_Cell, list[ImportRow]]],
) -> FirstSeen | None:
    """Walk back until a release shows another price; a release without the meter says nothing."""
    first = None
    for snapshot, by_cell in zip(reversed(releases), reversed(prices), strict=True):
        older = [
            candidate
            for candidate in by_cell.get(_cell(row), [])
            if _covers(candidate, int(row.ctx_min_tokens))
        ]
        if not older:
            continue
        if all(_unit(candidate) != _unit(row) for candidate in older):
            if first is None:
                return None
            return FirstSeen(
                source,
                row.channel,
                row.model_key,
                row.meter,
                row.processing,
                row.service_tier,
                row.geo,
                row.schedule,
                row.ctx_min_tokens,
                f"{row.price}/{row.per}",
                first.version,
                first.released_on,
                snapshot.version,
                snapshot.released_on,
                DIFFERENT,
                f"{older[0].price}/{older[0].per}",
            )
        first = snapshot
    return None


def _by_cell(rows: Iterable[ImportRow]) -> dict[_Cell, list[ImportRow]]:
    cells: dict[_Cell, list[ImportRow]] = defaultdict(list)
    for row in rows:
        cells[_cell(row)].append(row)
    return cells


def _cell(row: ImportRow) -> _Cell:
    return (
        row.channel,
        row.model_key,
        row.meter,
        row.processing,
        row.service_tier,
        row.geo,
        row.schedule,
    )


def _covers(row: ImportRow, tokens: int) -> bool:
    last = row.ctx_max_tokens
    return int(row.ctx_min_tokens) <= tokens and (not last or tokens < int(last))


def _unit(row: ImportRow) -> Decimal:
    # Compared crosswise, so that no division rounds: price x 3.6e9 is whole for every unit used.
    return Decimal(row.price) * (Decimal(3_600_000_000) / Decimal(row.per))
