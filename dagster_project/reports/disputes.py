"""The dispute pack: what to hold against one provider, with the documents that decide."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import duckdb

from dagster_project.reports.columns import Column
from dagster_project.reports.display import month_name, number
from dagster_project.reports.exact_csv import csv_writer, safe_text
from dagster_project.reports.finance_tables import DISPUTES, DOCUMENT, LINE_ID
from dagster_project.reports.replacing import replacing
from dagster_project.reports.sheets import SheetWriter
from dagster_project.reports.snapshot import Row, fetch, open_snapshot

EVIDENCE = """
    select evidence.*
    from marts.reconciliation_evidence as evidence
    semi join marts.report_finance_disputes as disputes
        on evidence.reconciliation_line_id = disputes.reconciliation_line_id
        and disputes.month = $month
    order by evidence.reconciliation_line_id, evidence.evidence_no
"""
EVIDENCE_COLUMNS: tuple[Column, ...] = (
    LINE_ID,
    Column("evidence_no", "No.", "count", 6, "Order of the evidence."),
    Column("evidence_kind", "Kind", "code", 20, "Line of the bill, usage, call or price."),
    DOCUMENT,
    Column("row_number", "Row", "count", 8, "Row of the document."),
    Column("quantity", "Quantity", "quantity", 16, "Units that it states."),
    Column("amount_usd", "Amount", "fine_money", 16, "Amount that it states, in USD."),
    Column("evidence_id", "Id", "text", 40, "Key of the evidence in the marts."),
)
# What one account's file need not repeat on each line.
LINES = tuple(
    column
    for column in DISPUTES.columns
    if column.key not in ("channel", "account", "claim_cents_usd")
)


def write_disputes(snapshot: Path, folder: Path, month: date, as_of: datetime) -> list[Path]:
    """Write <channel>-<account>-<month>.csv and .xlsx for each account with something to dispute.

    Files of the same month whose dispute is gone are deleted. An older snapshot has no disputes.
    """
    with open_snapshot(snapshot) as con:
        try:
            rows = fetch(con, DISPUTES.query, month=month)
            evidence = fetch(con, EVIDENCE, month=month)
        except (duckdb.CatalogException, duckdb.BinderException):
            return []
    written: list[Path] = []
    for (channel, account), lines in _by_account(rows).items():
        stem = folder / _file_name(channel, account, month_name(month))
        _write_csv(lines, stem.with_name(f"{stem.name}.csv"))
        ids = {line["reconciliation_line_id"] for line in lines}
        proofs = [row for row in evidence if row["reconciliation_line_id"] in ids]
        _write_workbook(lines, proofs, stem.with_name(f"{stem.name}.xlsx"), as_of)
        written += [stem.with_name(f"{stem.name}.csv"), stem.with_name(f"{stem.name}.xlsx")]
    for stale in set(folder.glob(f"*-{month_name(month)}.*")) - set(written):
        stale.unlink()
    return written


def _by_account(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    accounts: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        accounts.setdefault((row["channel"], row["account"]), []).append(row)
    return accounts


def _file_name(channel: str, account: str, month: str) -> str:
    """Return a file name that stays in its folder, and is another for another account."""
    plain = [re.sub(r"[^A-Za-z0-9_.]", "_", name).lstrip(".") for name in (channel, account)]
    if plain != [channel, account]:
        plain.append(hashlib.sha256(f"{channel}\n{account}".encode()).hexdigest()[:8])
    return "-".join([*plain, month])


def _write_csv(lines: list[Row], target: Path) -> None:
    with replacing(target) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv_writer(stream)
        writer.writerow(lines[0])
        writer.writerows([safe_text(value) for value in line.values()] for line in lines)


def _write_workbook(lines: list[Row], evidence: list[Row], target: Path, as_of: datetime) -> None:
    from xlsxwriter import Workbook  # noqa: PLC0415  (loaded only by who writes one)

    first = lines[0]
    title = f"Dispute: {first['channel']} / {first['account']}, {month_name(first['month'])}"
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    claim = first["claim_cents_usd"]
    with replacing(target) as draft, Workbook(str(draft), options) as book:
        book.set_properties({"title": title, "author": "TrueUp", "created": as_of})
        writer = SheetWriter(book)
        writer.start_sheet("Dispute", [6, 44, 70])
        writer.line(title, "title")
        writer.line(f"Claim: {number(claim)} USD in {len(lines)} lines.", "heading")
        writer.gap()
        writer.freeze_with_header()
        writer.table(
            tuple(
                column
                for column in LINES
                if column.key in ("dispute_no", "deciding_document", "claim")
            ),
            lines,
            empty="No line.",
        )
        writer.table_sheet("Lines", LINES, lines, {"disputed_cents_usd": claim})
        writer.table_sheet("Evidence", EVIDENCE_COLUMNS, evidence)
