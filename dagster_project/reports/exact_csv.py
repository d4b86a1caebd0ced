"""Every digit as CSV beside the workbook, whose cells are doubles and only show."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from dagster_project.reports.display import exact
from dagster_project.reports.replacing import replacing
from dagster_project.reports.snapshot import ALL_OPEN_LINES, UNIT_COSTS, open_snapshot

# A spreadsheet that opens the CSV takes text with these first characters for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

ROWS_AT_A_TIME = 10_000


def write_exact_csvs(snapshot: Path, target: Path) -> list[Path]:
    """Write the unit costs and open reconciliation lines beside the workbook `target`.

    Returns <stem>.unit_costs.csv and <stem>.reconciliation_lines.csv. Numbers are exact, without
    exponent; text that looks like a formula gets a leading apostrophe.
    """
    unit_costs = target.with_suffix(".unit_costs.csv")
    lines = target.with_suffix(".reconciliation_lines.csv")
    _write(snapshot, UNIT_COSTS, unit_costs)
    _write(snapshot, ALL_OPEN_LINES, lines)
    return [unit_costs, lines]


def safe_text(value: object) -> str:
    """Return a CSV field: exact numbers as they are, text never as a formula."""
    text = exact(value)
    if isinstance(value, str) and text.startswith(FORMULA_STARTS):
        return "'" + text
    return text


def csv_writer(stream: TextIO) -> Any:
    """Return a CSV writer with line ends CR LF.

    Python quotes a field for the characters of the line end alone: with LF only, a CR within a
    text would begin a row of its own, and what follows it could be a formula.
    """
    return csv.writer(stream, lineterminator="\r\n")


def _write(snapshot: Path, query: str, target: Path) -> None:
    with (
        replacing(target) as draft,
        open_snapshot(snapshot) as con,
        draft.open("w", encoding="utf-8", newline="") as stream,
    ):
        cursor = con.execute(query)
        writer = csv_writer(stream)
        writer.writerow([item[0] for item in cursor.description or []])
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            writer.writerows(_fields(rows))


def _fields(rows: Iterable[tuple[Any, ...]]) -> Iterable[list[str]]:
    return ([safe_text(value) for value in row] for row in rows)
