"""The month-end report: one month as workbook, page, PDF and exact CSV, and the dispute pack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.reports.columns import Column
from dagster_project.reports.display import day, moment, month_name
from dagster_project.reports.disputes import write_disputes
from dagster_project.reports.exact_csv import csv_writer, safe_text
from dagster_project.reports.finance_pdf import render_pdf
from dagster_project.reports.finance_tables import COVER, TABLES, Table
from dagster_project.reports.page import page_environment
from dagster_project.reports.replacing import replacing
from dagster_project.reports.sheets import SheetWriter
from dagster_project.reports.snapshot import (
    LONGEST_SHEET_ROWS,
    SNAPSHOT,
    Row,
    absent_month,
    fetch,
    open_snapshot,
    parse_month,
)
from dagster_project.reports.words import STATUS_MEANING
from dagster_project.reports.workbook import NO_DATA_TIME

# A page of more rows no longer opens on a phone, and nobody turns a hundred sheets of paper.
LONGEST_PAGE_ROWS = 5_000
LONGEST_PRINTED_ROWS = 100

TOTALS = "select * from marts.report_finance_totals where month = $month"
KNOWN_MONTHS = "select distinct month from marts.reconciliation_months order by month"
NOT_PUBLISHED = "This snapshot was published without it; the next run adds it."


@dataclass(frozen=True)
class Filled:
    """A table with its rows and totals by column; `rows` is None where the mart is absent."""

    table: Table
    rows: list[Row] | None
    header: tuple[str, ...]
    totals: dict[str, Any]

    @property
    def shown_columns(self) -> tuple[Column, ...]:
        """Return the columns that the snapshot has; an older one may lack some."""
        return tuple(column for column in self.table.columns if column.key in self.header)

    @property
    def empty(self) -> str:
        """Return what stands in place of rows."""
        return NOT_PUBLISHED if self.rows is None else self.table.empty


@dataclass(frozen=True)
class Month:
    """One month of the books, as every form of the report shows it."""

    month: date
    title: str
    facts: Row
    tables: list[Filled]

    @property
    def name(self) -> str:
        """Return the month as YYYY-MM."""
        return month_name(self.month)

    @property
    def as_of(self) -> datetime:
        """Return the time of the data: files made from the same snapshot are the same."""
        known: datetime | None = self.facts["outcomes_as_of_at"]
        if known is not None:
            return known
        last = self.facts["last_usage_date"]
        return NO_DATA_TIME if last is None else datetime.combine(last, time())

    def reach(self) -> str:
        """Return how far the books reach, in a sentence."""
        facts = self.facts
        return (
            f"Usage {day(facts['first_usage_date'])} to {day(facts['last_usage_date'])}; bills by "
            f"day to {day(facts['last_billed_date'])}; outcomes known to "
            f"{moment(facts['outcomes_as_of_at'])}; rate card "
            f"{facts['rate_card_versions'] or '—'}. Amounts in USD where no currency is named."
        )


def write_month(snapshot: Path, exports: Path, month: str) -> list[Path]:
    """Write the report of `month` (YYYY-MM) under `exports`; return the files.

    finance-<month>.xlsx, .html and .pdf, a CSV for each table in finance-<month>/, and the
    dispute pack in disputes/. The same snapshot gives the same bytes. Raises ConfigurationError
    for a month that is malformed or not in the snapshot.
    """
    books = read_month(snapshot, month)
    stem = exports / f"finance-{books.name}"
    written = []
    for suffix, write in ((".xlsx", _workbook), (".html", _page), (".pdf", _pdf)):
        target = stem.with_name(stem.name + suffix)
        with replacing(target) as draft:
            write(books, draft)
        written.append(target)
    for filled in books.tables:
        target = stem / f"{filled.table.key}.csv"
        if filled.rows is None:
            target.unlink(missing_ok=True)
            continue
        _write_csv(filled, target)
        written.append(target)
    return [*written, *write_disputes(snapshot, exports / "disputes", books.month, books.as_of)]


def read_month(snapshot: Path, month: str) -> Month:
    """Read what the report of a month shows. A table whose mart is absent has no rows."""
    wanted = parse_month(month)
    with open_snapshot(snapshot) as con:
        known = [row["month"] for row in fetch(con, KNOWN_MONTHS)]
        if wanted not in known:
            raise ConfigurationError(absent_month(wanted, known))
        totals = _rows_or_none(con, TOTALS, wanted)[0] or []
        return Month(
            month=wanted,
            title=f"TrueUp: month-end reconciliation, {month_name(wanted)}",
            facts=fetch(con, SNAPSHOT)[0],
            tables=[_filled(con, table, wanted, totals) for table in TABLES],
        )


def _filled(con: duckdb.DuckDBPyConnection, table: Table, month: date, totals: list[Row]) -> Filled:
    rows, header = _rows_or_none(con, table.query, month)
    found = {row["figure"]: row["total_usd"] for row in totals if row["report"] == table.key}
    if found:
        # usage without a price is in no row's amount, so the total is at least what it says
        found["is_lower_bound"] = any(
            row.get("is_lower_bound") or row.get("unpriced_reason") for row in rows or []
        )
    return Filled(table, rows, header, found)


def _rows_or_none(
    con: duckdb.DuckDBPyConnection, query: str, month: date
) -> tuple[list[Row] | None, tuple[str, ...]]:
    """Return the rows and their columns; no rows where the snapshot is older than the mart."""
    try:
        cursor = con.execute(query, {"month": month})
    except (duckdb.CatalogException, duckdb.BinderException):
        return None, ()
    header = tuple(item[0] for item in cursor.description or [])
    return [dict(zip(header, values, strict=True)) for values in cursor.fetchall()], header


def _write_csv(filled: Filled, target: Path) -> None:
    with replacing(target) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv_writer(stream)
        writer.writerow(filled.header)
        writer.writerows([safe_text(value) for value in row.values()] for row in filled.rows or [])


def _workbook(books: Month, draft: Path) -> None:
    from xlsxwriter import Workbook  # noqa: PLC0415  (loaded only by who writes one)
    from xlsxwriter.exceptions import XlsxWriterException  # noqa: PLC0415

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    try:
        with Workbook(str(draft), options) as book:
            book.set_properties({"title": books.title, "author": "TrueUp", "created": books.as_of})
            writer = SheetWriter(book)
            for filled in books.tables:
                if filled.table is COVER:
                    _cover_sheet(writer, books, filled)
                else:
                    _sheet(writer, filled)
    except XlsxWriterException as error:
        raise TrueUpError(f"the workbook cannot be written: {error}") from error


def _cover_sheet(writer: SheetWriter, books: Month, filled: Filled) -> None:
    columns = filled.shown_columns
    writer.start_sheet(filled.table.title, [column.width for column in columns] or [40])
    writer.line(books.title, "title")
    writer.line(books.reach(), "note")
    writer.line(filled.table.note, "note")
    writer.gap()
    if filled.rows is None:
        writer.line(filled.empty, "note")
        return
    writer.freeze_with_header()
    writer.table(columns, filled.rows, empty=filled.empty, totals=filled.totals)
    writer.gap()
    writer.line("Signed off", "heading")
    for row in filled.rows:
        writer.line(sign_off(row))
    writer.gap()
    writer.line("What a status means", "heading")
    for status, meaning in STATUS_MEANING.items():
        writer.line(f"{status.replace('_', ' ')}: {meaning}", "note")


def sign_off(row: Row) -> str:
    """Return who has signed a month of one account, in a sentence."""
    who = f"{row['channel']} / {row['account']}"
    signed = [
        f"{word} by {row[f'{word}_by']} on {moment(row[f'{word}_at'])}"
        for word in ("reviewed", "closed")
        if row[f"{word}_by"] is not None
    ]
    if not signed:
        return f"{who}: open, nobody has signed."
    unchanged = row["is_evidence_unchanged"]
    evidence = (
        "" if unchanged is None
        else "; the evidence is what was signed" if unchanged
        else f"; the evidence has changed since ({row['changed_evidence'] or 'see the hashes'})"
    )  # fmt: skip
    return f"{who}: {', '.join(signed)}{evidence}."


def _sheet(writer: SheetWriter, filled: Filled) -> None:
    if filled.rows is None:
        writer.start_sheet(filled.table.title, [80])
        writer.line(filled.empty, "note")
        return
    rows = filled.rows[:LONGEST_SHEET_ROWS]
    # the total of all rows must not stand under some of them
    totals = filled.totals if len(rows) == len(filled.rows) else {}
    writer.table_sheet(filled.table.title, filled.shown_columns, rows, totals, empty=filled.empty)


def _page(books: Month, draft: Path) -> None:
    template = page_environment().get_template("finance.html.j2")
    draft.write_text(
        template.render(
            title=books.title,
            reach=books.reach(),
            tables=books.tables,
            sign_offs=[sign_off(row) for row in books.tables[0].rows or []],
            most=LONGEST_PAGE_ROWS,
        ),
        encoding="utf-8",
    )


def _pdf(books: Month, draft: Path) -> None:
    sections: list[dict[str, Any]] = []
    for filled in books.tables:
        rows: Sequence[Row] = filled.rows or []
        by_key = {column.key: column for column in filled.shown_columns}
        sections.append(
            {
                "table": filled.table,
                "columns": [by_key[key] for key in filled.table.printed if key in by_key],
                "rows": rows[:LONGEST_PRINTED_ROWS],
                "all_rows": len(rows),
                "totals": filled.totals,
                "empty": filled.empty,
            }
        )
    render_pdf(
        draft,
        title=books.title,
        lines=[books.reach(), *(sign_off(row) for row in books.tables[0].rows or [])],
        sections=sections,
        as_of=books.as_of,
    )
