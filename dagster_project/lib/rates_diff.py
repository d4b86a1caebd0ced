"""What another version of the rate card would make of the usage that is already loaded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb

from dagster_project.lib import control_tables
from dagster_project.lib.compiled_models import build_model
from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import connect, writer_lock

COLUMNS = (
    "month",
    "channel",
    "account",
    "model_served",
    "service_tier",
    "processing",
    "geo",
    "meter",
    "quantity",
    "from_cost_usd",
    "to_cost_usd",
    "difference_usd",
)


def spend_differences(
    settings: Settings, from_version: str, to_version: str
) -> list[dict[str, Any]]:
    """Price the loaded usage with both versions; return the lines that differ, largest first.

    Everything happens in one transaction that is rolled back, so the warehouse stays as it is.
    Contracts apply on both sides. Raises ConfigurationError for a version that the card lacks.
    """
    with writer_lock(settings), connect(settings.warehouse) as con:
        con.execute("begin")
        try:
            control_tables.create_control_tables(con)
            con.executemany(
                "insert into raw.compared_versions values (?, ?)",
                [("from", from_version), ("to", to_version)],
            )
            build_model(con, "int_rates_diff")
            _require_versions(con, from_version, to_version)
            rows = con.execute(
                f"select {', '.join(COLUMNS)} from intermediate.int_rates_diff"
                " order by abs(difference_usd) desc, channel, account, model_served, meter, month"
            ).fetchall()
        finally:
            con.execute("rollback")
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def total_difference(rows: list[dict[str, Any]]) -> Decimal:
    """The sum of the differences, exact."""
    return sum((row["difference_usd"] for row in rows), Decimal(0))


def _require_versions(con: duckdb.DuckDBPyConnection, *versions: str) -> None:
    known = {
        row[0]
        for row in con.execute(
            "select rate_card_version from reference.rate_card_versions"
        ).fetchall()
    }
    for version in versions:
        if version not in known:
            raise ConfigurationError(f"no rate card {version!r}; known: {', '.join(sorted(known))}")
