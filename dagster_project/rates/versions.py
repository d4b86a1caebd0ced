"""What changed between two versions of the card, on the price list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.card import OPEN_END, CardRow, Cell, VersionRow
from dagster_project.rates.exact import plain

_RATIO_PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class PriceChange:
    """One price that two versions do not share, for a band and a period.

    An empty text stands for a missing price or an open end.
    """

    change: str  # added | removed | changed
    channel: str
    model_key: str
    meter: str
    processing: str
    service_tier: str
    geo: str
    schedule: str
    ctx_min_tokens: str
    ctx_max_tokens: str
    valid_from: str
    valid_to: str
    old_price: str
    new_price: str
    ratio: str
    source: str


def find_version(versions: Sequence[VersionRow], name: str) -> int:
    """Return the number of a version given as a number or by its full name."""
    for row in versions:
        if name in {row.version_number, row.rate_card_version}:
            return int(row.version_number)
    known = ", ".join(f"{row.version_number} ({row.rate_card_version})" for row in versions)
    raise ConfigurationError(f"no version {name!r} of the rate card; known: {known or 'none'}")


def rows_of(card: Iterable[CardRow], version: int) -> list[CardRow]:
    """Return the rows of one version. Version 0 is the empty card before the first."""
    return [row for row in card if row.is_in(version)]


def diff(card: Sequence[CardRow], old: int, new: int) -> list[PriceChange]:
    """Compare what two versions charge, call by call: every band and period with another price.

    A note or a source that changed, or a row that was cut in two, is no price change.
    """
    before = _by_cell(rows_of(card, old))
    after = _by_cell(rows_of(card, new))
    changes = []
    for cell in sorted(before.keys() | after.keys()):
        was, now = before.get(cell, []), after.get(cell, [])
        # Rows of both versions are the same for most cells.
        if {row.content for row in was} != {row.content for row in now}:
            changes += _cell_changes(was, now)
    return changes


def _by_cell(rows: Iterable[CardRow]) -> dict[Cell, list[CardRow]]:
    cells: dict[Cell, list[CardRow]] = defaultdict(list)
    for row in rows:
        cells[row.cell].append(row)
    return cells


def _cell_changes(old: list[CardRow], new: list[CardRow]) -> list[PriceChange]:
    """Cut both versions at all limits of either, and join what follows at the same two prices."""
    rows = [*old, *new]
    bands = sorted({int(row.ctx_min_tokens) for row in rows} | {_last(row) for row in rows})
    instants = sorted({row.valid_from for row in rows} | {row.end for row in rows})
    changes = []
    for start, end in pairwise(bands):
        pieces: list[tuple[str, str, CardRow | None, CardRow | None]] = []
        for since, until in pairwise(instants):
            was, now = _at(old, start, since), _at(new, start, since)
            if pieces and pieces[-1][1] == since and _same(pieces[-1], was, now):
                pieces[-1] = (pieces[-1][0], until, *pieces[-1][2:])
            else:
                pieces.append((since, until, was, now))
        changes += [
            _change(was, now, (start, end), (since, until))
            for since, until, was, now in pieces
            if _rate(was) != _rate(now)
        ]
    return changes


# Beyond every prompt; stands for an open band.
_OPEN_BAND = 10**12


def _last(row: CardRow) -> int:
    return _OPEN_BAND if row.ctx_max is None else row.ctx_max


def _at(rows: list[CardRow], tokens: int, instant: str) -> CardRow | None:
    for row in rows:
        if int(row.ctx_min_tokens) <= tokens < _last(row) and row.valid_from <= instant < row.end:
            return row
    return None


def _rate(row: CardRow | None) -> Fraction | None:
    return None if row is None else row.rate


def _same(
    piece: tuple[str, str, CardRow | None, CardRow | None],
    was: CardRow | None,
    now: CardRow | None,
) -> bool:
    return (_rate(piece[2]), _rate(piece[3])) == (_rate(was), _rate(now))


def _change(
    old: CardRow | None, new: CardRow | None, band: tuple[int, int], period: tuple[str, str]
) -> PriceChange:
    row = new or old
    if row is None:
        raise ValueError("a change needs at least one side")
    kind = "changed" if old and new else "added" if new else "removed"
    ratio = ""
    if old and new and old.rate:
        quotient = new.rate / old.rate
        exact = Decimal(quotient.numerator) / Decimal(quotient.denominator)
        ratio = plain(exact.quantize(_RATIO_PLACES, ROUND_HALF_UP))
    return PriceChange(
        kind,
        row.channel,
        row.model_key,
        row.meter,
        row.processing,
        row.service_tier,
        row.geo,
        row.schedule,
        str(band[0]),
        "" if band[1] == _OPEN_BAND else str(band[1]),
        period[0],
        "" if period[1] == OPEN_END else period[1],
        _price(old),
        _price(new),
        ratio,
        row.source,
    )


def _price(row: CardRow | None) -> str:
    return f"{row.published_price} per {row.published_per}" if row else ""
