"""August at Anthropic, billed by the Console export: each row rounded to cents, no counts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from august import (
    HAIKU,
    IN,
    OUT,
    READ,
    SEARCH,
    SONNET,
    WRITE_1H,
    WRITE_5M,
    Books,
    Call,
    anthropic_usage,
    clean,
    log_lines,
)

D = Decimal
CENT = D("0.01")
# so many times the tokens of the other accounts, so that cents are small beside a row
SIZE = 20
DAYS = tuple(date(2026, 8, day) for day in (5, 6, 7))
NAMES = {SONNET: "Claude Sonnet 4.6", HAIKU: "Claude Haiku 4.5"}
TOKEN_TYPES = {
    IN: "input_no_cache",
    READ: "input_cache_read",
    WRITE_5M: "input_cache_write_5m",
    WRITE_1H: "input_cache_write_1h",
    OUT: "output",
}
HEADER = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,"
    "list_price_usd,cost_type,inference_geo,speed,api_key_id,api_key_status\n"
)


@dataclass(frozen=True)
class Row:
    """What one row of the export is summed over."""

    day: date
    model: str
    key: str
    processing: str
    geo: str
    meter: str


@dataclass(frozen=True)
class Console:
    """One account: the code that must show, and what the bill asks for a row of that cost."""

    code: str | None
    billed: Callable[[Row, Decimal], Decimal | None]


def _on_three_days(
    factor: str, concerns: Callable[[Row], bool]
) -> Callable[[Row, Decimal], Decimal | None]:
    return lambda row, amount: amount * D(factor) if row.day in DAYS and concerns(row) else amount


ACCOUNTS = {
    "console-clean": Console(None, lambda row, amount: amount),
    "console-not-billed": Console(
        "used_not_billed",
        lambda row, amount: (
            None if row.day in DAYS and (row.model, row.meter) == (HAIKU, OUT) else amount
        ),
    ),
    "console-batch": Console(
        "rate_batch", _on_three_days("2", lambda row: row.processing == "batch")
    ),
    "console-cache": Console("rate_cache", _on_three_days("10", lambda row: row.meter == READ)),
    "console-odd": Console("rate", _on_three_days("1.07", lambda row: row.meter == OUT)),
    "console-cents": Console("unit_slip", _on_three_days("100", lambda row: True)),
}


def _costs(books: Books) -> dict[Row, Decimal]:
    sums: dict[Row, Decimal] = defaultdict(Decimal)
    for call in books.used:
        for meter in call.tokens:
            row = Row(call.day, call.model, call.key, call.processing, call.geo, meter)
            sums[row] += call.cost(meter)
    return dict(sums)


def _books(account: str) -> Books:
    books = clean("anthropic", account)
    books.used = [_larger(call) for call in books.used]
    books.log = list(books.used)
    return books


def _larger(call: Call) -> Call:
    tokens = {
        meter: count if meter == SEARCH else count * SIZE for meter, count in call.tokens.items()
    }
    return replace(call, tokens=tokens)


def expected(account: str) -> tuple[Decimal, int]:
    """What the fault adds to the bill in USD, and on how many rows, before any rounding."""
    console = ACCOUNTS[account]
    parts = [
        (console.billed(row, amount) or D(0)) - amount
        for row, amount in _costs(_books(account)).items()
    ]
    return sum(parts, D(0)), sum(part != 0 for part in parts)


def log_of(account: str) -> str:
    """The account's call log."""
    return "".join(json.dumps(row) + "\n" for row in log_lines(_books(account)))


def land(home: Any) -> None:
    """Drop log, usage report and Console export of every account."""
    home.drop("calls/console.jsonl", "".join(log_of(account) for account in ACCOUNTS))
    for account, console in ACCOUNTS.items():
        books = _books(account)
        home.drop(f"anthropic_usage/{account}/a.json", anthropic_usage(books))
        lines = []
        for row, amount in _costs(books).items():
            billed = console.billed(row, amount)
            if billed is not None:
                cents = billed.quantize(CENT)
                token_type = TOKEN_TYPES.get(row.meter, "")
                lines.append(
                    f"{row.day},{NAMES[row.model]},Default,{row.key},"
                    f"{'batch' if row.processing == 'batch' else 'message'},≤ 200k,{token_type},"
                    f"{cents},{cents},{'token' if token_type else 'web_search'},{row.geo},,"
                    f"{row.key},active\n"
                )
        home.drop(f"anthropic_console_costs/{account}/a.csv", HEADER + "".join(lines))
