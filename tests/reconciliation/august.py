"""A synthetic August 2026 at three providers that reconciles to the last digit, as true exports.

Traffic is made call by call; the provider's usage, its bill and the call log are three copies of
it, so that a fault can be put into any one of them. Prices are the published ones, per million:
OpenAI and Anthropic price pages as in docs/rates.md; GPT-5.6 Sol became cheaper on 21 August.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

D = Decimal
ONE = D(1)
Json = dict[str, Any]

SOL, GPT, MINI = "gpt-5.6-sol", "gpt-5-2025-08-07", "gpt-5-mini-2025-08-07"
SONNET, HAIKU = "claude-sonnet-4-6", "claude-haiku-4-5-20251001"
FLASH = "gemini-2.5-flash"

IN, READ, OUT = "input_uncached_tokens", "input_cache_read_tokens", "output_tokens"
WRITE_5M, WRITE_1H, WRITE_30M = (
    "input_cache_write_5m_tokens",
    "input_cache_write_1h_tokens",
    "input_cache_write_30m_tokens",
)
SEARCH = "web_search_calls"

FIRST, LAST = date(2026, 8, 1), date(2026, 8, 31)
SOL_CUT = date(2026, 8, 21)
LONG_CONTEXT = 272_000
SECONDS_OF_A_DAY = 86_400

# USD per million tokens
STANDARD: dict[str, dict[str, str]] = {
    GPT: {IN: "1.25", READ: "0.125", OUT: "10"},
    MINI: {IN: "0.25", READ: "0.025", OUT: "2"},
    SONNET: {IN: "3", READ: "0.3", WRITE_5M: "3.75", WRITE_1H: "6", OUT: "15"},
    HAIKU: {IN: "1", READ: "0.1", WRITE_5M: "1.25", WRITE_1H: "2", OUT: "5"},
    FLASH: {IN: "0.3", READ: "0.03", OUT: "2.5"},
}
SOL_BEFORE = {IN: "5", READ: "0.5", WRITE_30M: "6.25", OUT: "30"}
SOL_AFTER = {IN: "4", READ: "0.4", WRITE_30M: "5", OUT: "20"}
# above 272,000 tokens of prompt: twice the input, one and a half times the output
LONG_BEFORE = {IN: "10", READ: "1", WRITE_30M: "12.5", OUT: "45"}
LONG_AFTER = {IN: "8", READ: "0.8", WRITE_30M: "10", OUT: "30"}
PRIORITY = {
    GPT: {IN: "2.5", READ: "0.25", OUT: "20"},
    # by a contract of the account `priority` alone: Anthropic lists no price for this tier
    HAIKU: {IN: "2", READ: "0.2", WRITE_5M: "2.5", WRITE_1H: "4", OUT: "10"},
}
US_FACTOR = D("1.1")
SEARCH_USD = D("0.01")

MODELS = {"openai": (SOL, GPT, MINI), "anthropic": (SONNET, HAIKU), "google": (FLASH,)}
KEYS = ("key_web", "key_jobs")


@dataclass(frozen=True)
class Call:
    """One call as one of the three sides knows it."""

    call_id: str
    at: datetime
    model: str
    key: str
    tokens: dict[str, int]
    processing: str = "realtime"
    tier: str = "standard"
    geo: str = "global"
    reasoning: int = 0
    source: str = "calls"

    @property
    def day(self) -> date:
        """UTC day."""
        return self.at.date()

    @property
    def prompt(self) -> int:
        """All tokens of the prompt."""
        return sum(count for meter, count in self.tokens.items() if meter.startswith("input"))

    def price(self, meter: str) -> Decimal:
        """Published USD for one unit of a meter, for this very call."""
        return unit_price(
            self.model, meter, self.day, processing=self.processing, tier=self.tier, geo=self.geo,
            is_long=self.prompt > LONG_CONTEXT,
        )  # fmt: skip

    def cost(self, meter: str) -> Decimal:
        """Published USD of the call's units of a meter."""
        return self.tokens.get(meter, 0) * self.price(meter)


def unit_price(
    model: str,
    meter: str,
    day: date,
    *,
    processing: str = "realtime",
    tier: str = "standard",
    geo: str = "global",
    is_long: bool = False,
) -> Decimal:
    """Published USD for one unit: batch is half, US geography of Anthropic one tenth more."""
    if meter == SEARCH:
        return SEARCH_USD
    if model == SOL:
        listed = (SOL_BEFORE, LONG_BEFORE) if day < SOL_CUT else (SOL_AFTER, LONG_AFTER)
        listing = listed[is_long]
    else:
        listing = PRIORITY[model] if tier == "priority" else STANDARD[model]
    price = D(listing[meter]) / 1_000_000
    if processing == "batch":
        price /= 2
    return price * US_FACTOR if geo == "us" else price


@dataclass(frozen=True)
class BillLine:
    """One line of a bill: a day, or the month where `day` is None."""

    day: date | None
    model: str | None
    meter: str
    quantity: int | None
    amount: Decimal
    key: str | None = None
    processing: str = "realtime"
    geo: str = "global"
    kind: str = "usage"
    item: str = ""


@dataclass
class Books:
    """The three sides of one account's month."""

    provider: str
    account: str
    log: list[Call] = field(default_factory=list)
    used: list[Call] = field(default_factory=list)
    bill: list[BillLine] = field(default_factory=list)
    invoice: list[BillLine] = field(default_factory=list)
    currency: str = "USD"
    log_offset: timedelta = timedelta()
    has_usage_report: bool = True
    # the invoice repeats the cost report as one line, whatever it will hold
    repeats_bill: bool = False
    # USD for one unit of the invoice's currency, as the issuer reckoned it
    paid_rate: Decimal = ONE

    @property
    def spend(self) -> Decimal:
        """What the bill of a clean month adds up to."""
        return sum((line.amount for line in self.bill or self.invoice), D(0))


def clean(provider: str, account: str, factor: Decimal = ONE) -> Books:
    """A month that reconciles to zero; `factor` is what a contract makes of list prices."""
    rng = Random(f"{provider}-{account}")
    calls = list(_traffic(provider, account, rng))
    books = Books(provider, account, list(calls), list(calls))
    lines = bill_lines(calls, factor)
    if provider == "google":
        books.has_usage_report = False
        books.invoice = monthly(lines)
    else:
        books.bill = lines
    return books


def _traffic(provider: str, account: str, rng: Random) -> Iterator[Call]:
    number = 0
    for offset in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=offset)
        for model in MODELS[provider]:
            for key in KEYS:
                for turn in range(2):
                    number += 1
                    # spread over the day, so that a shift of an hour moves calls
                    at = datetime.combine(day, time(0), UTC) + timedelta(
                        seconds=rng.randrange(SECONDS_OF_A_DAY), milliseconds=rng.randrange(1000)
                    )
                    yield _call(f"{provider}-{account}-{number}", at, model, key, turn, rng)


def _call(  # noqa: PLR0917  (the dimensions of a call)
    call_id: str, at: datetime, model: str, key: str, turn: int, rng: Random
) -> Call:
    tokens = {
        IN: rng.randrange(20_011, 90_023),
        READ: rng.randrange(10_007, 60_013),
        OUT: rng.randrange(9_001, 40_009),
    }
    more: Json = {}
    if model in (SONNET, HAIKU):
        tokens[WRITE_5M] = rng.randrange(3_001, 9_007)
        tokens[WRITE_1H] = rng.randrange(3_001, 9_007)
    if model == HAIKU and key == "key_jobs":
        more["processing"] = "batch"
    if model == SONNET and key == "key_jobs":
        more["geo"] = "us"
    if model == GPT and key == "key_jobs":
        more["tier"] = "priority" if turn else "standard"
    if model == MINI and key == "key_jobs":
        more["processing"] = "batch"
    if model == SOL:
        tokens[WRITE_30M] = rng.randrange(3_001, 9_007)
        if key == "key_jobs" and turn:
            tokens[IN] += LONG_CONTEXT
    if model == SONNET and turn:
        tokens[SEARCH] = rng.randrange(3, 9)
    reasoning = rng.randrange(1_009, tokens[OUT])
    return Call(call_id, at, model, key, tokens, reasoning=reasoning, **more)


def bill_lines(calls: Iterable[Call], factor: Decimal = ONE) -> list[BillLine]:
    """What the provider bills for calls, by day; OpenAI by key, Anthropic by processing and geo."""
    sums: dict[tuple[Any, ...], tuple[int, Decimal]] = defaultdict(lambda: (0, D(0)))
    for call in calls:
        for meter, count in call.tokens.items():
            is_anthropic = call.model in (SONNET, HAIKU)
            key: tuple[Any, ...] = (
                call.day,
                None if is_anthropic and meter == SEARCH else call.model,
                meter,
                None if is_anthropic else call.key,
                call.processing if is_anthropic and meter != SEARCH else "realtime",
                call.geo if is_anthropic and meter != SEARCH else "global",
            )
            quantity, amount = sums[key]
            sums[key] = quantity + count, amount + call.cost(meter) * factor
    return [
        BillLine(day, model, meter, quantity, amount, key, processing, geo)
        for (day, model, meter, key, processing, geo), (quantity, amount) in sums.items()
    ]


def monthly(lines: list[BillLine], *, exact: bool = False) -> list[BillLine]:
    """One line a model and meter, in cents as an invoice has them."""
    sums: dict[tuple[str | None, str], tuple[int, Decimal]] = defaultdict(lambda: (0, D(0)))
    for line in lines:
        quantity, amount = sums[line.model, line.meter]
        sums[line.model, line.meter] = quantity + (line.quantity or 0), amount + line.amount
    return [
        BillLine(None, model, meter, quantity, amount if exact else amount.quantize(D("0.01")))
        for (model, meter), (quantity, amount) in sums.items()
    ]


# ---- the same, as the files that log, provider and finance land

LOG_MAPPING = """\
target,path,constant,transform,note
kind,,call_log,,
format,,jsonl,,
call_id,id,,,
requested_at,at,,,
channel,channel,,,
account,account,,,
api_key_id,key,,,
model_served,model,,,
usage_convention,,disjoint,,
service_tier,tier,,,
processing,processing,,,
geo,geo,,,
input_tokens,in,,,
cache_read_tokens,read,,,
cache_write_5m_tokens,w5,,,
cache_write_30m_tokens,w30,,,
cache_write_1h_tokens,w60,,,
output_tokens,out,,,
reasoning_tokens,think,,,
web_search_calls,search,,,
status,,success,,
"""


def log_lines(books: Books, source: str = "calls") -> Iterator[Json]:
    """The call log of one source, one line a call."""
    for call in books.log:
        if call.source == source:
            yield {
                "id": call.call_id,
                "at": (call.at + books.log_offset).isoformat().replace("+00:00", "Z"),
                "channel": books.provider,
                "account": books.account,
                "key": call.key,
                "model": call.model,
                "tier": call.tier,
                "processing": call.processing,
                "geo": call.geo,
                "in": call.tokens.get(IN, 0),
                "read": call.tokens.get(READ, 0),
                "w5": call.tokens.get(WRITE_5M, 0),
                "w30": call.tokens.get(WRITE_30M, 0),
                "w60": call.tokens.get(WRITE_1H, 0),
                "out": call.tokens.get(OUT, 0),
                "think": call.reasoning,
                "search": call.tokens.get(SEARCH, 0),
            }


def _days(first: date = FIRST, last: date = LAST) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _summed(calls: Iterable[Call]) -> dict[tuple[Any, ...], dict[str, int]]:
    sums: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for call in calls:
        row = sums[call.day, call.key, call.model, call.processing, call.tier, call.geo]
        row["requests"] += 1
        for meter, count in call.tokens.items():
            row[meter] += count
    return sums


def openai_usage(books: Books) -> Json:
    """Pages of the usage endpoint: per day, key, model, batch and tier."""
    days: dict[date, list[Json]] = {day: [] for day in _days()}
    for (day, key, model, processing, tier, _), row in _summed(books.used).items():
        total = row[IN] + row[READ] + row[WRITE_30M]
        days.setdefault(day, []).append({
            "object": "organization.usage.completions.result",
            "input_tokens": total, "input_cached_tokens": row[READ],
            "input_cache_write_tokens": row[WRITE_30M],
            "input_cache_write_30m_tokens": row[WRITE_30M],
            "output_tokens": row[OUT], "num_model_requests": row["requests"],
            "project_id": "proj_one", "user_id": None, "api_key_id": key, "model": model,
            "batch": processing == "batch",
            "service_tier": "priority" if tier == "priority" else "default",
        })  # fmt: skip
    return _openai_page(days)


def _openai_page(days: dict[date, list[Json]]) -> Json:
    buckets = []
    for day, results in sorted(days.items()):
        start = int(datetime.combine(day, time(0), UTC).timestamp())
        buckets.append({
            "object": "bucket", "start_time": start, "end_time": start + SECONDS_OF_A_DAY,
            "results": results,
        })  # fmt: skip
    return {"object": "page", "data": buckets, "has_more": False, "next_page": None}


DIRECTIONS = {IN: "input", READ: "cached input", WRITE_30M: "cache writes", OUT: "output"}


def openai_costs(books: Books) -> Json:
    """Pages of the costs endpoint: per day, key and line item, with quantity and dollars."""
    days: dict[date, list[Json]] = {day: [] for day in _days()}
    for line in books.bill:
        assert line.day is not None
        days.setdefault(line.day, []).append({
            "object": "organization.costs.result",
            "amount": {"value": f"{line.amount:f}", "currency": "usd"},
            "quantity": line.quantity, "quantity_unit": "tokens",
            "line_item": line.item or f"{line.model}, {DIRECTIONS[line.meter]}",
            "project_id": "proj_one", "organization_id": "org-one", "user_id": None,
            "api_key_id": line.key,
        })  # fmt: skip
    return _openai_page(days)


def anthropic_usage(books: Books) -> Json:
    """Pages of the messages usage report."""
    days: dict[date, list[Json]] = {day: [] for day in _days()}
    for (day, key, model, processing, tier, geo), row in _summed(books.used).items():
        days.setdefault(day, []).append({
            "uncached_input_tokens": row[IN],
            "cache_creation": {
                "ephemeral_5m_input_tokens": row[WRITE_5M],
                "ephemeral_1h_input_tokens": row[WRITE_1H],
            },
            "cache_read_input_tokens": row[READ], "output_tokens": row[OUT],
            "server_tool_use": {"web_search_requests": row[SEARCH]},
            "api_key_id": key, "workspace_id": "wrkspc_one", "model": model,
            "service_tier": "batch" if processing == "batch" else tier,
            "context_window": "0-200k", "inference_geo": geo,
        })  # fmt: skip
    return _anthropic_page(days)


def _anthropic_page(days: dict[date, list[Json]]) -> Json:
    buckets = [
        {
            "starting_at": f"{day}T00:00:00Z",
            "ending_at": f"{day + timedelta(days=1)}T00:00:00Z",
            "results": results,
        }
        for day, results in sorted(days.items())
    ]
    return {"data": buckets, "has_more": False, "next_page": None}


TOKEN_TYPES = {
    IN: "uncached_input_tokens",
    READ: "cache_read_input_tokens",
    WRITE_5M: "cache_creation.ephemeral_5m_input_tokens",
    WRITE_1H: "cache_creation.ephemeral_1h_input_tokens",
    OUT: "output_tokens",
}


def anthropic_costs(books: Books) -> Json:
    """Pages of the cost report; amounts are texts in CENTS and no quantity is told."""
    days: dict[date, list[Json]] = {day: [] for day in _days()}
    for line in books.bill:
        assert line.day is not None
        is_token = line.meter in TOKEN_TYPES
        days.setdefault(line.day, []).append({
            "currency": "USD", "amount": f"{line.amount * 100:f}", "workspace_id": "wrkspc_one",
            "description": line.item or f"{line.model} {line.meter}",
            "cost_type": "tokens" if is_token else line.item or "web_search",
            "context_window": "0-200k" if is_token else None, "model": line.model,
            "service_tier": ("batch" if line.processing == "batch" else "standard")
            if is_token else None,
            "token_type": TOKEN_TYPES.get(line.meter),
            "inference_geo": line.geo if is_token else None,
        })  # fmt: skip
    return _anthropic_page(days)


INVOICE_HEADER = (
    "invoice_id,channel,account,period_start,period_end,issued_on,description,model,meter,"
    "quantity,unit_price,amount,currency,kind\n"
)


def invoice_csv(books: Books) -> str:
    """The month's invoice as finance types it."""
    head = f"INV-{books.account},{books.provider},{books.account},{FIRST},{LAST},2026-09-03"
    return INVOICE_HEADER + "".join(
        f"{head},{line.item or line.meter},{line.model or ''},{line.meter if line.model else ''},"
        f"{'' if line.quantity is None else line.quantity},,{line.amount:f},{books.currency},"
        f"{line.kind}\n"
        for line in [*_repeated(books), *books.invoice]
    )


def _repeated(books: Books) -> list[BillLine]:
    if not books.repeats_bill:
        return []
    total = (sum((line.amount for line in books.bill), D(0)) / books.paid_rate).quantize(D("0.01"))
    return [BillLine(None, None, "", None, total, item="API usage")]


def land(home: Any, books: Iterable[Books]) -> None:
    """Drop every file of these accounts; the logs of all of them are one file a source."""
    many = list(books)
    for source in sorted({call.source for one in many for call in one.log}):
        home.reference(f"mappings/{source}", LOG_MAPPING)
        home.drop(
            f"{source}/august.jsonl",
            "".join(json.dumps(row) + "\n" for one in many for row in log_lines(one, source)),
        )
    for one in many:
        if one.provider == "openai":
            if one.has_usage_report:
                home.drop(f"openai_usage/{one.account}/a.json", openai_usage(one))
            home.drop(f"openai_costs/{one.account}/a.json", openai_costs(one))
        elif one.provider == "anthropic":
            if one.has_usage_report:
                home.drop(f"anthropic_usage/{one.account}/a.json", anthropic_usage(one))
            home.drop(f"anthropic_costs/{one.account}/a.json", anthropic_costs(one))
        if one.invoice or one.repeats_bill:
            home.drop(f"invoice_lines/{one.provider}-{one.account}.csv", invoice_csv(one))


__all__ = ["BillLine", "Books", "Call", "bill_lines", "clean", "land", "replace"]
