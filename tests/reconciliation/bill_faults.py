"""Faults of the bill's counts, days and items."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from august import FIRST, GPT, IN, MINI, OUT, SEARCH, SONNET, BillLine, Books, bill_lines
from fault_tools import D, Draw, Expected, calls_of, lines_of, priced_flat, rewrite


def a_line_not_billed(books: Books, draw: Draw) -> list[Expected]:
    """The bill leaves out what the usage report holds."""
    model = draw.model(books)
    lost = lines_of(books, model, draw.days(model, 2), OUT, IN)
    books.bill = [line for line in books.bill if line not in lost]
    return [Expected.of("used_not_billed", [-line.amount for line in lost])]


def a_line_billed_without_usage(books: Books, draw: Draw) -> list[Expected]:
    """The bill charges a model on a day without its usage."""
    model = draw.model(books)
    day = draw.days(model, 1)
    books.log = [call for call in books.log if not (call.model == model and call.day in day)]
    books.used = [call for call in books.used if not (call.model == model and call.day in day)]
    lines = lines_of(books, model, day)
    expected = Expected.of("billed_not_used", [line.amount for line in lines if line.model])
    if model == SONNET:
        gone = [line for line in books.bill if line.day in day and line.meter == SEARCH]
        books.bill = [line for line in books.bill if line not in gone]
    return [expected]


def a_line_billed_twice(books: Books, draw: Draw) -> list[Expected]:
    """Two days stand twice in the bill."""
    model = draw.model(books)
    again = lines_of(books, model, draw.days(model, 2))
    books.bill += again
    return [Expected.of("duplicate_charge", [line.amount for line in again])]


def tokens_for_free(books: Books, draw: Draw) -> list[Expected]:
    """A complimentary programme: quantities stay, amounts are nothing."""
    lines = lines_of(books, MINI, draw.days(MINI, 9))
    rewrite(books, lines, lambda line: replace(line, amount=D(0)))
    return [Expected.of("free_tokens", [-line.amount for line in lines])]


def billed_on_the_next_day(books: Books, draw: Draw) -> list[Expected]:
    """One model's usage of a day is billed on the day after, which had none."""
    model = draw.model(books)
    day, following = draw.days(model, 2)
    for side in ("log", "used"):
        kept = [c for c in getattr(books, side) if not (c.model == model and c.day == following)]
        setattr(books, side, kept)
    books.bill = [
        line for line in books.bill
        if line.day != following
        or not (line.model == model or (model == SONNET and line.meter == SEARCH))
    ]  # fmt: skip
    moved = lines_of(books, model, [day])
    rewrite(books, moved, lambda line: replace(line, day=following))
    amounts = [line.amount for line in moved]
    return [Expected.of("timing_day", [*amounts, *(-amount for amount in amounts)])]


def _moved_by(line: BillLine, part: BillLine, sign: int) -> BillLine:
    return replace(
        line,
        quantity=(line.quantity or 0) + sign * (part.quantity or 0),
        amount=line.amount + sign * part.amount,
    )


def part_of_a_day_billed_on_the_next(books: Books, draw: Draw) -> list[Expected]:
    """Late calls of one day are billed with those of the day after."""
    model = draw.model(books, *priced_flat(books))
    day, following = draw.days(model, 2)
    late = calls_of(books.used, model, [day], "key_web")[:1]
    if SEARCH in late[0].tokens:
        late = calls_of(books.used, model, [day], "key_web")[1:]
        late = [call for call in late if SEARCH not in call.tokens] or []
    assert late
    parts = []
    for line in bill_lines(late):
        parts += [line.amount, -line.amount]

        def same(other: BillLine, line: BillLine = line) -> bool:
            return (other.model, other.meter, other.key, other.processing, other.geo) == (
                line.model, line.meter, line.key, line.processing, line.geo,
            )  # fmt: skip

        books.bill = [
            _moved_by(other, line, {day: -1, following: 1}.get(other.day, 0) if same(other) else 0)
            for other in books.bill
        ]
    return [Expected.of("timing_day", parts)]


def bill_in_another_zone(books: Books, draw: Draw) -> list[Expected]:
    """The bill's days end at midnight in California, the report's in UTC."""
    del draw
    offset = timedelta(hours=-7)
    moved = [replace(call, at=call.at + offset) for call in books.used]
    # prices hold by the true time: the amounts of each call stay
    amounts: dict[tuple[object, ...], Decimal] = {}
    counts: dict[tuple[object, ...], int] = {}
    for call, late in zip(books.used, moved, strict=True):
        if late.day < FIRST:
            continue
        for line in bill_lines([call]):
            key = (late.day, line.model, line.meter, line.key, line.processing, line.geo)
            amounts[key] = amounts.get(key, D(0)) + line.amount
            counts[key] = counts.get(key, 0) + (line.quantity or 0)
    books.bill = [
        BillLine(*where[:3], counts[where], amount, *where[3:])
        for where, amount in amounts.items()
    ]  # type: ignore[misc, arg-type]  # fmt: skip
    before = {(x.day, x.model, x.meter, x.key, x.processing): D(0) for x in bill_lines(books.used)}
    for line in bill_lines(books.used):
        before[line.day, line.model, line.meter, line.key, line.processing] += line.amount
    after: dict[tuple[object, ...], Decimal] = {}
    for line in books.bill:
        key = (line.day, line.model, line.meter, line.key, line.processing)
        after[key] = after.get(key, D(0)) + line.amount
    parts = [after.get(key, D(0)) - before.get(key, D(0)) for key in {**before, **after}]  # type: ignore[call-overload]
    return [Expected.of("time_zone", parts)]


def a_fee_that_no_call_made(books: Books, draw: Draw) -> list[Expected]:
    """Sessions and containers stand in the cost report alone."""
    day = draw.days("sessions", 1)[0]
    books.bill.append(BillLine(day, None, "session", None, D("4.20"), item="session_usage"))
    return [Expected.of("tool_fee", [D("4.20")])]


def an_item_that_nobody_knows(books: Books, draw: Draw) -> list[Expected]:
    """A line item with a direction that is new."""
    day = draw.days("items", 1)[0]
    books.bill.append(
        BillLine(day, GPT, OUT, 5000, D("3.30"), "key_web", item=f"{GPT}, holographic output")
    )
    return [Expected.of("unmapped", [D("3.30")])]


def a_model_that_nobody_knows(books: Books, draw: Draw) -> list[Expected]:
    """A model without a price, used and billed."""
    day = draw.days("model", 1)[0]
    name = "gpt-9-nova" if books.provider == "openai" else "claude-nova-9"
    template = next(call for call in books.used if call.day == day and call.tier == "standard")
    call = replace(
        template, call_id=f"{template.call_id}-nova", model=name, tokens={IN: 4000, OUT: 1000},
        processing="realtime", geo="global", key="key_web",
    )  # fmt: skip
    books.log.append(call)
    books.used.append(call)
    key = "key_web" if books.provider == "openai" else None
    books.bill += [
        BillLine(day, name, IN, 4000, D("0.40"), key),
        BillLine(day, name, OUT, 1000, D("1.10"), key),
    ]  # fmt: skip
    return [Expected.of("unknown_model", [D("0.40"), D("1.10")])]
