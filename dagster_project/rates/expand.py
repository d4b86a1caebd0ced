"""Common context bands, and fees repeated for every combination of a model's token prices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from dagster_project.rates.card import OPEN_END, Cell, Line
from dagster_project.rates.facts import Fee


class Combination(NamedTuple):
    """How a call is billed, apart from the meter and the size of the prompt."""

    processing: str
    service_tier: str
    geo: str
    schedule: str


class _Slot(NamedTuple):
    combination: Combination
    ctx_min: int
    ctx_max: int | None


def expand(lines: Iterable[Line], fees: Iterable[Fee]) -> list[Line]:
    """Return all lines of one model: token prices on common bands, then its fees."""
    tokens = on_common_bands(lines)
    return tokens + fee_lines(tokens, list(fees))


def combination_of(cell: Cell) -> Combination:
    """Return the combination a cell belongs to."""
    return Combination(cell.processing, cell.service_tier, cell.geo, cell.schedule)


def on_common_bands(lines: Iterable[Line]) -> list[Line]:
    """Cut every line at the band limits of the other meters of its combination.

    A call then has one band for all of its meters, which the ledger can group by.
    """
    grouped: dict[Combination, list[Line]] = defaultdict(list)
    for line in lines:
        grouped[combination_of(line.cell)].append(line)
    cut = []
    for group in grouped.values():
        limits = {line.ctx_min for line in group}
        limits |= {line.ctx_max for line in group if line.ctx_max is not None}
        for line in group:
            inner = [
                limit
                for limit in sorted(limits)
                if limit > line.ctx_min and (line.ctx_max is None or limit < line.ctx_max)
            ]
            starts = [line.ctx_min, *inner]
            ends = [*inner, line.ctx_max]
            cut += [
                replace(line, ctx_min=start, ctx_max=end)
                for start, end in zip(starts, ends, strict=True)
            ]
    return cut


def fee_lines(tokens: list[Line], fees: list[Fee]) -> list[Line]:
    """Repeat fees for every combination and band, unscaled, as long as it has token prices."""
    slots: dict[_Slot, tuple[str, str]] = {}
    for line in tokens:
        slot = _Slot(combination_of(line.cell), line.ctx_min, line.ctx_max)
        start, end = slots.get(slot, (line.valid_from, line.end))
        slots[slot] = (min(start, line.valid_from), max(end, line.end))
    by_meter: dict[str, list[Fee]] = defaultdict(list)
    for fee in fees:
        by_meter[fee.meter].append(fee)
    found = []
    for same in by_meter.values():
        if not slots:
            found += [_line(fee, _own_slot(fee), fee.valid_from, OPEN_END) for fee in same]
            continue
        for slot, (start, end) in slots.items():
            found += [_line(fee, slot, start, end) for fee in _most_specific(same, slot)]
    return [line for line in found if line is not None]


def _own_slot(fee: Fee) -> _Slot:
    combination = Combination(
        fee.processing or "realtime", fee.service_tier or "standard", fee.geo or "global", "always"
    )
    return _Slot(combination, 0, None)


def _most_specific(fees: list[Fee], slot: _Slot) -> list[Fee]:
    """Return the fees that name the slot's processing, tier or geography, else the general ones."""
    combination = slot.combination
    fitting = [
        fee
        for fee in fees
        if fee.processing in {"", combination.processing}
        and fee.service_tier in {"", combination.service_tier}
        and fee.geo in {"", combination.geo}
    ]
    if not fitting:
        return []
    most = max(_named(fee) for fee in fitting)
    return [fee for fee in fitting if _named(fee) == most]


def _named(fee: Fee) -> int:
    return sum(bool(part) for part in (fee.processing, fee.service_tier, fee.geo))


def _line(fee: Fee, slot: _Slot, start: str, end: str) -> Line | None:
    begin = max(fee.valid_from, start)
    finish = min(fee.valid_to or OPEN_END, end)
    if begin >= finish:
        return None
    return Line(
        fee.provider,
        Cell(fee.channel, fee.model_key, fee.meter, *slot.combination),
        slot.ctx_min,
        slot.ctx_max,
        fee.price,
        fee.per,
        begin,
        "" if finish == OPEN_END else finish,
        fee.valid_from_known,
        fee.status,
        fee.source,
        fee.read_on,
        fee.note,
        fee.layer,
    )
