"""Ad-hoc SQL on the published snapshot."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import duckdb

from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.warehouse import connect


def print_query(snapshot: Path, query: str, *, as_csv: bool) -> None:
    """Print the result of `query`; decimals exactly as stored, NULL as an empty CSV field."""
    if not snapshot.exists():
        raise ConfigurationError(f"no snapshot at {snapshot} yet; run `trueup run` first")
    with connect(snapshot, read_only=True) as con:
        con.execute("set search_path = 'marts'")
        try:
            if as_csv:
                result = con.execute(query)
                writer = csv.writer(sys.stdout, lineterminator="\n")
                writer.writerow([column[0] for column in result.description or []])
                while rows := result.fetchmany(10_000):
                    writer.writerows(rows)
            else:
                con.sql(query).show(max_rows=200, max_width=200)
        except duckdb.Error as error:
            raise ConfigurationError(f"the query cannot be run: {error}") from error
