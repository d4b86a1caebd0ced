"""Cells of the page: text to read, the exact value behind it, and why a value is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dagster_project.reports.columns import Column
from dagster_project.reports.display import (
    MISSING,
    day,
    exact,
    moment,
    month_name,
    number,
    percent,
    plain,
    unit_cost,
)
from dagster_project.reports.words import STATUS_MEANING, TRUE_UP_LABEL, label

MONEY_PLACES = {"money": 2, "fine_money": 4}
DATES: dict[str, Callable[[Any], str]] = {"day": day, "month": month_name, "moment": moment}

# What an empty cell means where the row itself gives no reason.
MISSING_MEANS = {
    "billed_usd": "no bill has arrived",
    "billed_cents_usd": "no bill has arrived",
    "payable_cents_usd": "no invoice has arrived",
    "billed_quantity": "the bill states no quantity",
    "reviewed_by": "nobody has reviewed it",
    "reviewed_at": "nobody has reviewed it",
    "closed_by": "nobody has closed it",
    "closed_at": "nobody has closed it",
    "is_evidence_unchanged": "no decision to compare with",
    "evidence_hash": "no decision to compare with",
    "cost_usd": "no usage to price, or its price is not known",
    "cost_cents_usd": "the price is not known",
    "unit_price_usd": "the price is not known",
    "list_unit_price_usd": "the price is not known",
    "stated_total_amount": "the document states no total",
    "payable_usd": "no invoice has arrived",
    "difference_ratio": "nothing is billed to compare with",
    "usage_date": "the bill speaks of the month, not of the day",
    "model_key": "the bill names no model here",
    "meter": "the bill names no meter here",
    "processing": "the bill does not say",
    "api_key_id": "the bill names no API key",
    "pair_billed_quantity": "the bill states no quantity",
    "amount_usd": "not an amount, or not known",
    "denominator": "not counted for this row",
    "provisional_outcomes": "only tickets can be reopened",
    "largest_line": "no open line",
    "largest_line_usd": "no open line",
}


@dataclass(frozen=True)
class Cell:
    """What one table cell shows. `value` is exact; `title` explains; `kind` is a CSS class."""

    text: str
    kind: str
    value: str = ""
    title: str = ""


def cell(column: Column, row: Mapping[str, Any]) -> Cell:
    """Return the cell of `column` in `row`; a value that is unknown is a dash with its reason."""
    value = row[column.key]
    kind = "num" if column.is_numeric else "txt"
    if value is None:
        reason = row.get("no_unit_cost_reason") or MISSING_MEANS.get(column.key, "")
        return Cell(MISSING, kind, title=reason)
    is_bound = column.bounded and bool(row.get("is_lower_bound"))
    if column.kind == "unit_cost":
        return Cell(unit_cost(value, row["unit"], lower_bound=is_bound), kind, exact(value))
    if column.is_numeric:
        return Cell(_figure(column, value, is_bound=is_bound), kind, exact(value))
    return _words(column, value)


def _figure(column: Column, value: Any, *, is_bound: bool) -> str:
    if column.kind == "price":
        return plain(value)
    if column.kind == "ratio":
        return percent(value)
    if column.kind not in MONEY_PLACES:
        return number(value, 0)
    sign = "+" if column.signed and value > 0 else ""
    return sign + number(value, MONEY_PLACES[column.kind], lower_bound=is_bound)


def _words(column: Column, value: Any) -> Cell:
    if column.key == "status" and value in STATUS_MEANING:
        return Cell(label(value), f"badge {value}", title=STATUS_MEANING[value])
    if column.kind == "code":
        return Cell(TRUE_UP_LABEL.get(value, label(value)), "txt")
    if column.kind == "flag":
        return Cell("yes" if value else "no", "txt")
    if column.kind in DATES:
        return Cell(DATES[column.kind](value), "txt date")
    return Cell(str(value), "txt")
