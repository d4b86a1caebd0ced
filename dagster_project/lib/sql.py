"""Quoting for the few SQL texts that cannot be bound parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb


def identifier(name: str) -> str:
    """Return `name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return `text` as a SQL string literal.

    Only for places where DuckDB takes constants alone: JSON paths and struct field names.
    Everything else is a bound parameter.
    """
    return "'" + text.replace("'", "''") + "'"


def json_path(keys: list[str]) -> str:
    """Return the DuckDB JSON path to a nested key: ['a', 'b.c'] gives $."a"."b.c"."""
    return "$" + "".join('."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)


def one_row(
    con: duckdb.DuckDBPyConnection, statement: str, parameters: Mapping[str, object] | None = None
) -> tuple[Any, ...]:
    """Return the first row of a query that always has one.

    Everything is fetched: DuckDB 2 refuses other work while a result is half read.
    """
    return con.execute(statement, dict(parameters or {})).fetchall()[0]
