"""The workbook for finance: one table per sheet, real numbers and dates, no formulas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path

from dagster_project.lib.errors import TrueUpError
from dagster_project.reports import columns
from dagster_project.reports.alerts import render_drift_messages
from dagster_project.reports.columns import Column
from dagster_project.reports.display import day, moment, month_name
from dagster_project.reports.exact_csv import write_exact_csvs
from dagster_project.reports.replacing import replacing
from dagster_project.reports.sheets import SheetWriter
from dagster_project.reports.snapshot import Books, Row, read_books
from dagster_project.reports.words import (
    BOUND_NOTE,
    COMPUTED,
    DIRECT,
    LOADED,
    TRUED_UP,
    UNITS,
    attention,
)

# The file's own creation time when the books are empty; a clock would change every file.
NO_DATA_TIME = datetime(2000, 1, 1)  # noqa: DTZ001  (spreadsheets have no time zones)

SUMMARY_MONTHS: tuple[Column, ...] = (
    columns.CHANNEL,
    columns.ACCOUNT,
    columns.MONTH,
    next(column for column in columns.RECONCILIATION if column.key == "status"),
    next(column for column in columns.RECONCILIATION if column.key == "computed_cost_usd"),
    columns.BILLED,
    columns.DIFFERENCE,
    columns.DIFFERENCE_SHARE,
    columns.CURRENCY,
)


def write_workbook(snapshot: Path, target: Path, *, title: str, month: str | None = None) -> None:
    """Write the workbook, and the exact figures as CSV beside it, from the published snapshot.

    `month` (YYYY-MM) is the month of the summary; by default the latest full one. The same
    snapshot gives the same bytes. Raises TrueUpError when the snapshot or the target is unusable.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415  (loaded only by who writes one)
    from xlsxwriter.exceptions import XlsxWriterException  # noqa: PLC0415

    books = read_books(snapshot, month=month)
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    with replacing(target) as draft:
        try:
            with Workbook(str(draft), options) as book:
                created = _as_of(books)
                book.set_properties({"title": title, "author": "TrueUp", "created": created})
                writer = SheetWriter(book)
                _summary(writer, books, title)
                _tables(writer, books)
        except XlsxWriterException as error:
            raise TrueUpError(f"{target} cannot be written: {error}") from error
    write_exact_csvs(snapshot, target)


def _as_of(books: Books) -> datetime:
    known: datetime | None = books.facts["outcomes_as_of_at"]
    if known is not None:
        return known
    last = books.facts["last_usage_date"]
    return NO_DATA_TIME if last is None else datetime.combine(last, time())


def _tables(writer: SheetWriter, books: Books) -> None:
    tables: Sequence[tuple[str, tuple[Column, ...], list[Row]]] = (
        ("Unit costs", columns.UNIT_COSTS, books.unit_costs),
        ("Reconciliation", columns.RECONCILIATION, books.months),
        ("Reconciliation causes", columns.CODES, books.codes),
        ("Reconciliation lines", columns.OPEN_LINES, books.open_lines),
        ("Data quality", columns.CHECKS, books.checks),
        ("Unpriced usage", columns.UNPRICED, books.unpriced),
        ("Quarantine", columns.QUARANTINE, books.quarantine),
        ("Quarantined rows", columns.QUARANTINED_ROWS, books.quarantined_rows),
        ("Coverage", columns.COVERAGE, books.coverage),
        ("Landed files", columns.FILES, books.files),
    )
    for name, table, rows in tables:
        writer.table_sheet(name, table, rows)


def _summary(writer: SheetWriter, books: Books, title: str) -> None:
    facts = books.facts
    writer.start_sheet("Summary", [22, 17, 15, 15, 15, 15, 15, 15, 13, 13, 46])
    writer.line(title, "title")
    writer.freeze()
    if facts["first_usage_date"] is None:
        writer.line("No usage has been loaded yet, so there is nothing to show.")
        return
    writer.line(
        f"Usage {day(facts['first_usage_date'])} to {day(facts['last_usage_date'])}; outcomes "
        f"known to {moment(facts['outcomes_as_of_at'])}; rate card {facts['rate_card_versions']}. "
        "All amounts in USD."
    )
    for note in (DIRECT, LOADED, COMPUTED, TRUED_UP, BOUND_NOTE):
        writer.line(note, "note")
    writer.gap()
    writer.line("What needs attention", "heading")
    sentences = attention(books.checks, render_drift_messages(books.months))
    for sentence in sentences or ["Nothing: every check passes and every bill agrees."]:
        writer.line(sentence)
    for month in (books.month, books.running_month):
        spend = books.spend(month)
        if spend is None:
            continue
        state = "full month" if spend["is_full_month"] else "month to date"
        writer.gap()
        writer.line(f"Unit costs, {month_name(month)} ({state})", "heading")
        for unit in UNITS:
            rows = books.unit_costs_of(unit.key, "month", month)
            writer.gap()
            writer.line(unit.title, "subheading")
            writer.line(unit.definition, "note")
            writer.table(columns.SUMMARY_UNIT_COSTS, rows, empty="No spend and no outcome.")
    writer.gap()
    writer.line("Does computed equal billed?", "heading")
    writer.table(SUMMARY_MONTHS, books.statuses(), empty="No usage and no bill to compare yet.")
