"""Faults to put into a clean month, each with the residual that has to show, worked out here by hand.

Every fault changes one of the three sides of `Books` and says which code must carry which amount: net in
USD, and moved as the sum of sizes where amounts of both signs belong to it. `Draw` picks model, key and
days that no fault before has touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from august import (
    FIRST,
    GPT,
    HAIKU,
    IN,
    LAST,
    LONG_CONTEXT,
    MINI,
    MODELS,
    OUT,
    READ,
    SEARCH,
    SOL,
    SOL_CUT,
    SONNET,
    WRITE_1H,
    WRITE_5M,
    WRITE_30M,
    BillLine,
    Books,
    Call,
    bill_lines,
    unit_price,
)

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


def _of(calls: Iterable[Call], model: str, days: list[date], key: str | None = None) -> list[Call]:
    return [c for c in calls if c.model == model and c.day in days and key in (None, c.key)]


def _costs(calls: Iterable[Call], meters: Iterable[str] | None = None) -> list[Decimal]:
    """Cost per day, key, processing, tier, geography and meter, as reconciliation lines sum them."""
    sums: dict[tuple[object, ...], Decimal] = {}
    for call in calls:
        for meter in call.tokens:
            if meters is None or meter in meters:
                key = (call.day, call.model, call.key, call.processing, call.tier, call.geo, meter)
                sums[key] = sums.get(key, D(0)) + call.cost(meter)
    return list(sums.values())


def _swap(books: Books, side: str, change: Callable[[Call], Call], calls: Iterable[Call]) -> None:
    """Replace these calls of one side by changed ones."""
    chosen = {call.call_id for call in calls}
    setattr(books, side, [
        change(call) if call.call_id in chosen else call for call in getattr(books, side)
    ])  # fmt: skip


def _token_code(parts: list[Call], sign: int) -> list[Expected]:
    """Missing or surplus calls: tool calls are fees of their own."""
    tokens = {meter for call in parts for meter in call.tokens if meter != SEARCH}
    code = "unlogged" if sign > 0 else "over_logged"
    found = [Expected.of(code, [sign * part for part in _costs(parts, tokens)])]
    fees = _costs(parts, {SEARCH})
    if fees:
        fee_code = "tool_fee" if sign > 0 else code
        found.append(Expected.of(fee_code, [sign * part for part in fees]))
    return found


# ---- the log


def calls_missing_from_the_log(books: Books, draw: Draw) -> list[Expected]:
    """Calls past the gateway on two days."""
    model = draw.model(books)
    lost = _of(books.used, model, draw.days(model, 2))[::2]
    ids = {call.call_id for call in lost}
    books.log = [call for call in books.log if call.call_id not in ids]
    return _token_code(lost, 1)


def a_key_past_the_gateway(books: Books, draw: Draw) -> list[Expected]:
    """Everything of one key is missing for three days."""
    model = draw.model(books)
    lost = _of(books.used, model, draw.days(model, 3), "key_jobs")
    ids = {call.call_id for call in lost}
    books.log = [call for call in books.log if call.call_id not in ids]
    return _token_code(lost, 1)


def calls_that_never_reached_the_provider(books: Books, draw: Draw) -> list[Expected]:
    """Answers from a cache of the gateway, logged as calls."""
    model = draw.model(books)
    seen = _of(books.used, model, draw.days(model, 2), "key_web")[:3]
    ghosts = [
        replace(
            call, call_id=f"{call.call_id}-ghost", at=call.at.replace(hour=11, minute=n),
            tokens={meter: count // 3 + 7 for meter, count in call.tokens.items()},
        )
        for n, call in enumerate(seen)
    ]  # fmt: skip
    books.log += ghosts
    return _token_code(ghosts, -1)


def calls_logged_twice(books: Books, draw: Draw) -> list[Expected]:
    """The same calls under other ids, in the same log."""
    model = draw.model(books)
    again = _of(books.used, model, draw.days(model, 3))
    books.log += [replace(call, call_id=f"{call.call_id}-again") for call in again]
    return [Expected.of("duplicate_calls", [-part for part in _costs(again)])]


def calls_logged_by_two_systems(books: Books, draw: Draw) -> list[Expected]:
    """The SDK logs what the gateway logs, a second later."""
    model = draw.model(books)
    again = [
        call
        for call in _of(books.used, model, draw.days(model, 3))
        # the second one must stay on its day
        if (call.at + timedelta(seconds=1)).date() == call.day
    ]
    books.log += [
        replace(
            call, call_id=f"{call.call_id}-sdk", at=call.at + timedelta(seconds=1), source="sdk_calls"
        )
        for call in again
    ]  # fmt: skip
    return [Expected.of("duplicate_calls", [-part for part in _costs(again)])]


def _mislogged(
    books: Books,
    draw: Draw,
    model: str,
    key: str | None,
    code: str,
    change: Callable[[Call], Call],
    meters: Iterable[str] | None = None,
) -> list[Expected]:
    calls = _of(books.used, model, draw.days(model, 3), key)
    _swap(books, "log", change, calls)
    right = _costs(calls, meters)
    wrong = _costs([change(call) for call in calls], meters)
    net = sum(right, D(0)) - sum(wrong, D(0))
    return [Expected(code, net, _moved(calls, [change(call) for call in calls], meters))]


def _moved(right: list[Call], wrong: list[Call], meters: Iterable[str] | None) -> Decimal:
    """Sizes by the lines of the bill: day, model, key or processing, and meter."""
    sums: dict[tuple[object, ...], Decimal] = {}
    for sign, calls in ((1, right), (-1, wrong)):
        for line in bill_lines(calls):
            if meters is None or line.meter in meters:
                key = (line.day, line.model, line.meter, line.key, line.processing)
                sums[key] = sums.get(key, D(0)) + sign * line.amount
    return sum((abs(part) for part in sums.values()), D(0))


def cached_tokens_logged_as_input(books: Books, draw: Draw) -> list[Expected]:
    """The logger does not know the cache field."""

    def change(call: Call) -> Call:
        tokens = {**call.tokens, IN: call.tokens[IN] + call.tokens[READ], READ: 0}
        return replace(call, tokens=tokens)

    return _mislogged(books, draw, draw.model(books, *_priced_flat(books)), None, "log_cache", change)


def cached_tokens_logged_twice(books: Books, draw: Draw) -> list[Expected]:
    """Cached tokens stand in the input and beside it."""

    def change(call: Call) -> Call:
        return replace(call, tokens={**call.tokens, IN: call.tokens[IN] + call.tokens[READ]})

    return _mislogged(books, draw, draw.model(books, *_priced_flat(books)), None, "log_cache", change)


def cache_writes_not_logged(books: Books, draw: Draw) -> list[Expected]:
    """The nested lifetime counters are read as nothing."""

    def change(call: Call) -> Call:
        return replace(call, tokens={**call.tokens, WRITE_5M: 0, WRITE_1H: 0})

    return _mislogged(books, draw, draw.model(books, SONNET, HAIKU), None, "log_cache", change)


def an_hour_logged_as_five_minutes(books: Books, draw: Draw) -> list[Expected]:
    """All writes are logged with the shorter lifetime."""

    def change(call: Call) -> Call:
        tokens = {**call.tokens, WRITE_5M: call.tokens[WRITE_5M] + call.tokens[WRITE_1H]}
        return replace(call, tokens={**tokens, WRITE_1H: 0})

    return _mislogged(books, draw, draw.model(books, SONNET, HAIKU), None, "log_cache", change)


def reasoning_added_to_the_output(books: Books, draw: Draw) -> list[Expected]:
    """Reasoning tokens stand inside the output already."""

    def change(call: Call) -> Call:
        return replace(call, tokens={**call.tokens, OUT: call.tokens[OUT] + call.reasoning})

    return _mislogged(books, draw, draw.model(books), None, "log_output", change)


def batch_logged_as_realtime(books: Books, draw: Draw) -> list[Expected]:
    """The log loses the batch flag."""

    def change(call: Call) -> Call:
        return replace(call, processing="realtime")

    model = MINI if books.provider == "openai" else HAIKU
    return _mislogged(books, draw, model, "key_jobs", "log_batch", change)


def requested_tier_logged(books: Books, draw: Draw) -> list[Expected]:
    """The log holds the tier of the request; the provider served the standard one."""

    def change(call: Call) -> Call:
        return replace(call, tier="priority")

    return _mislogged(books, draw, GPT, "key_web", "log_tier", change)


def geography_not_logged(books: Books, draw: Draw) -> list[Expected]:
    """Calls served in the US are logged as global."""

    def change(call: Call) -> Call:
        return replace(call, geo="global")

    return _mislogged(books, draw, SONNET, "key_jobs", "log_region", change)


def another_model_logged(books: Books, draw: Draw) -> list[Expected]:
    """The log holds the model of the request, and another one answered."""
    right, wrong = (GPT, MINI) if books.provider == "openai" else (HAIKU, SONNET)

    def change(call: Call) -> Call:
        return replace(call, model=wrong, tier="standard", processing="realtime", geo="global")

    days = draw.days(right, 2)
    draw.taken |= {(wrong, day) for day in days}
    calls = [c for c in _of(books.used, right, days, "key_web") if c.tier == "standard"]
    _swap(books, "log", change, calls)
    meters = [meter for meter in calls[0].tokens if meter != SEARCH]
    logged = [change(call) for call in calls]
    return [
        Expected.of(
            "log_model", [*_costs(calls, meters), *(-part for part in _costs(logged, meters))]
        )
    ]


def searches_not_logged(books: Books, draw: Draw) -> list[Expected]:
    """Tool calls stand in usage report and bill only."""

    def change(call: Call) -> Call:
        return replace(call, tokens={m: n for m, n in call.tokens.items() if m != SEARCH})

    calls = [c for c in _of(books.used, SONNET, draw.days(SONNET, 6)) if SEARCH in c.tokens]
    _swap(books, "log", change, calls)
    fees = [line.amount for line in bill_lines(calls) if line.meter == SEARCH]
    return [Expected.of("tool_fee", fees)]


def log_in_local_time(books: Books, draw: Draw) -> list[Expected]:
    """The log's clock stands two hours ahead and says UTC."""
    del draw
    books.log_offset = timedelta(hours=2)
    logged = [replace(call, at=call.at + books.log_offset) for call in books.log]
    inside = [call for call in logged if call.day <= LAST]
    return [Expected("time_zone", *_net_and_moved(books.used, inside))]


def _net_and_moved(right: list[Call], wrong: list[Call]) -> tuple[Decimal, Decimal]:
    net = sum(_costs(right), D(0)) - sum(_costs(wrong), D(0))
    return net, _moved(right, wrong, None)


# ---- the bill


def _lines(books: Books, model: str, days: list[date], *meters: str) -> list[BillLine]:
    return [
        line
        for line in books.bill
        if line.model == model and line.day in days and (not meters or line.meter in meters)
    ]


def _rewrite(books: Books, lines: list[BillLine], change: Callable[[BillLine], BillLine]) -> None:
    books.bill = [change(line) if line in lines else line for line in books.bill]


def _priced_flat(books: Books) -> tuple[str, ...]:
    """Models whose prompt length does not change the price."""
    return tuple(model for model in MODELS[books.provider] if model != SOL)


def a_line_not_billed(books: Books, draw: Draw) -> list[Expected]:
    """The bill leaves out what the usage report holds."""
    model = draw.model(books)
    lost = _lines(books, model, draw.days(model, 2), OUT, IN)
    books.bill = [line for line in books.bill if line not in lost]
    return [Expected.of("used_not_billed", [-line.amount for line in lost])]


def a_line_billed_without_usage(books: Books, draw: Draw) -> list[Expected]:
    """The bill charges a model on a day without its usage."""
    model = draw.model(books)
    day = draw.days(model, 1)
    books.log = [call for call in books.log if not (call.model == model and call.day in day)]
    books.used = [call for call in books.used if not (call.model == model and call.day in day)]
    lines = _lines(books, model, day)
    expected = Expected.of("billed_not_used", [line.amount for line in lines if line.model])
    if model == SONNET:
        gone = [line for line in books.bill if line.day in day and line.meter == SEARCH]
        books.bill = [line for line in books.bill if line not in gone]
    return [expected]


def a_line_billed_twice(books: Books, draw: Draw) -> list[Expected]:
    """Two days stand twice in the bill."""
    model = draw.model(books)
    again = _lines(books, model, draw.days(model, 2))
    books.bill += again
    return [Expected.of("duplicate_charge", [line.amount for line in again])]


def tokens_for_free(books: Books, draw: Draw) -> list[Expected]:
    """A complimentary programme: quantities stay, amounts are nothing."""
    lines = _lines(books, MINI, draw.days(MINI, 9))
    _rewrite(books, lines, lambda line: replace(line, amount=D(0)))
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
        if not (line.day == following and (line.model == model or (model == SONNET and line.meter == SEARCH)))
    ]  # fmt: skip
    moved = _lines(books, model, [day])
    _rewrite(books, moved, lambda line: replace(line, day=following))
    amounts = [line.amount for line in moved]
    return [Expected.of("timing_day", [*amounts, *(-amount for amount in amounts)])]


def part_of_a_day_billed_on_the_next(books: Books, draw: Draw) -> list[Expected]:
    """Late calls of one day are billed with those of the day after."""
    model = draw.model(books, *_priced_flat(books))
    day, following = draw.days(model, 2)
    late = _of(books.used, model, [day], "key_web")[:1]
    if SEARCH in late[0].tokens:
        late = _of(books.used, model, [day], "key_web")[1:]
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
            replace(other, quantity=(other.quantity or 0) - (line.quantity or 0), amount=other.amount - line.amount)
            if other.day == day and same(other)
            else replace(other, quantity=(other.quantity or 0) + (line.quantity or 0), amount=other.amount + line.amount)
            if other.day == following and same(other)
            else other
            for other in books.bill
        ]  # fmt: skip
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
        BillLine(day, model, meter, counts[day, model, meter, key, processing, geo], amount, key, processing, geo)
        for (day, model, meter, key, processing, geo), amount in amounts.items()
    ]  # type: ignore[misc, arg-type]  # fmt: skip
    before = {
        (x.day, x.model, x.meter, x.key, x.processing): D(0) for x in bill_lines(books.used)
    }
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
    books.bill += [
        BillLine(day, name, IN, 4000, D("0.40"), "key_web" if books.provider == "openai" else None),
        BillLine(day, name, OUT, 1000, D("1.10"), "key_web" if books.provider == "openai" else None),
    ]  # fmt: skip
    return [Expected.of("unknown_model", [D("0.40"), D("1.10")])]


# ---- the price on the bill


def _repriced(
    books: Books, lines: list[BillLine], code: str, amount: Callable[[BillLine], Decimal]
) -> list[Expected]:
    parts = [amount(line) - line.amount for line in lines]
    _rewrite(books, lines, lambda line: replace(line, amount=amount(line)))
    return [Expected.of(code, parts)]


def _all_at(books: Books, model: str, days: list[date], **how: str) -> Callable[[BillLine], Decimal]:
    """What a line costs when every call in it is priced in another way."""

    def amount(line: BillLine) -> Decimal:
        assert line.day is not None
        calls = [
            call for call in _of(books.used, model, days)
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
        line for line in _lines(books, model, days)
        if line.processing == "batch" or line.key == "key_jobs"
    ]  # fmt: skip
    return _repriced(books, lines, "rate_batch", _all_at(books, model, days, processing="realtime"))


def billed_at_another_tier(books: Books, draw: Draw) -> list[Expected]:
    """Standard calls at the price of the priority tier."""
    days = draw.days(GPT, 3)
    lines = [line for line in _lines(books, GPT, days) if line.key == "key_web"]
    return _repriced(books, lines, "rate_tier", _all_at(books, GPT, days, tier="priority"))


def billed_at_another_geography(books: Books, draw: Draw) -> list[Expected]:
    """Global calls with the US surcharge."""
    days = draw.days(SONNET, 3)
    lines = [line for line in _lines(books, SONNET, days) if line.geo == "global"]
    return _repriced(books, lines, "rate_region", _all_at(books, SONNET, days, geo="us"))


def cached_tokens_at_the_input_price(books: Books, draw: Draw) -> list[Expected]:
    """The cache discount is not given."""
    model = draw.model(books, *_priced_flat(books))
    days = draw.days(model, 3)

    def amount(line: BillLine) -> Decimal:
        at_input = _all_at(books, model, days)(replace(line, meter=READ))
        return at_input * unit_price(model, IN, FIRST) / unit_price(model, READ, FIRST)

    return _repriced(books, _lines(books, model, days, READ), "rate_cache", amount)


def an_hour_billed_as_five_minutes(books: Books, draw: Draw) -> list[Expected]:
    """Cache writes of an hour at the price of five minutes."""
    model = draw.model(books, SONNET, HAIKU)
    days = draw.days(model, 3)

    def amount(line: BillLine) -> Decimal:
        return line.amount * unit_price(model, WRITE_5M, FIRST) / unit_price(model, WRITE_1H, FIRST)

    return _repriced(books, _lines(books, model, days, WRITE_1H), "rate_cache", amount)


def yesterdays_price(books: Books, draw: Draw) -> list[Expected]:
    """GPT-5.6 Sol at its old price after the cut."""
    days = draw.days(SOL, 3, SOL_CUT, LAST)

    def amount(line: BillLine) -> Decimal:
        assert line.day is not None
        calls = [c for c in _of(books.used, SOL, days) if (c.day, c.key) == (line.day, line.key)]
        old = SOL_CUT - timedelta(days=1)
        return sum(
            (
                call.tokens[line.meter]
                * unit_price(SOL, line.meter, old, is_long=call.prompt > LONG_CONTEXT)
                for call in calls
            ),
            D(0),
        )

    return _repriced(books, _lines(books, SOL, days), "rate_date", amount)


def short_prompts_at_the_long_price(books: Books, draw: Draw) -> list[Expected]:
    """Prompts below the band at the price above it."""
    days = draw.days(SOL, 3)
    lines = [line for line in _lines(books, SOL, days) if line.key == "key_web"]

    def amount(line: BillLine) -> Decimal:
        assert line.day is not None
        return (line.quantity or 0) * unit_price(SOL, line.meter, line.day, is_long=True)

    return _repriced(books, lines, "rate_context", amount)


def a_price_that_no_list_holds(books: Books, draw: Draw) -> list[Expected]:
    """Seven percent more."""
    model = draw.model(books)
    lines = _lines(books, model, draw.days(model, 3), OUT)
    return _repriced(books, lines, "rate", lambda line: line.amount * D("1.07"))


def the_contract_is_not_honoured(books: Books, draw: Draw) -> list[Expected]:
    """List prices although the contract takes ten percent off."""
    model = draw.model(books)
    lines = _lines(books, model, draw.days(model, 4))
    return _repriced(books, lines, "rate_contract", lambda line: line.amount / D("0.9"))


def cents_taken_for_dollars(books: Books, draw: Draw) -> list[Expected]:
    """A hundred times the amount on three days."""
    model = draw.model(books)
    lines = _lines(books, model, draw.days(model, 3))
    return _repriced(books, lines, "unit_slip", lambda line: line.amount * 100)


def a_price_per_thousand(books: Books, draw: Draw) -> list[Expected]:
    """The price per million taken as the price per thousand, on one day."""
    model = draw.model(books)
    lines = _lines(books, model, draw.days(model, 1))
    return _repriced(books, lines, "unit_slip", lambda line: line.amount * 1000)


def two_decimals_lost(books: Books, draw: Draw) -> list[Expected]:
    """A hundredth of the amount."""
    model = draw.model(books)
    lines = _lines(books, model, draw.days(model, 3))
    return _repriced(books, lines, "unit_slip", lambda line: line.amount / 100)


# ---- the invoice


def _invoiced(books: Books) -> None:
    """An invoice that repeats the cost report as one line, rounded to cents."""
    books.repeats_bill = books.provider != "google"


def tax_on_the_invoice(books: Books, draw: Draw) -> list[Expected]:
    """Value added tax as a line of its own."""
    del draw
    _invoiced(books)
    books.invoice.append(BillLine(None, None, "", None, D("19.37"), kind="tax", item="VAT"))
    return [Expected.of("tax", [D("19.37")])]


def a_credit_on_the_invoice(books: Books, draw: Draw) -> list[Expected]:
    """A promotional credit."""
    del draw
    _invoiced(books)
    books.invoice.append(BillLine(None, None, "", None, D("-7.50"), kind="credit", item="Promo"))
    return [Expected.of("credit", [D("-7.50")])]


def prepaid_credits_bought(books: Books, draw: Draw) -> list[Expected]:
    """A purchase of credits on the same invoice."""
    del draw
    _invoiced(books)
    books.invoice.append(BillLine(None, None, "", None, D("50.00"), kind="purchase", item="Credits"))
    return [Expected.of("prepaid", [D("50.00")])]


def a_fee_on_the_invoice(books: Books, draw: Draw) -> list[Expected]:
    """A support fee."""
    del draw
    _invoiced(books)
    books.invoice.append(BillLine(None, None, "", None, D("12.00"), kind="fee", item="Support"))
    return [Expected.of("fee", [D("12.00")])]


def a_line_that_nothing_explains(books: Books, draw: Draw) -> list[Expected]:
    """An adjustment without a word."""
    del draw
    _invoiced(books)
    books.invoice.append(BillLine(None, None, "", None, D("3.21"), item="Adjustment"))
    return [Expected.of("unexplained", [D("3.21")])]


def an_invoice_line_at_twice_the_price(books: Books, draw: Draw) -> list[Expected]:
    """Output at a price seven percent above the list."""
    del draw
    at = next(n for n, line in enumerate(books.invoice) if line.meter == OUT)
    line = books.invoice[at]
    more = (line.amount * D("0.07")).quantize(CENT)
    books.invoice[at] = replace(line, amount=line.amount + more)
    return [Expected.of("rate", [more])]


def an_invoice_line_counts_more(books: Books, draw: Draw) -> list[Expected]:
    """A million tokens more than the log holds, at the right price."""
    del draw
    at = next(n for n, line in enumerate(books.invoice) if line.meter == OUT)
    line = books.invoice[at]
    assert line.quantity is not None
    books.invoice[at] = replace(
        line, quantity=line.quantity + 1_000_000, amount=line.amount + D("2.50")
    )
    return [Expected.of("unlogged", [D("2.50")])]


def an_invoice_line_billed_twice(books: Books, draw: Draw) -> list[Expected]:
    """The same line again."""
    del draw
    line = next(line for line in books.invoice if line.meter == IN)
    books.invoice.append(line)
    return [Expected.of("duplicate_charge", [line.amount])]


def an_invoice_in_euro_at_another_rate(books: Books, draw: Draw) -> list[Expected]:
    """The issuer reckons 1.12 USD for a euro; on the day of the invoice it was 1.10."""
    del draw
    _invoiced(books)
    books.currency, books.paid_rate = "EUR", D("1.12")
    total = sum((line.amount for line in books.bill), D(0))
    return [Expected.of("currency", [(total / D("1.12")).quantize(CENT) * D("1.10") - total])]


def the_last_day_billed_in_the_next_month(books: Books, draw: Draw) -> list[Expected]:
    """One model's usage of 31 August stands in the bill of 1 September."""
    model = draw.model(books)
    moved = _lines(books, model, [LAST])
    draw.taken |= {(model, LAST)}
    _rewrite(books, moved, lambda line: replace(line, day=LAST + timedelta(days=1)))
    return [Expected.of("timing_month", [-line.amount for line in moved])]


def priority_tier_left_out_of_the_report(books: Books, draw: Draw) -> list[Expected]:
    """The cost report holds no Priority Tier; log and usage report do, and a contract has its price."""
    calls = _of(books.used, HAIKU, draw.days(HAIKU, 3), "key_web")
    for side in ("log", "used"):
        _swap(books, side, lambda call: replace(call, tier="priority"), calls)
    books.bill = bill_lines(call for call in books.used if call.tier == "standard")
    left_out = bill_lines(call for call in books.used if call.tier == "priority")
    return [Expected.of("tier_not_reported", [-line.amount for line in left_out])]


BOTH = ("openai", "anthropic")
ALL = ("openai", "anthropic", "google")
KINDS = [
    Kind("unlogged_calls", calls_missing_from_the_log, ALL, "Calls past the gateway"),
    Kind("unlogged_key", a_key_past_the_gateway, BOTH, "A key past the gateway"),
    Kind("ghost_calls", calls_that_never_reached_the_provider, ALL, "Cached answers logged as calls"),
    Kind("logged_twice", calls_logged_twice, ALL, "The same calls under other ids"),
    Kind("two_loggers", calls_logged_by_two_systems, ALL, "SDK and gateway log the same calls"),
    Kind("cache_as_input", cached_tokens_logged_as_input, ALL, "Cached tokens logged as input"),
    Kind("cache_twice", cached_tokens_logged_twice, BOTH, "Cached tokens logged twice"),
    Kind("writes_lost", cache_writes_not_logged, ("anthropic",), "Cache writes not logged"),
    Kind("lifetime_logged", an_hour_logged_as_five_minutes, ("anthropic",), "One-hour writes logged as five minutes"),
    Kind("reasoning_twice", reasoning_added_to_the_output, BOTH, "Reasoning added to the output"),
    Kind("batch_logged", batch_logged_as_realtime, BOTH, "Batch logged as realtime"),
    Kind("tier_logged", requested_tier_logged, ("openai",), "Requested tier logged"),
    Kind("geo_logged", geography_not_logged, ("anthropic",), "US calls logged as global"),
    Kind("model_logged", another_model_logged, BOTH, "Requested model logged"),
    Kind("searches_lost", searches_not_logged, ("anthropic",), "Web searches not logged"),
    Kind("log_zone", log_in_local_time, BOTH, "Log two hours ahead of UTC", is_local=False),
    Kind("not_billed", a_line_not_billed, BOTH, "A line missing from the bill"),
    Kind("not_used", a_line_billed_without_usage, BOTH, "A charge without usage"),
    Kind("billed_twice", a_line_billed_twice, BOTH, "Bill lines twice"),
    Kind("free_tokens", tokens_for_free, ("openai",), "Complimentary tokens"),
    Kind("next_day", billed_on_the_next_day, BOTH, "A day billed on the next"),
    Kind("part_next_day", part_of_a_day_billed_on_the_next, BOTH, "Part of a day billed on the next"),
    Kind("bill_zone", bill_in_another_zone, BOTH, "Bill in Pacific time", is_local=False),
    Kind("session_fee", a_fee_that_no_call_made, ("anthropic",), "Session fees in the bill alone"),
    Kind("new_item", an_item_that_nobody_knows, ("openai",), "A line item of an unknown kind"),
    Kind("new_model", a_model_that_nobody_knows, BOTH, "A model without a price"),
    Kind("batch_billed", batch_billed_as_realtime, BOTH, "Batch billed as realtime"),
    Kind("tier_billed", billed_at_another_tier, ("openai",), "Standard billed as priority"),
    Kind("geo_billed", billed_at_another_geography, ("anthropic",), "Global billed with US surcharge"),
    Kind("cache_billed", cached_tokens_at_the_input_price, BOTH, "Cached tokens at the input price"),
    Kind("lifetime_billed", an_hour_billed_as_five_minutes, ("anthropic",), "One-hour writes at the five-minute price"),
    Kind("old_price", yesterdays_price, ("openai",), "Old price after a cut"),
    Kind("long_price", short_prompts_at_the_long_price, ("openai",), "Short prompts at the long-context price"),
    Kind("odd_price", a_price_that_no_list_holds, BOTH, "Seven percent above the list"),
    Kind("cents", cents_taken_for_dollars, BOTH, "Cents taken for dollars"),
    Kind("per_thousand", a_price_per_thousand, BOTH, "Price per thousand for price per million"),
    Kind("hundredth", two_decimals_lost, BOTH, "A hundredth of the amount"),
    Kind("tax", tax_on_the_invoice, ALL, "Tax on the invoice"),
    Kind("credit", a_credit_on_the_invoice, ALL, "A credit on the invoice"),
    Kind("prepaid", prepaid_credits_bought, ALL, "Prepaid credits bought"),
    Kind("currency", an_invoice_in_euro_at_another_rate, BOTH, "Invoice in euro at another rate", is_local=False),
    Kind("next_month", the_last_day_billed_in_the_next_month, BOTH, "Last day billed in the next month", is_local=False),
    Kind("priority", priority_tier_left_out_of_the_report, ("anthropic",), "Priority Tier, which the report leaves out", is_local=False),
    Kind("fee", a_fee_on_the_invoice, ALL, "A support fee"),
    Kind("unexplained", a_line_that_nothing_explains, ALL, "An adjustment without a reason"),
    Kind("invoice_price", an_invoice_line_at_twice_the_price, ("google",), "Invoice line above the list"),
    Kind("invoice_count", an_invoice_line_counts_more, ("google",), "Invoice counts more tokens"),
    Kind("invoice_twice", an_invoice_line_billed_twice, ("google",), "Invoice line twice"),
]  # fmt: skip
CONTRACT_KIND = Kind("contract", the_contract_is_not_honoured, BOTH, "List prices in spite of a contract")
