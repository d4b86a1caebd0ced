"""The tables of schema `raw`: one per export format, and the books the ingest keeps on files."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from dagster_project.lib.columns import LINEAGE
from dagster_project.lib.sql import identifier
from dagster_project.sources.base import Source

CONTROL_TABLES: dict[str, tuple[tuple[str, str], ...]] = {
    # grain: one row per file present in landing
    "landed_files": (
        ("file_id", "VARCHAR"),
        ("source", "VARCHAR"),
        ("account", "VARCHAR"),
        ("path", "VARCHAR"),
        ("bytes", "BIGINT"),
        ("arrival_no", "BIGINT"),
        ("raw_table", "VARCHAR"),
        ("status", "VARCHAR"),
        ("reason", "VARCHAR"),
        ("rows_in", "BIGINT"),
        ("rows_loaded", "BIGINT"),
        ("rows_quarantined", "BIGINT"),
        ("first_day", "DATE"),
        ("last_day", "DATE"),
        ("control_totals", "VARCHAR"),
        ("sidecar_ok", "BOOLEAN"),
        # the content's whole hash, and when the file was last written
        ("content_sha256", "VARCHAR"),
        ("arrived_at", "TIMESTAMP"),
    ),
    # grain: one row per file, scope and time bucket that the file states
    "file_windows": (
        ("file_id", "VARCHAR"),
        ("source", "VARCHAR"),
        ("account", "VARCHAR"),
        ("scope", "VARCHAR"),
        ("day", "DATE"),
        ("window_start", "TIMESTAMP"),
        ("window_end", "TIMESTAMP"),
        ("is_current", "BOOLEAN"),
    ),
    # grain: one row per data row that was not loaded
    "quarantine": (
        ("source", "VARCHAR"),
        ("account", "VARCHAR"),
        ("file_id", "VARCHAR"),
        ("path", "VARCHAR"),
        ("row_number", "BIGINT"),
        ("column_name", "VARCHAR"),
        ("reason_code", "VARCHAR"),
        ("reason", "VARCHAR"),
        ("value_hint", "VARCHAR"),
    ),
    # grain: one row per rate-card version that a comparison prices with; empty otherwise
    "compared_versions": (("pricing_pass", "VARCHAR"), ("rate_card_version", "VARCHAR")),
    # grain: one row per UTC day whose ledger must be computed again
    "pending_days": (("day", "DATE"),),
    # grain: one row per input that is compared as a whole
    "input_fingerprints": (("name", "VARCHAR"), ("sha256", "VARCHAR")),
}


def create_control_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make schema `raw` and its control tables where they are missing."""
    con.execute("create schema if not exists raw")
    for name, columns in CONTROL_TABLES.items():
        table = f"raw.{identifier(name)}"
        con.execute(f"create table if not exists {table} ({_declared(columns)})")
        # columns that a later version keeps stand at the end
        for column, sql_type in columns:
            con.execute(
                f"alter table {table} add column if not exists {identifier(column)} {sql_type}"
            )


def create_raw_tables(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Make every source's raw table.

    A table of an older layout is dropped with its books, in one transaction; landing still has
    the files, so they load again.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for table, name, sql_type in con.execute(
        "select table_name, column_name, data_type from duckdb_columns() where database_name ="
        " current_database() and schema_name = 'raw' order by table_name, column_index"
    ).fetchall():
        found.setdefault(table, []).append((name, sql_type))
    for source in sources:
        wanted = (*LINEAGE, *source.stored_columns())
        if found.get(source.raw_table) != list(wanted):
            _create_raw_table(con, source, wanted, replaces=source.raw_table in found)


def _create_raw_table(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    wanted: tuple[tuple[str, str], ...],
    *,
    replaces: bool,
) -> None:
    table = f"raw.{identifier(source.raw_table)}"
    con.begin()
    try:
        if replaces:
            for book in ("file_windows", "quarantine"):
                con.execute(
                    f"delete from raw.{book} where (file_id, source, account) in (select"
                    " (file_id, source, account) from raw.landed_files where raw_table = $name)",
                    {"name": source.raw_table},
                )
            con.execute(
                "delete from raw.landed_files where raw_table = $name", {"name": source.raw_table}
            )
            con.execute(f"drop table {table}")
        con.execute(f"create table {table} ({_declared(wanted)})")
        con.commit()
    except BaseException:
        con.rollback()
        raise


def _declared(columns: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{identifier(name)} {sql_type}" for name, sql_type in columns)


def fingerprint(con: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """Return the stored fingerprint of an input."""
    rows = con.execute(
        "select sha256 from raw.input_fingerprints where name = $name", {"name": name}
    ).fetchall()
    return str(rows[0][0]) if rows else None


def set_fingerprint(con: duckdb.DuckDBPyConnection, name: str, sha256: str) -> None:
    """Store the fingerprint of an input."""
    con.execute("delete from raw.input_fingerprints where name = $name", {"name": name})
    con.execute(
        "insert into raw.input_fingerprints values ($name, $sha256)",
        {"name": name, "sha256": sha256},
    )
