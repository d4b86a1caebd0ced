"""Faults of the call log: the provider's usage and its bill are right."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from august import (
    GPT,
    HAIKU,
    IN,
    LAST,
    MINI,
    OUT,
    READ,
    SEARCH,
    SONNET,
    WRITE_1H,
    WRITE_5M,
    Books,
    Call,
    bill_lines,
)
from fault_tools import (
    D,
    Draw,
    Expected,
    calls_of,
    costs_of,
    moved_by_line,
    priced_flat,
    swap,
    token_residuals,
)


def calls_missing_from_the_log(books: Books, draw: Draw) -> list[Expected]:
    """Calls past the gateway on two days."""
    model = draw.model(books)
    lost = calls_of(books.used, model, draw.days(model, 2))[::2]
    ids = {call.call_id for call in lost}
    books.log = [call for call in books.log if call.call_id not in ids]
    return token_residuals(lost, 1)


def a_key_past_the_gateway(books: Books, draw: Draw) -> list[Expected]:
    """Everything of one key is missing for three days."""
    model = draw.model(books)
    lost = calls_of(books.used, model, draw.days(model, 3), "key_jobs")
    ids = {call.call_id for call in lost}
    books.log = [call for call in books.log if call.call_id not in ids]
    return token_residuals(lost, 1)


def calls_that_never_reached_the_provider(books: Books, draw: Draw) -> list[Expected]:
    """Answers from a cache of the gateway, logged as calls."""
    model = draw.model(books)
    seen = calls_of(books.used, model, draw.days(model, 2), "key_web")[:3]
    ghosts = [
        replace(
            call, call_id=f"{call.call_id}-ghost", at=call.at.replace(hour=11, minute=n),
            tokens={meter: count // 3 + 7 for meter, count in call.tokens.items()},
        )
        for n, call in enumerate(seen)
    ]  # fmt: skip
    books.log += ghosts
    return token_residuals(ghosts, -1)


def calls_logged_twice(books: Books, draw: Draw) -> list[Expected]:
    """The same calls under other ids, in the same log."""
    model = draw.model(books)
    again = calls_of(books.used, model, draw.days(model, 3))
    books.log += [replace(call, call_id=f"{call.call_id}-again") for call in again]
    return [Expected.of("duplicate_calls", [-part for part in costs_of(again)])]


def calls_logged_by_two_systems(books: Books, draw: Draw) -> list[Expected]:
    """The SDK logs what the gateway logs, a second later."""
    model = draw.model(books)
    again = [
        call
        for call in calls_of(books.used, model, draw.days(model, 3))
        # the second one must stay on its day
        if (call.at + timedelta(seconds=1)).date() == call.day
    ]
    books.log += [
        replace(
            call,
            call_id=f"{call.call_id}-sdk",
            at=call.at + timedelta(seconds=1),
            source="sdk_calls",
        )
        for call in again
    ]  # fmt: skip
    return [Expected.of("duplicate_calls", [-part for part in costs_of(again)])]


def _mislogged(  # noqa: PLR0917  (what is logged wrongly, and as what)
    books: Books,
    draw: Draw,
    model: str,
    key: str | None,
    code: str,
    change: Callable[[Call], Call],
    meters: Iterable[str] | None = None,
) -> list[Expected]:
    calls = calls_of(books.used, model, draw.days(model, 3), key)
    swap(books, "log", change, calls)
    right = costs_of(calls, meters)
    wrong = costs_of([change(call) for call in calls], meters)
    net = sum(right, D(0)) - sum(wrong, D(0))
    return [Expected(code, net, moved_by_line(calls, [change(call) for call in calls], meters))]


def cached_tokens_logged_as_input(books: Books, draw: Draw) -> list[Expected]:
    """The logger does not know the cache field."""

    def change(call: Call) -> Call:
        tokens = {**call.tokens, IN: call.tokens[IN] + call.tokens[READ], READ: 0}
        return replace(call, tokens=tokens)

    return _mislogged(
        books, draw, draw.model(books, *priced_flat(books)), None, "log_cache", change
    )


def cached_tokens_logged_twice(books: Books, draw: Draw) -> list[Expected]:
    """Cached tokens stand in the input and beside it."""

    def change(call: Call) -> Call:
        return replace(call, tokens={**call.tokens, IN: call.tokens[IN] + call.tokens[READ]})

    return _mislogged(
        books, draw, draw.model(books, *priced_flat(books)), None, "log_cache", change
    )


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
    calls = [c for c in calls_of(books.used, right, days, "key_web") if c.tier == "standard"]
    swap(books, "log", change, calls)
    meters = [meter for meter in calls[0].tokens if meter != SEARCH]
    logged = [change(call) for call in calls]
    return [
        Expected.of(
            "log_model", [*costs_of(calls, meters), *(-part for part in costs_of(logged, meters))]
        )
    ]


def searches_not_logged(books: Books, draw: Draw) -> list[Expected]:
    """Tool calls stand in usage report and bill only."""

    def change(call: Call) -> Call:
        return replace(call, tokens={m: n for m, n in call.tokens.items() if m != SEARCH})

    calls = [c for c in calls_of(books.used, SONNET, draw.days(SONNET, 6)) if SEARCH in c.tokens]
    swap(books, "log", change, calls)
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
    net = sum(costs_of(right), D(0)) - sum(costs_of(wrong), D(0))
    return net, moved_by_line(right, wrong, None)
