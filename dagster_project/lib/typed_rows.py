"""Typing the staged rows of one file: good rows, faulty rows and control totals, as SQL.

Three views of one relation: `good` is written in a single pass; `faults` is read only when the
counts say that there are any; `totals` sums the source's own texts and never the typed values.
"""

from __future__ import annotations

from decimal import Decimal

import duckdb

from dagster_project.lib.casting import (
    REASONS,
    SHOWN_VALUE,
    Cast,
    as_text,
    cast_column,
    exact_number,
    user_id,
)
from dagster_project.lib.columns import Column
from dagster_project.lib.hashing import NOBODY, hash_parameters, keyed_hash_sql
from dagster_project.lib.sql import literal, one_row
from dagster_project.lib.staging import Staged
from dagster_project.sources.base import Source

LINEAGE_PARAMETERS = ("file_id", "source", "account")


class TypedRows:
    """One staged file seen through its source's declared columns."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, source: Source, staged: Staged, key: str
    ) -> None:
        self.con = con
        self.source = source
        self.staged = staged
        self.casts: dict[str, Cast] = {}
        self.joins: list[str] = []
        self.user_tables: list[str] = []
        for column in source.columns:
            if column.name in staged.types:
                self.casts[column.name] = (
                    self._hashed(column, key)
                    if column.kind == "user"
                    else cast_column(
                        column, staged.types[column.name], staged.transforms.get(column.name, "")
                    )
                )

    def _hashed(self, column: Column, key: str) -> Cast:
        """Hash each distinct id once: users are few beside calls (measured 4 times faster)."""
        table = f"hashed_{len(self.user_tables)}"
        text = user_id(column, self.staged.types[column.name])
        self.con.execute(
            f"create or replace temp table {table} as"
            f" select id, {keyed_hash_sql('id')} as user_key from (select distinct {text} as id"
            f" from {self.staged.relation}) where id is not null"
            " and not list_contains($nobody, lower(trim(id)))",
            {**self.staged.parameters, **hash_parameters(key), "nobody": list(NOBODY)},
        )
        self.user_tables.append(table)
        self.joins.append(f"left join temp.{table} on {table}.id = {text}")
        return Cast(f"h_{column.name}", f"{table}.user_key")

    def drop(self) -> None:
        """Forget the distinct user ids."""
        for table in self.user_tables:
            self.con.execute(f"drop table temp.{table}")

    def _typed(self) -> str:
        """Return the relation with s_<column>, h_<column> and c_<column>."""
        helpers = "".join(
            f", {cast.helper} as h_{name}" for name, cast in self.casts.items() if cast.helper
        )
        read = (
            f"(select rows.*{helpers} from {self.staged.relation} as rows {' '.join(self.joins)})"
        )
        values = []
        for column in self.source.columns:
            if column.kind != "free_text":
                cast = self.casts.get(column.name)
                sql_type = column.stored()[0][1]
                value = f"cast(null as {sql_type})" if cast is None else cast.value
                values.append(f"{value} as c_{column.name}")
        typed = f"(select *, {', '.join(values)} from {read})"
        if not self.source.rules:
            return typed
        rules = ", ".join(
            f"coalesce({rule.sql}, false) as rule_{place}"
            for place, rule in enumerate(self.source.rules)
        )
        return f"(select *, {rules} from {typed})"

    def _tests(self) -> list[tuple[str, str, str, str, str]]:
        """Return (condition, code, column, reason, shown value) of every fault, first first.

        No condition is ever NULL: a row is either good or faulty.
        """
        tests: list[tuple[str, str, str, str, str]] = []
        if self.staged.has_faults:
            tests.append(
                ("_fault_code is not null", "_fault_code", "_fault_column", "null", "null")
            )
        for column in self.source.columns:
            cast = self.casts.get(column.name)
            name = literal(column.name)
            if cast is not None and cast.present is not None:
                shown = as_text(f"s_{column.name}", self.staged.types[column.name])
                lost = f"c_{column.name} is null and {cast.present} is not null"
                tests.append((lost, cast.code, name, "null", shown))
            if column.required:
                absent = f"s_{column.name} is null" if cast is not None else "true"
                tests.append((absent, "'missing_value'", name, "null", "null"))
        for place, rule in enumerate(self.source.rules):
            code, name, reason = literal(rule.code), literal(rule.column), literal(rule.reason)
            tests.append((f"rule_{place}", code, name, reason, "null"))
        return tests

    def _faulty(self) -> str:
        return " or ".join(f"({test[0]})" for test in self._tests()) or "false"

    def insert(self, table: str, lineage: tuple[str, str, str]) -> None:
        """Write every good row into the raw table, in one pass."""
        items = []
        for column in self.source.columns:
            if column.kind != "free_text":
                items.append(f"c_{column.name}")
            elif column.name in self.staged.free_text:
                items += [f"s_{column.name}_length", f"s_{column.name}_hash"]
            else:
                items += ["null", "null"]
        # Row numbers say where a row stood, so both cores may write in any order (measured:
        # twice as fast). Staging needs the order again.
        self.con.execute("set preserve_insertion_order = false")
        try:
            self.con.execute(
                f"insert into {table} select $file_id, _row_number, $source, $account,"
                f" {', '.join(items)} from {self._typed()} where not ({self._faulty()})",
                {
                    **self.staged.parameters,
                    **dict(zip(LINEAGE_PARAMETERS, lineage, strict=True)),
                },
            )
        finally:
            self.con.execute("set preserve_insertion_order = true")

    def insert_faults(self, lineage: tuple[str, str, str], path: str) -> None:
        """Write one quarantine row per faulty row: its first fault, and how many more it has."""
        tests = self._tests()
        reasons = "".join(
            f" when {literal(code)} then {literal(text)}" for code, text in REASONS.items()
        )
        faults = ", ".join(
            f"case when {condition} then {{'code': {code}, 'name': {name},"
            f" 'reason': {reason}, 'shown': {shown}}} end"
            for condition, code, name, reason, shown in tests
        )
        self.con.execute(
            "insert into raw.quarantine"
            " select $source, $account, $file_id, $file_path, _row_number,"
            f" fault.name, fault.code, coalesce(fault.reason, case fault.code{reasons}"
            " else fault.code end) || case when more = 1 then ' (and 1 more fault in this row)'"
            " when more > 1 then ' (and ' || more || ' more faults in this row)' else '' end,"
            " case when fault.shown is null then null"
            f" when regexp_full_match(fault.shown, {literal(SHOWN_VALUE)}) then fault.shown"
            " else 'text of ' || length(fault.shown) || ' characters' end"
            " from (select _row_number, faults[1] as fault, len(faults) - 1 as more from"
            f" (select _row_number, list_filter([{faults}], lambda f: f is not null) as faults"
            f" from {self._typed()} where {self._faulty()}))",
            {
                **self.staged.parameters,
                **dict(zip(LINEAGE_PARAMETERS, lineage, strict=True)),
                "file_path": path,
            },
        )

    def totals(self, *, faulty_only: bool = False) -> tuple[int, dict[str, Decimal]]:
        """Return the row count and the exact sum of every count and money column.

        Values that are no numbers count as nothing. Read from the source's own values.
        """
        names = [name for name in self.source.total_columns() if name in self.staged.types]
        sums = []
        for name in names:
            sql_type = self.staged.types[name]
            if sql_type in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT"):
                sums.append(f"coalesce(sum(s_{name}), 0)")
            else:
                sums.append(f"coalesce(sum({exact_number(f's_{name}', sql_type)}), 0)")
        relation = self.staged.relation
        if faulty_only:
            relation = f"{self._typed()} where {self._faulty()}"
        row = one_row(
            self.con,
            f"select {', '.join(['count(*)', *sums])} from {relation}",
            self.staged.parameters,
        )
        return int(row[0]), {
            name: Decimal(value) for name, value in zip(names, row[1:], strict=True)
        }
