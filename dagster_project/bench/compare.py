"""Proof that TrueUp and the baseline did the same job: equal rows, tokens and money."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.lib.sql import identifier, literal

TOKENS = (
    "input_uncached_tokens",
    "input_cache_read_tokens",
    "input_cache_write_5m_tokens",
    "input_cache_write_30m_tokens",
    "input_cache_write_1h_tokens",
    "input_cache_write_12h_tokens",
    "output_tokens",
)

# Of two equal copies of a call either may be kept, and the baseline names files in its own way.
OWN_COLUMNS = ("usage_row_id",)

UNIT_MARTS = (
    ("cost_per_feature", "feature"),
    ("cost_per_active_user", "user_class"),
    ("cost_per_resolved_ticket", "resolution_kind"),
    ("cost_per_successful_task", "task_type"),
)


@dataclass(frozen=True)
class Comparison:
    """One compared figure: how many groups, and how many of them differ."""

    name: str
    groups: int
    different: int


def compare(warehouse: Path, baseline: Path) -> list[Comparison]:
    """Compare the marts of a warehouse with the tables of the baseline, to the last digit."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {literal(str(warehouse))} as trueup (read_only)")
        con.execute(f"attach {literal(str(baseline))} as baseline (read_only)")
        results = [
            _compared(con, name, ours, theirs)
            for name, ours, theirs in (_raw(), _calls(), _call_values(con), _charge_lines(con))
        ]
        for mart, class_column in UNIT_MARTS:
            results.append(_compared(con, *_unit_mart(mart, class_column)))
            results.append(_compared(con, *_direct_unit_costs(mart, class_column)))
        return results


def _compared(con: duckdb.DuckDBPyConnection, name: str, ours: str, theirs: str) -> Comparison:
    con.execute(f"create or replace temp table ours as {ours}")
    con.execute(f"create or replace temp table theirs as {theirs}")
    groups = con.execute("select count(*) from ours").fetchall()[0][0]
    different = con.execute(
        "select (select count(*) from (from ours except all from theirs))"
        " + (select count(*) from (from theirs except all from ours))"
    ).fetchall()[0][0]
    return Comparison(name, int(groups), int(different))


def _raw() -> tuple[str, str, str]:
    counted = (
        "select count(*) as calls, sum(input_tokens), sum(output_tokens), count(user_key) from"
    )
    return "raw calls", f"{counted} trueup.raw.call_log", f"{counted} baseline.raw_calls"


def _calls() -> tuple[str, str, str]:
    sums = ", ".join(f"sum({column}) as {column}" for column in TOKENS)
    statement = (
        f"select usage_date, channel, model_served, count(*) as calls, {sums},"
        " sum(cost_usd) as cost_usd, count(unpriced_reason) as unpriced from {table} group by all"
    )
    return (
        "calls, tokens and cost by day and model",
        statement.format(table="trueup.marts.fct_llm_calls"),
        statement.format(table="baseline.calls"),
    )


def _call_values(con: duckdb.DuckDBPyConnection) -> tuple[str, str, str]:
    """Compare every column of every call, as a sum of row hashes by day."""
    columns = _columns(con, "fct_llm_calls")
    statement = (
        f"select usage_date, sum(cast(hash({columns}) as hugeint)) as fingerprint"
        " from {table} group by usage_date"
    )
    return (
        "every value of every call, by day",
        statement.format(table="trueup.marts.fct_llm_calls"),
        statement.format(table="baseline.calls"),
    )


def _charge_lines(con: duckdb.DuckDBPyConnection) -> tuple[str, str, str]:
    """Compare every column of every charge line."""
    statement = f"select {_columns(con, 'fct_charge_lines')} from {{table}}"
    return (
        "every charge line",
        statement.format(table="trueup.marts.fct_charge_lines"),
        statement.format(table="baseline.charge_lines"),
    )


def _columns(con: duckdb.DuckDBPyConnection, mart: str) -> str:
    """Return the columns of a mart, as TrueUp orders them, that the baseline must have too."""
    names = [
        row[0]
        for row in con.execute(
            "select column_name from duckdb_columns() where database_name = 'trueup'"
            " and schema_name = 'marts' and table_name = $mart order by column_index",
            {"mart": mart},
        ).fetchall()
    ]
    return ", ".join(identifier(name) for name in names if name not in OWN_COLUMNS)


def _unit_mart(mart: str, class_column: str) -> tuple[str, str, str]:
    statement = (
        "select period_grain, period_start, {column} as class, scope_rule, requests,"
        " unpriced_requests, computed_cost_usd from {table}"
        # a class without spend or scope of its own stands in both with zero cost
        " where requests > 0"
    )
    return (
        f"{mart}: cost by period",
        statement.format(column=class_column, table=f"trueup.marts.{mart}"),
        statement.format(column="class", table=f"baseline.{mart}"),
    )


def _direct_unit_costs(mart: str, class_column: str) -> tuple[str, str, str]:
    statement = (
        "select period_grain, period_start, {column} as class, computed_direct_unit_cost_usd"
        " from {table} where computed_direct_unit_cost_usd is not null"
    )
    return (
        f"{mart}: direct unit cost",
        statement.format(column=class_column, table=f"trueup.marts.{mart}"),
        statement.format(column="class", table=f"baseline.{mart}"),
    )
