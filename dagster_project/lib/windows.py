"""Which export states each time bucket: the newest one, per source, account and scope.

On a day where exports of different bucket width meet, the newest arrival's width takes the whole
day, because hours of one export and the day total of another must never be added.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from dagster_project.lib.sql import identifier
from dagster_project.sources.base import Source

# Aggregates without endpoints have one scope.
ONE_SCOPE = "all"


def insert_windows(
    con: duckdb.DuckDBPyConnection, source: Source, file_id: str, name: str, account: str
) -> None:
    """Record the time buckets that a file just loaded states."""
    table = f"raw.{identifier(source.raw_table)}"
    scope = identifier(source.scope_column) if source.scope_column else "$scope"
    parameters = {"file_id": file_id, "source": name, "account": account}
    where = "where _file_id = $file_id and _source = $source and _account = $account"
    if not source.scope_column:
        parameters["scope"] = ONE_SCOPE
    if source.windows == "days":
        # Every day from first to last: a day without rows says that nothing was billed.
        stated = (
            f"select {scope} as scope, day as window_start, day + interval 1 day as window_end"
            f" from (select unnest(generate_series(min(start_at), max(start_at), interval 1 day))"
            f" as day from {table} {where})"
        )
    else:
        stated = (
            f"select distinct {scope} as scope, start_at as window_start, end_at as window_end"
            f" from {table} {where}"
        )
    con.execute(
        "insert into raw.file_windows select $file_id, $source, $account, scope,"
        f" cast(window_start as date), window_start, window_end, false from ({stated})",
        parameters,
    )


@contextmanager
def window_changes(
    con: duckdb.DuckDBPyConnection, file_id: str, name: str, account: str
) -> Iterator[None]:
    """Recompute after the block what is current on the days that a file states.

    The file's windows must be in the table when the block begins. Days whose current windows
    changed become pending.
    """
    parameters = {"source": name, "account": account}
    con.execute(
        "create or replace temp table windows_touched as select distinct scope, day"
        " from raw.file_windows where source = $source and account = $account"
        " and file_id = $file_id",
        {**parameters, "file_id": file_id},
    )
    current = (
        "select scope, day, window_start, window_end, file_id from raw.file_windows"
        " where source = $source and account = $account and is_current"
        " and (scope, day) in (from temp.windows_touched)"
    )
    con.execute(f"create or replace temp table windows_before as {current}", parameters)
    yield
    con.execute(
        """
        update raw.file_windows as windows
        set is_current = decided.is_current
        from (
            with stated as (
                select windows.*, files.arrival_no, window_end - window_start as width
                from raw.file_windows as windows
                inner join raw.landed_files as files using (file_id, source, account)
                where source = $source and account = $account and files.status = 'loaded'
                    and (scope, day) in (from temp.windows_touched)
            ),
            days as (
                select scope, day, arg_max(width, (arrival_no, width)) as width
                from stated group by scope, day
            )
            select
                stated.scope, stated.file_id, stated.window_start, stated.window_end,
                stated.width = days.width and stated.arrival_no = max(stated.arrival_no)
                    filter (stated.width = days.width)
                    over (partition by stated.scope, stated.window_start) as is_current
            from stated inner join days using (scope, day)
        ) as decided
        where windows.source = $source and windows.account = $account
            and windows.scope = decided.scope and windows.file_id = decided.file_id
            and windows.window_start = decided.window_start
            and windows.window_end = decided.window_end
            and windows.is_current is distinct from decided.is_current
        """,
        parameters,
    )
    con.execute(
        f"""
        insert into raw.pending_days
        select distinct day from (
            (from temp.windows_before except all ({current}))
            union all (({current}) except all from temp.windows_before)
        )
        where day not in (select day from raw.pending_days)
        """,
        parameters,
    )
    con.execute("drop table temp.windows_before")
    con.execute("drop table temp.windows_touched")
