"""The FOCUS export as files: Parquet for programs, CSV for people, each appearing whole."""

from __future__ import annotations

from pathlib import Path

from dagster_project.lib.sql import identifier, literal
from dagster_project.reports.exact_csv import FORMULA_STARTS
from dagster_project.reports.replacing import replacing
from dagster_project.reports.snapshot import open_snapshot

# Mart and the columns that put its rows in one order, so that a file differs only where a row does.
DATASETS = {
    "focus_cost_and_usage": "BillingPeriodStart, BillingAccountId, ChargePeriodStart, x_ChargeId",
    "focus_invoice_details": "BillingPeriodStart, BillingAccountId, InvoiceId, InvoiceDetailId",
}
FORMATS = {
    "parquet": "format parquet, compression zstd",
    "csv": "format csv, header, timestampformat '%Y-%m-%dT%H:%M:%SZ'",
}


def write_focus_files(snapshot: Path, folder: Path) -> list[Path]:
    """Write every dataset from the snapshot into `folder`; return the files.

    Raises TrueUpError when the snapshot is absent or a file cannot be written.
    """
    written = []
    for mart, order in DATASETS.items():
        for suffix, options in FORMATS.items():
            target = folder / f"{mart}.{suffix}"
            with replacing(target) as draft, open_snapshot(snapshot) as con:
                columns = con.execute(f"describe marts.{mart}").fetchall()
                fields = ", ".join(
                    _field(name, kind) if suffix == "csv" else identifier(name)
                    for name, kind, *_ in columns
                )
                con.execute(
                    f"copy (select {fields} from marts.{mart} order by {order}) "
                    f"to {literal(str(draft))} ({options})"
                )
            written.append(target)
    return written


def _field(name: str, kind: str) -> str:
    """A column of the CSV; text that a spreadsheet would take for a formula gets an apostrophe."""
    column = identifier(name)
    if kind != "VARCHAR":
        return column
    starts = ", ".join(f"chr({ord(start)})" for start in FORMULA_STARTS)
    return f"if({column}[1] in ({starts}), '''' || {column}, {column}) as {column}"
