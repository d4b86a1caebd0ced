"""Loading one file, and taking one out again: each a single transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

import duckdb

from dagster_project.lib.arrivals import Arrival
from dagster_project.lib.errors import FileRejected
from dagster_project.lib.sidecars import broken_promises
from dagster_project.lib.sql import identifier, one_row
from dagster_project.lib.staging import Staged, drop_staged
from dagster_project.lib.typed_rows import TypedRows
from dagster_project.lib.windows import insert_windows, window_changes
from dagster_project.sources.base import Source

DECLARED_EMPTY = "the page says that it has no rows"

# What DuckDB raises for a damaged file. Any other error is ours, or the machine's, and stops
# the run: a full disk must never be booked as a bad file.
DAMAGED_FILE_ERRORS = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.SerializationException,
    duckdb.OutOfRangeException,
    duckdb.IOException,
)
MACHINE_WORDS = ("no space left", "disk quota", "permission denied", "too many open files")


# Sums are DECIMAL(38,18); Python's default of 28 digits would round their difference.
TOTAL_DIGITS = 60


@dataclass
class LoadedFile:
    """What became of one file."""

    status: str
    reason: str | None = None
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    warnings: list[str] = field(default_factory=list)


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit the block, or leave nothing of it."""
    con.begin()
    try:
        yield
        con.commit()
    except BaseException:
        con.rollback()
        raise


def load_file(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    arrival: Arrival,
    name: str,
    read: Callable[[Arrival], Staged],
    key: str,
) -> LoadedFile:
    """Load one file into the raw table, or book it as rejected; nothing in between remains.

    `name` is what `_source` says; `read` stages the file.
    """
    try:
        # Staging stands before the transaction: row ids of a temporary table count from 0 only
        # once it is committed, and it dies with the connection anyway.
        drop_staged(con)
        staged = read(arrival)
        rows = TypedRows(con, source, staged, key)
        with transaction(con):
            done = _load(con, source, arrival, name, staged, rows)
        rows.drop()
        drop_staged(con)
        return done
    except FileRejected as error:
        reason = error.reason
    except DAMAGED_FILE_ERRORS as error:
        text = str(error).lower()
        if any(word in text for word in MACHINE_WORDS):
            raise
        # DuckDB's message may quote the file, so only its kind is kept.
        kind = type(error).__name__.removesuffix("Exception")
        reason = f"the file is damaged or not what its name says ({kind} error while reading)"
    with transaction(con):
        book(con, arrival, name, source.raw_table, LoadedFile("rejected", reason))
    return LoadedFile("rejected", reason)


def _load(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    arrival: Arrival,
    name: str,
    staged: Staged,
    rows: TypedRows,
) -> LoadedFile:
    table = f"raw.{identifier(source.raw_table)}"
    lineage = (arrival.file_id, name, arrival.account)
    rows_in, totals = rows.totals()
    rows_in += len(staged.malformed_rows)
    rows.insert(table, *lineage)
    (loaded,) = one_row(con, f"select count(*) from {table} where {_OF_FILE}", _file(lineage))
    done = LoadedFile("loaded", rows_in=rows_in, rows_loaded=loaded)
    done.rows_quarantined = rows_in - loaded
    kept = dict(totals)
    if done.rows_quarantined > len(staged.malformed_rows):
        rows.insert_faults(*lineage, arrival.relative)
        _, faulty = rows.totals(faulty_only=True)
        with localcontext(prec=TOTAL_DIGITS):
            kept = {column: total - faulty[column] for column, total in totals.items()}
    _book_malformed(con, staged, arrival, name)
    done.warnings = [f"{arrival.relative}: the file has no {what}" for what in staged.missing]
    if staged.declared_empty:
        done.reason = DECLARED_EMPTY
    _book_loaded(con, source, arrival, name, done, kept, totals)
    return done


_OF_FILE = "_file_id = $file_id and _source = $source and _account = $account"


def _file(lineage: tuple[str, str, str]) -> dict[str, str]:
    return dict(zip(("file_id", "source", "account"), lineage, strict=True))


def _book_malformed(
    con: duckdb.DuckDBPyConnection, staged: Staged, arrival: Arrival, name: str
) -> None:
    if staged.malformed_rows:
        con.execute(
            "insert into raw.quarantine select $source, $account, $file_id, $path, unnest($rows),"
            " null, 'malformed_row', $reason, null",
            {
                "source": name,
                "account": arrival.account,
                "file_id": arrival.file_id,
                "path": arrival.relative,
                "rows": staged.malformed_rows,
                "reason": "the row has another number of fields than the header, or a stray quote",
            },
        )


def _book_loaded(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    arrival: Arrival,
    name: str,
    done: LoadedFile,
    kept: dict[str, Decimal],
    totals: dict[str, Decimal],
) -> None:
    """Book the file, its windows and its pending days."""
    table = f"raw.{identifier(source.raw_table)}"
    lineage = (arrival.file_id, name, arrival.account)
    sidecar_ok = None
    if arrival.sidecar.exists():
        broken = broken_promises(arrival.sidecar, done.rows_in, totals)
        sidecar_ok = not broken
        done.reason = "; ".join(broken) or done.reason
    first, last = source.day_columns[0], source.day_columns[-1]
    days = one_row(
        con,
        f"select cast(min({first}) as date), cast(max({last}) as date) from {table}"
        f" where {_OF_FILE}",
        _file(lineage),
    )
    book(con, arrival, name, source.raw_table, done, days, kept, sidecar_ok)
    if source.windows:
        insert_windows(con, source, *lineage)
        with window_changes(con, *lineage):
            pass
    else:
        mark_pending(con, source, lineage)


def book(
    con: duckdb.DuckDBPyConnection,
    arrival: Arrival,
    name: str,
    raw_table: str | None,
    done: LoadedFile,
    days: tuple[object, ...] | None = None,
    totals: dict[str, Decimal] | None = None,
    sidecar_ok: bool | None = None,
) -> None:
    """Write the file's row in raw.landed_files, in place of an earlier one for its path."""
    con.execute(
        "delete from raw.landed_files where path = $path and source = $source",
        {"path": arrival.relative, "source": name},
    )
    first_day, last_day = days or (None, None)
    con.execute(
        "insert into raw.landed_files values ($file_id, $source, $account, $path, $bytes,"
        " $arrival_no, $raw_table, $status, $reason, $rows_in, $rows_loaded, $rows_quarantined,"
        " $first_day, $last_day, $control_totals, $sidecar_ok)",
        {
            "file_id": arrival.file_id,
            "source": name,
            "account": arrival.account,
            "path": arrival.relative,
            "bytes": arrival.bytes,
            "arrival_no": arrival.arrival_no,
            "raw_table": raw_table,
            "status": done.status,
            "reason": done.reason,
            "rows_in": done.rows_in,
            "rows_loaded": done.rows_loaded,
            "rows_quarantined": done.rows_quarantined,
            "first_day": first_day,
            "last_day": last_day,
            "control_totals": None
            if totals is None
            else json.dumps({column: plain_decimal(total) for column, total in totals.items()}),
            "sidecar_ok": sidecar_ok,
        },
    )


def plain_decimal(number: Decimal) -> str:
    """Return every digit of a number, without exponent and without trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def mark_pending(
    con: duckdb.DuckDBPyConnection, source: Source, lineage: tuple[str, str, str]
) -> None:
    """Make the days of a file's rows pending, and those of other rows that share an identity."""
    table = f"raw.{identifier(source.raw_table)}"
    first, last = source.day_columns[0], source.day_columns[-1]
    touched = f"select {first}, {last} from {table} where {_OF_FILE}"
    (others,) = one_row(
        con, f"select exists (select 1 from {table} where not ({_OF_FILE}))", _file(lineage)
    )
    if others and source.identity:
        keys = ", ".join(identifier(column) for column in source.identity)
        touched += (
            f" union all select {first}, {last} from {table} where not ({_OF_FILE})"
            f" and ({keys}) in (select ({keys}) from {table} where {_OF_FILE})"
        )
    if first == last:
        days = f"select distinct cast({first} as date) as day from ({touched})"
    else:
        days = (
            "select distinct cast(unnest(generate_series(cast(first as timestamp),"
            " cast(last as timestamp), interval 1 day)) as date) as day"
            f" from (select distinct {first} as first, {last} as last from ({touched}))"
        )
    con.execute(
        f"insert into raw.pending_days select day from ({days})"
        " where day not in (select day from raw.pending_days)",
        _file(lineage),
    )


def withdraw_file(
    con: duckdb.DuckDBPyConnection, source: Source, lineage: tuple[str, str, str], path: str
) -> None:
    """Take a file's rows, windows and quarantine out of raw. Call inside a transaction."""
    table = f"raw.{identifier(source.raw_table)}"
    if not source.windows:
        mark_pending(con, source, lineage)
    changes = window_changes(con, *lineage) if source.windows else nullcontext()
    with changes:
        con.execute(f"delete from {table} where {_OF_FILE}", _file(lineage))
        for book_table in ("file_windows", "quarantine"):
            con.execute(
                f"delete from raw.{book_table} where file_id = $file_id and source = $source"
                " and account = $account",
                _file(lineage),
            )
        con.execute(
            "delete from raw.landed_files where path = $path and source = $source",
            {"path": path, "source": lineage[1]},
        )
