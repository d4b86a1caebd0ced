"""Faults of the price that a bill takes; its counts are right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from august import (
    FIRST,
    GPT,
    HAIKU,
    IN,
    LAST,
    LONG_CONTEXT,
    MINI,
    OUT,
    READ,
    SOL,
    SOL_CUT,
    SONNET,
    WRITE_1H,
    WRITE_5M,
    BillLine,
    Books,
    unit_price,
)
from fault_tools import D, Draw, Expected, calls_of, lines_of, priced_flat, rewrite


def _repriced(
    books: Books, lines: list[BillLine], code: str, amount: Callable[[BillLine], Decimal]
) -> list[Expected]:
    parts = [amount(line) - line.amount for line in lines]
    rewrite(books, lines, lambda line: replace(line, amount=amount(line)))
    return [Expected.of(code, parts)]


def _all_at(
    books: Books, model: str, days: list[date], **how: str
) -> Callable[[BillLine], Decimal]:
    """What a line costs when every call in it is priced in another way."""

    def amount(line: BillLine) -> Decimal:
        assert line.day is not None
        calls = [
            call for call in calls_of(books.used, model, days)
            if call.day == line.day and line.key in (None, call.key)
            and (line.key is not None or (call.processing, call.geo) == (line.processing, line.geo))
        ]  # fmt: skip
        return sum((replace(call, **how).cost(line.meter) for call in calls), D(0))  # type: ignore[arg-type]

    return amount


def batch_billed_as_realtime(books: Books, draw: Draw) -> list[Expected]:
    """The batch discount is not given."""
    model = MINI if books.provider == "openai" else HAIKU
    days = draw.days(model, 3)
    lines = [
        line for line in lines_of(books, model, days)
        if line.processing == "batch" or line.key == "key_jobs"
    ]  # fmt: skip
    return _repriced(books, lines, "rate_batch", _all_at(books, model, days, processing="realtime"))


def billed_at_another_tier(books: Books, draw: Draw) -> list[Expected]:
    """Standard calls at the price of the priority tier."""
    days = draw.days(GPT, 3)
    lines = [line for line in lines_of(books, GPT, days) if line.key == "key_web"]
    return _repriced(books, lines, "rate_tier", _all_at(books, GPT, days, tier="priority"))


def billed_at_another_geography(books: Books, draw: Draw) -> list[Expected]:
    """Global calls with the US surcharge."""
    days = draw.days(SONNET, 3)
    lines = [line for line in lines_of(books, SONNET, days) if line.geo == "global"]
    return _repriced(books, lines, "rate_region", _all_at(books, SONNET, days, geo="us"))


def cached_tokens_at_the_input_price(books: Books, draw: Draw) -> list[Expected]:
    """The cache discount is not given."""
    model = draw.model(books, *priced_flat(books))
    days = draw.days(model, 3)

    def amount(line: BillLine) -> Decimal:
        at_input = _all_at(books, model, days)(replace(line, meter=READ))
        return at_input * unit_price(model, IN, FIRST) / unit_price(model, READ, FIRST)

    return _repriced(books, lines_of(books, model, days, READ), "rate_cache", amount)


def an_hour_billed_as_five_minutes(books: Books, draw: Draw) -> list[Expected]:
    """Cache writes of an hour at the price of five minutes."""
    model = draw.model(books, SONNET, HAIKU)
    days = draw.days(model, 3)

    def amount(line: BillLine) -> Decimal:
        return line.amount * unit_price(model, WRITE_5M, FIRST) / unit_price(model, WRITE_1H, FIRST)

    return _repriced(books, lines_of(books, model, days, WRITE_1H), "rate_cache", amount)


def yesterdays_price(books: Books, draw: Draw) -> list[Expected]:
    """GPT-5.6 Sol at its old price after the cut."""
    days = draw.days(SOL, 3, SOL_CUT, LAST)

    def amount(line: BillLine) -> Decimal:
        assert line.day is not None
        calls = [
            c for c in calls_of(books.used, SOL, days) if (c.day, c.key) == (line.day, line.key)
        ]
        old = SOL_CUT - timedelta(days=1)
        return sum(
            (
                call.tokens[line.meter]
                * unit_price(SOL, line.meter, old, is_long=call.prompt > LONG_CONTEXT)
                for call in calls
            ),
            D(0),
        )

    return _repriced(books, lines_of(books, SOL, days), "rate_date", amount)


def short_prompts_at_the_long_price(books: Books, draw: Draw) -> list[Expected]:
    """Prompts below the band at the price above it."""
    days = draw.days(SOL, 3)
    lines = [line for line in lines_of(books, SOL, days) if line.key == "key_web"]

    def amount(line: BillLine) -> Decimal:
        assert line.day is not None
        return (line.quantity or 0) * unit_price(SOL, line.meter, line.day, is_long=True)

    return _repriced(books, lines, "rate_context", amount)


def a_price_that_no_list_holds(books: Books, draw: Draw) -> list[Expected]:
    """Seven percent more."""
    model = draw.model(books)
    lines = lines_of(books, model, draw.days(model, 3), OUT)
    return _repriced(books, lines, "rate", lambda line: line.amount * D("1.07"))


def the_contract_is_not_honoured(books: Books, draw: Draw) -> list[Expected]:
    """List prices although the contract takes ten percent off."""
    model = draw.model(books)
    lines = lines_of(books, model, draw.days(model, 4))
    return _repriced(books, lines, "rate_contract", lambda line: line.amount / D("0.9"))


def cents_taken_for_dollars(books: Books, draw: Draw) -> list[Expected]:
    """A hundred times the amount on three days."""
    model = draw.model(books)
    lines = lines_of(books, model, draw.days(model, 3))
    return _repriced(books, lines, "unit_slip", lambda line: line.amount * 100)


def a_price_per_thousand(books: Books, draw: Draw) -> list[Expected]:
    """The price per million taken as the price per thousand, on one day."""
    model = draw.model(books)
    lines = lines_of(books, model, draw.days(model, 1))
    return _repriced(books, lines, "unit_slip", lambda line: line.amount * 1000)


def two_decimals_lost(books: Books, draw: Draw) -> list[Expected]:
    """A hundredth of the amount."""
    model = draw.model(books)
    lines = lines_of(books, model, draw.days(model, 3))
    return _repriced(books, lines, "unit_slip", lambda line: line.amount / 100)
