"""What the providers bill: cost reports, the Console export, and the September invoices."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from dagster_project.demo import prices
from dagster_project.demo.calendar import (
    LAST_BILLED_DAY,
    MONTH_FIRST_DAY,
    MONTH_LAST_DAY,
    day_index,
)
from dagster_project.demo.metered import Usage
from dagster_project.demo.pages import geo_of, title_of

# 21 to 23 September: output of this model is billed at 16.5 instead of 15 USD per million.
PREMIUM_DAYS = (20, 21, 22)
PREMIUM_PER_TOKEN = Decimal("0.0000015")
# 27 September: the batch usage of this model is missing from the cost report.
UNBILLED_DAY = 26
GOOGLE_ADJUSTMENT = Decimal("4.85")
SALES_TAX_RATE = Decimal("0.0725")
PROMOTIONAL_CREDIT = Decimal("-20.00")
BILLED_DAYS = day_index(LAST_BILLED_DAY) + 1
MONTH_DAYS = day_index(MONTH_LAST_DAY) + 1

BillKey = tuple[int, str | None, str, bool, str]

CONSOLE_HEADER = (
    "usage_date_utc", "model", "workspace", "api_key", "usage_type", "context_window",
    "token_type", "cost_usd", "list_price_usd", "cost_type", "inference_geo", "speed",
    "api_key_id", "api_key_status",
)  # fmt: skip
CONSOLE_TOKEN_TYPES = {
    prices.INPUT: "input_no_cache",
    prices.READ: "input_cache_read",
    prices.WRITE_5M: "input_cache_write_5m",
    prices.WRITE_1H: "input_cache_write_1h",
    prices.OUTPUT: "output",
}
INVOICE_HEADER = (
    "invoice_id", "channel", "account", "period_start", "period_end", "issued_on", "description",
    "model", "meter", "quantity", "unit_price", "amount", "currency", "kind",
)  # fmt: skip
METER_WORDS = {
    prices.INPUT: "input tokens",
    prices.READ: "cached input tokens",
    prices.WRITE_5M: "cache write tokens, 5 minutes",
    prices.WRITE_1H: "cache write tokens, 1 hour",
    prices.OUTPUT: "output tokens",
}


@dataclass(frozen=True)
class InvoiceLine:
    """One line of an invoice; quantity in tokens and unit price in USD per token, where it has."""

    description: str
    amount: Decimal
    kind: str = "usage"
    model: str = ""
    meter: str = ""
    quantity: int | None = None
    unit_price: Decimal | None = None


def is_unbilled(usage: Usage) -> bool:
    """True for the batch usage that the cost report forgot."""
    return usage.day == UNBILLED_DAY and usage.model == prices.HAIKU and usage.is_batch


def premium(usage: Usage, meter: str) -> Decimal:
    """USD billed above the list price."""
    if usage.day not in PREMIUM_DAYS or (usage.model, meter) != (prices.SONNET, prices.OUTPUT):
        return Decimal(0)
    return usage.tokens[meter] * PREMIUM_PER_TOKEN


def anthropic_billed(usages: Iterable[Usage]) -> dict[BillKey, Decimal]:
    """Exact USD of the cost report by (day, workspace, model, is_batch, meter)."""
    lines: dict[BillKey, Decimal] = defaultdict(Decimal)
    for usage in usages:
        if usage.day >= BILLED_DAYS or is_unbilled(usage):
            continue
        for meter in prices.meters_of(usage.model):
            key = (usage.day, usage.key.sub_account, usage.model, usage.is_batch, meter)
            lines[key] += usage.cost(meter) + premium(usage, meter)
    return {key: amount for key, amount in lines.items() if amount}


def console_csv(usages: Iterable[Usage], days: range) -> str:
    """The Console cost export of these days: one row per key, model and token type, in cents."""
    rows = []
    for usage in usages:
        if usage.day not in days or usage.day >= BILLED_DAYS:
            continue
        for meter in prices.meters_of(usage.model):
            if not usage.tokens[meter]:
                continue
            cents = f"{prices.to_cents(usage.cost(meter)):f}"
            rows.append((
                usage.date.isoformat(), title_of(usage.model), usage.key.title,
                usage.key.api_key_id.removeprefix("apikey_"), "message", "≤ 200k",
                CONSOLE_TOKEN_TYPES[meter], cents, cents, "token", geo_of(usage.model), "",
                usage.key.api_key_id, "active",
            ))  # fmt: skip
    return csv_text(CONSOLE_HEADER, rows)


def console_rounding(usages: Iterable[Usage]) -> Decimal:
    """What rounding each row of the Console export to cents adds in all."""
    billed = (u for u in usages if u.day < BILLED_DAYS)
    costs = [usage.cost(meter) for usage in billed for meter in prices.meters_of(usage.model)]
    return sum((prices.to_cents(cost) - cost for cost in costs), Decimal(0))


def usage_lines(
    usages: Iterable[Usage],
    model_title: Callable[[str], str],
    is_billed: Callable[[Usage], bool] = lambda usage: True,
) -> list[InvoiceLine]:
    """One line per model, processing and meter of September, rounded to cents."""
    tokens: dict[tuple[str, bool, str], int] = defaultdict(int)
    for usage in usages:
        if usage.day < MONTH_DAYS and is_billed(usage):
            for meter in prices.meters_of(usage.model):
                tokens[usage.model, usage.is_batch, meter] += usage.tokens[meter]
    lines = []
    for (model, is_batch, meter), quantity in sorted(tokens.items()):
        unit_price = prices.unit_price(model, meter, MONTH_LAST_DAY, is_batch=is_batch)
        words = METER_WORDS[meter] + (", batch" if is_batch else "")
        lines.append(
            InvoiceLine(
                f"{model_title(model)} {words}", prices.to_cents(quantity * unit_price),
                "usage", model, meter, quantity, unit_price,
            )
        )  # fmt: skip
    return lines


def openai_invoice(usages: list[Usage]) -> list[InvoiceLine]:
    """Usage of September, and sales tax on it."""
    lines = usage_lines([u for u in usages if prices.is_priced(u.model)], str)
    net = sum((line.amount for line in lines), Decimal(0))
    tax = InvoiceLine("Sales tax 7.25 %", prices.to_cents(net * SALES_TAX_RATE), "tax")
    return [*lines, tax]


def anthropic_invoice(usages: list[Usage]) -> list[InvoiceLine]:
    """Usage as the cost report bills it, output at the premium apart, and a credit."""

    def has_premium(usage: Usage) -> bool:
        return bool(premium(usage, prices.OUTPUT))

    lines = usage_lines(usages, title_of, lambda usage: not is_unbilled(usage))
    dear = sum(usage.tokens[prices.OUTPUT] for usage in usages if has_premium(usage))
    at = next(
        i for i, x in enumerate(lines) if (x.model, x.meter) == (prices.SONNET, prices.OUTPUT)
    )
    listed = lines[at]
    assert listed.quantity is not None
    assert listed.unit_price is not None
    cheap = listed.quantity - dear
    dear_price = listed.unit_price + PREMIUM_PER_TOKEN
    lines[at : at + 1] = [
        replace(listed, quantity=cheap, amount=prices.to_cents(cheap * listed.unit_price)),
        replace(
            listed, description=f"{listed.description}, regional premium", quantity=dear,
            unit_price=dear_price, amount=prices.to_cents(dear * dear_price),
        ),
    ]  # fmt: skip
    return [*lines, InvoiceLine("Promotional credit", PROMOTIONAL_CREDIT, "credit")]


def research_invoice(usages: list[Usage]) -> list[InvoiceLine]:
    """Usage of the research account."""
    return usage_lines(usages, title_of)


def google_invoice(usages: list[Usage]) -> list[InvoiceLine]:
    """Usage of September, and an adjustment that nothing explains."""
    lines = usage_lines(usages, lambda model: "Gemini 2.5 Flash")
    return [*lines, InvoiceLine("Adjustment of usage, see statement", GOOGLE_ADJUSTMENT)]


def invoice_csv(
    invoice_id: str, channel: str, account: str, issued_on: str, lines: list[InvoiceLine]
) -> str:
    """One invoice as CSV."""
    rows = [
        (
            invoice_id, channel, account, MONTH_FIRST_DAY.isoformat(),
            MONTH_LAST_DAY.isoformat(), issued_on, line.description, line.model, line.meter,
            "" if line.quantity is None else str(line.quantity),
            "" if line.unit_price is None else prices.plain(line.unit_price),
            f"{line.amount:f}", "USD", line.kind,
        )
        for line in lines
    ]  # fmt: skip
    return csv_text(INVOICE_HEADER, rows)


def csv_text(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """CSV with Unix line ends."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()
