"""Rows of the published snapshot, exact: money stays Decimal from the mart to the reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.lib.warehouse import connect

Row = dict[str, Any]

# A worksheet ends at 1,048,576 rows; beyond this many the exact CSV beside it is the better tool.
LONGEST_SHEET_ROWS = 100_000

# Enough to recognise the fault; the mart has them all.
FIRST_QUARANTINED_ROWS = 200

# A summary shows these whatever their month; the others have had their turn.
LOUD_STATUSES = frozenset({"drift", "no_usage"})

SNAPSHOT = "select * from marts.report_snapshot"
SPEND_MONTHS = "select * from marts.report_spend_months order by month"
UNIT_COSTS = """
    select * from marts.report_unit_costs
    order by unit_order, period_grain, period_start desc, in_scope desc, class = 'unattributed',
        class, scope_rule
"""
MONTHS = """
    select * from marts.reconciliation_months order by month desc, channel, account, currency
"""
CODES = """
    select * from marts.report_reconciliation_codes
    order by month desc, channel, account, currency, sort_order
"""
OPEN_LINES = """
    select * from marts.report_reconciliation_open_lines order by open_rank limit $limit
"""
ALL_OPEN_LINES = "select * from marts.report_reconciliation_open_lines order by open_rank"
CHECKS = "select * from marts.report_data_quality order by sort_order"
QUARANTINE = """
    select * from marts.report_quarantine
    order by quarantined_rows desc, source, account_label, reason_code, column_name
"""
QUARANTINED_ROWS = """
    select * from marts.quarantined_rows
    order by source, account_label, path, row_number, column_name, reason_code limit $limit
"""
UNPRICED = """
    select * from marts.unpriced_usage
    order by at_risk_usd desc nulls last, total_tokens desc, requests desc, channel, account,
        model_served, processing, service_tier, geo, unpriced_reason
"""
COVERAGE = """
    select * from marts.report_coverage_months order by month desc, channel, account
"""
FILES = """
    select * exclude (control_totals) from marts.landed_files
    order by status = 'loaded', source, account_label, path
"""


@dataclass(frozen=True)
class Books:
    """Everything a report shows. `month` is the headline month, None without any month.

    `running_month` is the latest month when it is not full and later than the headline.
    """

    facts: Row
    spend_months: list[Row]
    unit_costs: list[Row]
    months: list[Row]
    codes: list[Row]
    open_lines: list[Row]
    checks: list[Row]
    quarantine: list[Row]
    quarantined_rows: list[Row]
    unpriced: list[Row]
    coverage: list[Row]
    files: list[Row]
    month: date | None
    running_month: date | None

    def spend(self, month: date | None) -> Row | None:
        """Return the row of all spend in `month`, if there is one."""
        return next((row for row in self.spend_months if row["month"] == month), None)

    def statuses(self) -> list[Row]:
        """Return the reconciled months that a summary shows: those in view, and every drift."""
        shown = {self.month, self.running_month}
        return [
            row for row in self.months if row["month"] in shown or row["status"] in LOUD_STATUSES
        ]

    def unit_costs_of(self, unit: str, grain: str, start: date | None = None) -> list[Row]:
        """Return the unit-cost rows of one unit and period grain, of one period or of all."""
        return [
            row
            for row in self.unit_costs
            if row["unit"] == unit
            and row["period_grain"] == grain
            and (start is None or row["period_start"] == start)
        ]


@contextmanager
def open_snapshot(snapshot: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published snapshot for reading.

    Raises TrueUpError when it is absent, or was published without the marts of the reports.
    """
    if not snapshot.is_file():
        raise TrueUpError(f"there is no published snapshot at {snapshot}: run `trueup run` first")
    with connect(snapshot, read_only=True) as con:
        try:
            yield con
        except duckdb.CatalogException as error:
            reason = str(error).splitlines()[0]
            raise TrueUpError(
                f"the snapshot {snapshot} lacks a mart of the reports ({reason}): "
                "run `trueup run` to publish it again"
            ) from error


def fetch(con: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> list[Row]:
    """Return the rows of a query as dictionaries, with Decimals as they stand in the mart."""
    cursor = con.execute(query, parameters or None)
    names = [item[0] for item in cursor.description or []]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def read_books(
    snapshot: Path, *, month: str | None = None, open_lines: int = LONGEST_SHEET_ROWS
) -> Books:
    """Read what the reports show; `open_lines` bounds the reconciliation lines that are read.

    Raises ConfigurationError for a month that is malformed or not in the snapshot.
    """
    with open_snapshot(snapshot) as con:
        spend_months = fetch(con, SPEND_MONTHS)
        headline, running = _headline_months(spend_months, month)
        return Books(
            facts=fetch(con, SNAPSHOT)[0],
            spend_months=spend_months,
            unit_costs=fetch(con, UNIT_COSTS),
            months=fetch(con, MONTHS),
            codes=fetch(con, CODES),
            open_lines=fetch(con, OPEN_LINES, limit=open_lines),
            checks=fetch(con, CHECKS),
            quarantine=fetch(con, QUARANTINE),
            quarantined_rows=fetch(con, QUARANTINED_ROWS, limit=FIRST_QUARANTINED_ROWS),
            unpriced=fetch(con, UNPRICED),
            coverage=fetch(con, COVERAGE),
            files=fetch(con, FILES),
            month=headline,
            running_month=running,
        )


def parse_month(text: str) -> date:
    """Return the first day of a month written YYYY-MM; raise ConfigurationError otherwise."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise ConfigurationError(
            f"the month must be written YYYY-MM, such as 2026-09, not {text!r}"
        ) from error


def _headline_months(
    spend_months: list[Row], wanted: str | None
) -> tuple[date | None, date | None]:
    """Return the month to headline (the latest full one unless asked), and the running month."""
    known = [row["month"] for row in spend_months]
    if wanted is not None:
        month = parse_month(wanted)
        if month not in known:
            raise ConfigurationError(absent_month(month, known))
        return month, None
    if not known:
        return None, None
    full = [row["month"] for row in spend_months if row["is_full_month"]]
    if not full or full[-1] == known[-1]:
        return known[-1], None
    return full[-1], known[-1]


def absent_month(month: date, known: list[date]) -> str:
    """Return the sentence that says which months there are instead of `month`."""
    if not known:
        return f"the snapshot holds no month yet, so not {month:%Y-%m} either"
    return (
        f"the snapshot holds nothing in {month:%Y-%m}; "
        f"its months are {min(known):%Y-%m} to {max(known):%Y-%m}"
    )
