"""Drift in words, for the asset check and the command line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from dagster_project.lib.errors import ConfigurationError
from dagster_project.reports.display import month_name, number, percent, printable, shortened
from dagster_project.reports.snapshot import Row, absent_month, fetch, open_snapshot, parse_month
from dagster_project.reports.words import STATUS_MEANING, label

# Columns of a terminal that shows everything without breaking lines.
WIDTH = 100

# Open lines shown under a month; the page and the workbook have them all.
LARGEST_LINES = 5

OF_ACCOUNT = ("channel", "account", "month")

MONTHS = """
    select * from marts.reconciliation_months
    where $month is null or month = $month
    order by month, channel, account, currency
"""
CODES = """
    select * from marts.report_reconciliation_codes
    where $month is null or month = $month
    order by month, channel, account, currency, sort_order
"""
LINES = """
    select * from marts.report_reconciliation_open_lines
    where $month is null or month = $month
    qualify row_number() over (
        partition by channel, account, month, currency order by open_rank
    ) <= $lines
    order by open_rank
"""
INVOICES = """
    select * from marts.focus_invoice_verdicts
    where invoice_id is not null and ($month is null or month = $month)
    order by month, channel, account, currency, invoice_id
"""
KNOWN_MONTHS = "select distinct month from marts.reconciliation_months order by month"


def render_drift_messages(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return one message per month in drift, or billed without any usage beyond tolerance."""
    return [
        printable(_drift_message(row)) for row in rows if row["status"] in {"drift", "no_usage"}
    ]


def _drift_message(row: Mapping[str, Any]) -> str:
    difference: Decimal = row["difference_usd"]
    currency = row["currency"]
    side = "above" if difference > 0 else "below"
    billed = number(row["billed_usd"])
    computed = number(row["computed_cost_usd"], lower_bound=row["is_lower_bound"])
    share = percent(None if row["difference_ratio"] is None else abs(row["difference_ratio"]))
    message = (
        f"{row['channel']} / {row['account']}, {month_name(row['month'])}: "
        f"billed {billed} {currency} is {number(abs(difference))} {currency} ({share} of the bill) "
        f"{side} computed {computed} {currency}"
    )
    if difference == 0:
        message = (
            f"{row['channel']} / {row['account']}, {month_name(row['month'])}: "
            f"billed and computed are both {billed} {currency}, by differences that cancel out"
        )
    if row["breached_codes"]:
        message += f"; over tolerance: {label(row['breached_codes'])}"
    if row["largest_line"]:
        amount = signed(row["largest_line_usd"])
        message += f"; largest line: {row['largest_line']}, {amount} {currency}"
    return message


def signed(value: Decimal | None, places: int = 2) -> str:
    """Return an amount with its sign, so that a direction is never guessed."""
    text = number(value, places)
    return f"+{text}" if value is not None and value > 0 else text


def render_month(snapshot: Path, month: str | None) -> str:
    """Return computed against billed as text: one month (YYYY-MM), or every month.

    Raises ConfigurationError for a month that is malformed or not in the snapshot.
    """
    wanted = None if month is None else parse_month(month)
    with open_snapshot(snapshot) as con:
        months = fetch(con, MONTHS, month=wanted)
        codes = fetch(con, CODES, month=wanted)
        lines = fetch(con, LINES, month=wanted, lines=LARGEST_LINES)
        invoices = fetch(con, INVOICES, month=wanted)
        known = [row["month"] for row in fetch(con, KNOWN_MONTHS)]
    if not months:
        if wanted is not None:
            raise ConfigurationError(absent_month(wanted, known))
        return "There is no usage and no bill to reconcile yet."
    blocks = [
        [
            *_month_block(row, _same(codes, row), _same(lines, row)),
            *(line for invoice in _of_account(invoices, row) for line in _invoice_lines(invoice)),
        ]
        for row in months
    ]
    return "\n\n".join("\n".join(printable(line) for line in block) for block in blocks)


def _same(rows: list[Row], of: Row) -> list[Row]:
    key = ("channel", "account", "month", "currency")
    return [row for row in rows if all(row[name] == of[name] for name in key)]


def _of_account(rows: list[Row], of: Row) -> list[Row]:
    """Rows of the same month in whatever currency: an invoice keeps its own."""
    return [row for row in rows if all(row[name] == of[name] for name in OF_ACCOUNT)]


def _invoice_lines(row: Row) -> list[str]:
    """Two lines of an invoice: what is payable and the outcome, then the two verdicts."""
    currency = row["compared_currency"]
    what = shortened(f"invoice {row['invoice_id']}", 40)
    head = f"  {what}: {number(row['payable_amount'])} {row['currency']}, {label(row['outcome'])}"
    if row["variance_amount"] is None:
        return [head]
    against = "its days" if row["compared_with"] == "cost_report" else "the ledger"
    return [
        head,
        f"    {signed(row['variance_amount'])} {currency} against {against}; FOCUS 1.4 tolerates "
        f"{number(row['focus_tolerance_amount'])}: {_verdict(row['is_within_focus_tolerance'])}; "
        f"our limit {number(row['limit_amount'])}: {_verdict(row['is_within_limit'])}",
    ]


def _verdict(within: bool | None) -> str:
    return "pass" if within else "fail"


def _month_block(row: Row, codes: list[Row], lines: list[Row]) -> list[str]:
    currency = row["currency"]
    bound = bool(row["is_lower_bound"])
    out = [
        f"{month_name(row['month'])}  {row['channel']} / {row['account']}  "
        f"{label(row['status'])}: {STATUS_MEANING.get(row['status'], '')}",
        f"  {'computed':<24}{number(row['computed_cost_usd'], lower_bound=bound):>18} {currency}",
    ]
    for code in codes:
        if code["residual_code"] == "matched":
            continue
        over = "  over tolerance" if code["is_over_tolerance"] else ""
        out.append(
            f"    {label(code['residual_code']):<22}{signed(code['residual_usd']):>18} {currency}"
            f"  lines: {number(code['lines'], 0)}{over}"
        )
    if row["billed_usd"] is None:
        out.append(f"  {'billed':<24}{'no bill yet':>18}")
    else:
        out.append(
            f"  {'billed':<24}{number(row['billed_usd']):>18} {currency}"
            f"  difference {signed(row['difference_usd'])} ({percent(row['difference_ratio'])})"
        )
    if row["payable_usd"] is not None:
        out.append(
            f"  {'payable by invoice':<24}{number(row['payable_usd']):>18} {currency}"
            "  with tax and credits"
        )
    if lines:
        out.append("  largest open lines:")
    out.extend(_open_line(line) for line in lines)
    for code in codes:
        if code["is_over_tolerance"]:
            text = f"{label(code['residual_code'])}: {code['meaning']} {code['action']}"
            indent = "  "
            out.extend(
                textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent * 2)
            )
    return out


def _open_line(line: Row) -> str:
    parts = (line["usage_date"] or "the month", line["model_key"], line["meter"],
             line["processing"], line["api_key_id"])  # fmt: skip
    where = " ".join(str(part) for part in parts if part is not None)
    amount = f"{signed(line['residual_usd'], 4):>14} {line['currency']}"
    return f"  {amount}  {label(line['residual_code']):<16}  {shortened(where, 60)}"
