"""What a gate looks at: one row per landed file, aggregated in DuckDB over every row."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd

from dagster_project.lib.file_load import DECLARED_EMPTY, plain_decimal
from dagster_project.lib.sql import identifier
from dagster_project.sources.base import Source

# Left out of the load on purpose, so they are no sign of a damaged file.
EXPECTED_EXCLUSIONS = ("ungrouped_total",)

PROFILE_COLUMNS = (
    "path",
    "status",
    "reason",
    "rows_in",
    "rows_in_raw",
    "rows_quarantined",
    "faulty_rows",
    "unreadable",
    "undeclared_empty",
    "rows_unaccounted",
    "faulty_share",
    "totals_expected",
    "totals_observed",
    "totals_differing",
    "sidecar_broken",
    "null_keys",
    "negative_counts",
)


def profile(con: duckdb.DuckDBPyConnection, source: Source) -> pd.DataFrame:
    """Return the profile of a source's files (duplicates left out); shape (files, 17).

    Totals are exact texts; the frame holds integers, one share and texts, no money.
    """
    # One scan of the raw table for all files.
    loaded = _raw(con, source)
    rows = [_profile_file(file, loaded) for file in _files(con, source)]
    return pd.DataFrame(rows, columns=list(PROFILE_COLUMNS))


def _files(con: duckdb.DuckDBPyConnection, source: Source) -> list[dict[str, Any]]:
    cursor = con.execute(
        "select files.*, count(faults.file_id) as booked, count(faults.file_id) filter"
        " (not list_contains($expected, faults.reason_code)) as faulty"
        " from raw.landed_files as files left join raw.quarantine as faults"
        " using (file_id, source, account)"
        " where files.raw_table = $name and files.status <> 'duplicate'"
        " group by all order by files.arrival_no, files.path",
        {"name": source.raw_table, "expected": list(EXPECTED_EXCLUSIONS)},
    )
    names = [item[0] for item in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _raw(con: duckdb.DuckDBPyConnection, source: Source) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return {(file_id, source, account): rows, null keys, negatives, totals} of the raw table."""
    counts = [column.name for column in source.columns if column.kind == "count"]
    items = ["count(*) as rows"]
    null_key = " or ".join(f"{identifier(key)} is null" for key in source.keys)
    items.append(f"count(*) filter ({null_key}) as null_keys")
    negative = " or ".join(f"{identifier(name)} < 0" for name in counts) or "false"
    items.append(f"count(*) filter ({negative}) as negatives")
    for column in source.columns:
        name = identifier(column.name)
        if column.kind == "count":
            items.append(f"coalesce(sum({name}), 0) as {name}")
        elif column.kind == "money":
            items.append(f"coalesce(sum(cast({name} as decimal(38, 18))), 0) as {name}")
    cursor = con.execute(
        f"select _file_id, _source, _account, {', '.join(items)}"
        f" from raw.{identifier(source.raw_table)} group by all"
    )
    names = [item[0] for item in cursor.description or []]
    return {row[:3]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


def _profile_file(
    file: dict[str, Any], raw: dict[tuple[str, ...], dict[str, Any]]
) -> dict[str, Any]:
    loaded = file["status"] == "loaded"
    found = raw.get((file["file_id"], file["source"], file["account"]), {})
    if not loaded:
        # The same content may be loaded from elsewhere; those rows are not this file's.
        found = {}
    expected = json.loads(file["control_totals"] or "{}")
    differing = {
        column: (text, found.get(column, 0))
        for column, text in expected.items()
        if Decimal(text) != Decimal(found.get(column, 0))
    }
    rows_in, rows_in_raw = int(file["rows_in"]), int(found.get("rows", 0))
    declared_empty = (file["reason"] or "").startswith(DECLARED_EMPTY)
    return {
        "path": file["path"],
        "status": file["status"],
        "reason": file["reason"] or "",
        "rows_in": rows_in,
        "rows_in_raw": rows_in_raw,
        "rows_quarantined": int(file["booked"]) if loaded else 0,
        "faulty_rows": int(file["faulty"]) if loaded else 0,
        "unreadable": int(not loaded),
        "undeclared_empty": int(loaded and rows_in == 0 and not declared_empty),
        "rows_unaccounted": rows_in - rows_in_raw - int(file["booked"]) if loaded else 0,
        "faulty_share": int(file["faulty"]) / rows_in if loaded and rows_in else 0.0,
        "totals_expected": ", ".join(f"{c} = {pair[0]}" for c, pair in differing.items()),
        "totals_observed": ", ".join(
            f"{c} = {plain_decimal(Decimal(pair[1]))}" for c, pair in differing.items()
        ),
        "totals_differing": len(differing),
        "sidecar_broken": int(loaded and file["sidecar_ok"] is False),
        "null_keys": int(found.get("null_keys", 0)),
        "negative_counts": int(found.get("negatives", 0)),
    }
