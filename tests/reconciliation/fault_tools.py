"""What every fault needs: what it must show, where it may strike, and how a side is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from august import FIRST, LAST, MODELS, SEARCH, SOL, BillLine, Books, Call, bill_lines

D = Decimal
CENT = D("0.01")


@dataclass(frozen=True)
class Expected:
    """What a residual code must show: net USD, and the sum of sizes of its lines."""

    code: str
    net: Decimal
    moved: Decimal

    @classmethod
    def of(cls, code: str, parts: Iterable[Decimal]) -> Expected:
        """Net and moved of the parts, each on a line of its own."""
        listed = list(parts)
        return cls(code, sum(listed, D(0)), sum((abs(part) for part in listed), D(0)))


@dataclass
class Draw:
    """Chance with a memory: no model and day are drawn twice."""

    rng: Random
    taken: set[tuple[str, date]] = field(default_factory=set)

    def days(self, model: str, count: int, first: date = FIRST, last: date = LAST) -> list[date]:
        """`count` days in a row, with the day on either side of them left alone too."""
        for _ in range(500):
            start = first + timedelta(days=self.rng.randrange((last - first).days + 2 - count))
            days = [start + timedelta(days=n) for n in range(count)]
            near = {(model, start + timedelta(days=n)) for n in range(-2, count + 2)}
            if not near & self.taken:
                self.taken |= near
                return days
        raise AssertionError(f"no free days of {model}")

    def model(self, books: Books, *among: str) -> str:
        """One of the models, or of those of the provider."""
        return self.rng.choice(among or MODELS[books.provider])


Fault = Callable[[Books, Draw], list[Expected]]


@dataclass(frozen=True)
class Kind:
    """One kind of fault: the providers it is tried at, and whether it can stand beside others."""

    name: str
    inject: Fault
    providers: tuple[str, ...]
    says: str
    is_local: bool = True


def calls_of(
    calls: Iterable[Call], model: str, days: list[date], key: str | None = None
) -> list[Call]:
    return [c for c in calls if c.model == model and c.day in days and key in (None, c.key)]


def costs_of(calls: Iterable[Call], meters: Iterable[str] | None = None) -> list[Decimal]:
    """Cost per day, model, key, processing, tier, geography and meter."""
    sums: dict[tuple[object, ...], Decimal] = {}
    for call in calls:
        for meter in call.tokens:
            if meters is None or meter in meters:
                key = (call.day, call.model, call.key, call.processing, call.tier, call.geo, meter)
                sums[key] = sums.get(key, D(0)) + call.cost(meter)
    return list(sums.values())


def swap(books: Books, side: str, change: Callable[[Call], Call], calls: Iterable[Call]) -> None:
    """Replace these calls of one side by changed ones."""
    chosen = {call.call_id for call in calls}
    setattr(books, side, [
        change(call) if call.call_id in chosen else call for call in getattr(books, side)
    ])  # fmt: skip


def token_residuals(parts: list[Call], sign: int) -> list[Expected]:
    """Missing or surplus calls: tool calls are fees of their own."""
    tokens = {meter for call in parts for meter in call.tokens if meter != SEARCH}
    code = "unlogged" if sign > 0 else "over_logged"
    found = [Expected.of(code, [sign * part for part in costs_of(parts, tokens)])]
    fees = costs_of(parts, {SEARCH})
    if fees:
        fee_code = "tool_fee" if sign > 0 else code
        found.append(Expected.of(fee_code, [sign * part for part in fees]))
    return found


def moved_by_line(right: list[Call], wrong: list[Call], meters: Iterable[str] | None) -> Decimal:
    """Sizes by the lines of the bill: day, model, key or processing, and meter."""
    sums: dict[tuple[object, ...], Decimal] = {}
    for sign, calls in ((1, right), (-1, wrong)):
        for line in bill_lines(calls):
            if meters is None or line.meter in meters:
                key = (line.day, line.model, line.meter, line.key, line.processing)
                sums[key] = sums.get(key, D(0)) + sign * line.amount
    return sum((abs(part) for part in sums.values()), D(0))


def lines_of(books: Books, model: str, days: list[date], *meters: str) -> list[BillLine]:
    return [
        line
        for line in books.bill
        if line.model == model and line.day in days and (not meters or line.meter in meters)
    ]


def rewrite(books: Books, lines: list[BillLine], change: Callable[[BillLine], BillLine]) -> None:
    books.bill = [change(line) if line in lines else line for line in books.bill]


def priced_flat(books: Books) -> tuple[str, ...]:
    """Models whose prompt length does not change the price."""
    return tuple(model for model in MODELS[books.provider] if model != SOL)
