"""The published read-only snapshot."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.sql import identifier, literal

# Readers with DuckDB >= 1.4 open this; the writing version may be newer.
STORAGE_VERSION = "v1.4.0"


def publish_snapshot(warehouse: Path, snapshot: Path) -> int:
    """Copy schema `marts` into a new file and swap it in; returns the number of tables.

    A reader holds either the old file or the new one. A crash leaves the old one in place and a
    `.part` file that the next run overwrites.
    """
    snapshot.parent.mkdir(parents=True, exist_ok=True)
    part = snapshot.with_name(f".{snapshot.name}.part")
    for leftover in (part, part.with_name(part.name + ".wal")):
        leftover.unlink(missing_ok=True)
    con = duckdb.connect()
    try:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {literal(str(warehouse))} as warehouse (read_only)")
        con.execute(
            f"attach {literal(str(part))} as snapshot (storage_version '{STORAGE_VERSION}')"
        )
        con.execute("create schema snapshot.marts")
        tables = con.execute(
            "select table_name, comment from duckdb_tables() "
            "where database_name = 'warehouse' and schema_name = 'marts' order by table_name"
        ).fetchall()
        if not tables:
            raise TrueUpError(f"{warehouse} holds no marts to publish")
        for table, _ in tables:
            name = identifier(table)
            con.execute(
                f"create table snapshot.marts.{name} as select * from warehouse.marts.{name}"
            )
        _copy_comments(con, tables)
        con.execute("detach snapshot")
    finally:
        con.close()
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    part.replace(snapshot)
    return len(tables)


def _copy_comments(con: duckdb.DuckDBPyConnection, tables: list[tuple[str, str | None]]) -> None:
    """Descriptions travel with the file: a reader has no dbt project beside it."""
    columns = con.execute(
        "select table_name, column_name, comment from duckdb_columns() "
        "where database_name = 'warehouse' and schema_name = 'marts' and comment is not null"
    ).fetchall()
    # one transaction: some thousand comments, each a change of the catalog
    con.execute("begin")
    for table, text in tables:
        if text:
            con.execute(f"comment on table snapshot.marts.{identifier(table)} is {literal(text)}")
    for table, column, text in columns:
        place = f"snapshot.marts.{identifier(table)}.{identifier(column)}"
        con.execute(f"comment on column {place} is {literal(text)}")
    con.execute("commit")
