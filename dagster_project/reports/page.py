"""One self-contained HTML page: readable without scripts, requests or the warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.reports import columns
from dagster_project.reports.alerts import render_drift_messages, signed
from dagster_project.reports.cells import cell
from dagster_project.reports.columns import Column
from dagster_project.reports.display import day, moment, month_name, number
from dagster_project.reports.plots import panels
from dagster_project.reports.replacing import replacing
from dagster_project.reports.snapshot import Books, Row, read_books
from dagster_project.reports.words import (
    BOUND_NOTE,
    COMPUTED,
    DIRECT,
    LOADED,
    STATUS_MEANING,
    TRUED_UP,
    UNITS,
    Unit,
    attention,
    flags,
    label,
)

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"

# A page is for reading; the workbook beside it holds the rest.
MOST_OPEN_LINES = 50
MOST_MONTHS = 12
MOST_WEEKS = 26
MOST_PANELS = 6
MOST_UNIT_COST_ROWS = 400
MOST_FILES = 200
MOST_QUARANTINED_ROWS = 50


def write_page(snapshot: Path, target: Path, *, title: str, month: str | None = None) -> None:
    """Write the page from the published snapshot.

    `month` (YYYY-MM) is the month of the summary; by default the latest full one. The same
    snapshot gives the same bytes. Raises TrueUpError when the snapshot or the target is unusable.
    """
    books = read_books(snapshot, month=month, open_lines=MOST_OPEN_LINES)
    text = render_page(books, title)
    with replacing(target) as draft:
        draft.write_text(text, encoding="utf-8")


def render_page(books: Books, title: str) -> str:
    """Return the page as HTML. Every value from the books is escaped by the template engine."""
    return (
        page_environment()
        .get_template("page.html.j2")
        .render(
            title=title,
            facts=books.facts,
            definitions=(DIRECT, LOADED, COMPUTED, TRUED_UP, BOUND_NOTE),
            status_meanings=STATUS_MEANING,
            columns=PAGE_COLUMNS,
            **_summary(books),
            **_reconciliation(books),
            **_quality(books),
            units=[_unit_section(books, unit) for unit in UNITS],
        )
    )


def page_environment() -> Environment:
    """Return the templates; every value is escaped, and an unknown name is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        css=(TEMPLATES / "page.css").read_text(encoding="utf-8"),
        cell=cell, flags=flags, label=label, number=number, signed=signed, day=day,
        moment=moment, month_name=month_name,
    )  # fmt: skip
    return environment


def _pick(table: tuple[Column, ...], *keys: str) -> tuple[Column, ...]:
    by_key = {column.key: column for column in table}
    return tuple(by_key[key] for key in keys)


PAGE_COLUMNS: dict[str, tuple[Column, ...]] = {
    "unit_costs": columns.SUMMARY_UNIT_COSTS[:7],
    "status": _pick(
        columns.RECONCILIATION,
        "month", "channel", "account", "status", "computed_cost_usd", "billed_usd",
        "difference_usd", "difference_ratio",
    ),
    "months": _pick(
        columns.RECONCILIATION,
        "month", "channel", "account", "status", "computed_cost_usd", "billed_usd",
        "difference_usd", "difference_ratio", "explained_usd", "unexplained_usd", "payable_usd",
        "breached_codes",
    ),
    "codes": _pick(
        columns.CODES,
        "month", "channel", "account", "residual_code", "lines", "residual_usd", "moved_usd",
        "is_over_tolerance",
    ),
    "lines": _pick(
        columns.OPEN_LINES,
        "open_rank", "usage_date", "residual_code", "residual_usd", "pair_computed_cost_usd",
        "pair_billed_usd", "model_key", "meter", "processing", "channel", "account",
        "pair_computed_quantity", "pair_billed_quantity",
    ),
    "checks": columns.CHECKS,
    "unpriced": _pick(
        columns.UNPRICED,
        "model_served", "channel", "account", "processing", "service_tier", "geo",
        "unpriced_reason", "requests", "total_tokens", "at_risk_usd", "first_date", "last_date",
        "suggestion",
    ),
    "quarantine": columns.QUARANTINE,
    "quarantined_rows": columns.QUARANTINED_ROWS,
    "coverage": columns.COVERAGE,
    "files": columns.FILES,
}  # fmt: skip


def _summary(books: Books) -> dict[str, Any]:
    months = [month for month in (books.month, books.running_month) if month is not None]
    return {
        "spend": books.spend(books.month),
        "attention": attention(books.checks, render_drift_messages(books.months)),
        "headlines": [
            {
                "month": month,
                "spend": books.spend(month),
                "units": [(unit, _headline_rows(books, unit, month)) for unit in UNITS],
            }
            for month in months
        ],
        "statuses": books.statuses(),
    }


def _headline_rows(books: Books, unit: Unit, month: date) -> list[Row]:
    """Return the unit's rows; what has no unit cost is told once, for the headline month."""
    rows = books.unit_costs_of(unit.key, "month", month)
    return [row for row in rows if row["no_unit_cost_reason"] is None or month == books.month]


def _reconciliation(books: Books) -> dict[str, Any]:
    months = _latest(books.months, "month", MOST_MONTHS)
    shown = {books.month, books.running_month}
    used = {row["residual_code"]: row for row in books.codes}
    return {
        "months": months,
        "codes": [row for row in books.codes if row["month"] in shown],
        "lines": books.open_lines,
        "legend": sorted(used.values(), key=lambda row: row["sort_order"]),
    }


def _quality(books: Books) -> dict[str, Any]:
    return {
        "checks": books.checks,
        "unpriced": books.unpriced,
        "quarantine": books.quarantine,
        "quarantined_rows": books.quarantined_rows[:MOST_QUARANTINED_ROWS],
        "coverage": _latest(books.coverage, "month", MOST_MONTHS),
        "files": books.files[:MOST_FILES],
    }


def _unit_section(books: Books, unit: Unit) -> dict[str, Any]:
    weeks = _latest(books.unit_costs_of(unit.key, "week"), "period_start", MOST_WEEKS)
    months = _latest(books.unit_costs_of(unit.key, "month"), "period_start", MOST_MONTHS)
    return {
        "unit": unit,
        "panels": panels(unit, weeks, most=MOST_PANELS),
        "months": months[:MOST_UNIT_COST_ROWS],
        "weeks": weeks[:MOST_UNIT_COST_ROWS],
        "is_cut": max(len(weeks), len(months)) > MOST_UNIT_COST_ROWS,
    }


def _latest(rows: Iterable[Row], key: str, most: int) -> list[Row]:
    """Return the rows of the latest `most` periods, in the order they came."""
    kept = list(rows)
    periods = sorted({row[key] for row in kept}, reverse=True)[:most]
    return [row for row in kept if row[key] in periods]
