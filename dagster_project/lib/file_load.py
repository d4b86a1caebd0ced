"""Loading one file, and taking one out again: each a single transaction."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

import duckdb

from dagster_project.lib.arrivals import Arrival
from dagster_project.lib.errors import FileRejectedError
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


# (_file_id, _source, _account)
Lineage = tuple[str, str, str]

# Sums are DECIMAL(38,18); Python's default of 28 digits would round their difference.
TOTAL_DIGITS = 60


@dataclass(frozen=True)
class Place:
    """Where one arrival belongs: its source, and the name that `_source` says.

    `source` is None when no source takes the file; then `reason` says why.
    """

    arrival: Arrival
    name: str
    source: Source | None
    reason: str = ""

    @property
    def owner(self) -> Source:
        """Return the source that takes the file."""
        if self.source is None:
            raise AssertionError(f"{self.arrival.relative} belongs to no source")
        return self.source

    @property
    def table(self) -> str:
        """Return the quoted raw table."""
        return f"raw.{identifier(self.owner.raw_table)}"

    @property
    def lineage(self) -> Lineage:
        """Return what marks the file's rows."""
        return (self.arrival.file_id, self.name, self.arrival.account)


@dataclass
class LoadedFile:
    """What became of one file. `control_totals` are the sums of its loaded rows, from the file."""

    status: str
    reason: str | None = None
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    control_totals: dict[str, Decimal] | None = None
    sidecar_ok: bool | None = None
    warnings: list[str] = field(default_factory=list)


class _StillChangingError(Exception):
    """The file is still being written."""


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
    con: duckdb.DuckDBPyConnection, place: Place, read: Callable[[Arrival], Staged], key: str
) -> LoadedFile:
    """Load one file into the raw table, or book it as rejected; nothing in between remains.

    `read` stages the file.
    """
    try:
        # Staging stands before the transaction: row ids of a temporary table count from 0 only
        # once it is committed, and it dies with the connection anyway.
        drop_staged(con)
        staged = read(place.arrival)
        rows = TypedRows(con, place.owner, staged, key)
        with transaction(con):
            done = _load(con, place, staged, rows)
            if not place.arrival.is_unchanged():
                raise _StillChangingError
        rows.drop()
        drop_staged(con)
        return done
    except _StillChangingError:
        # Half an upload is neither loaded nor booked as a bad file: the next run takes it whole.
        return LoadedFile("postponed", "the file changed while it was read")
    except FileRejectedError as error:
        reason = error.reason
    except DAMAGED_FILE_ERRORS as error:
        text = str(error).lower()
        if any(word in text for word in MACHINE_WORDS):
            raise
        # DuckDB's message may quote the file, so only its kind is kept.
        kind = type(error).__name__.removesuffix("Exception")
        reason = f"the file is damaged or not what its name says ({kind} error while reading)"
    rejected = LoadedFile("rejected", reason)
    with transaction(con):
        book(con, place, rejected)
    return rejected


def _load(
    con: duckdb.DuckDBPyConnection, place: Place, staged: Staged, rows: TypedRows
) -> LoadedFile:
    arrival = place.arrival
    rows_in, totals = rows.totals()
    rows_in += len(staged.malformed_rows)
    rows.insert(place.table, place.lineage)
    (loaded,) = one_row(
        con, f"select count(*) from {place.table} where {_OF_FILE}", _file(place.lineage)
    )
    done = LoadedFile("loaded", rows_in=rows_in, rows_loaded=loaded)
    done.rows_quarantined = rows_in - loaded
    done.control_totals = totals
    if done.rows_quarantined > len(staged.malformed_rows):
        rows.insert_faults(place.lineage, arrival.relative)
        _, faulty = rows.totals(faulty_only=True)
        with localcontext(prec=TOTAL_DIGITS):
            done.control_totals = {c: total - faulty[c] for c, total in totals.items()}
    _book_malformed(con, place, staged)
    done.warnings = [f"{arrival.relative}: the file has no {what}" for what in staged.missing]
    if staged.declared_empty:
        done.reason = DECLARED_EMPTY
    if arrival.sidecar.exists():
        broken = broken_promises(arrival.sidecar, rows_in, totals)
        done.sidecar_ok = not broken
        done.reason = "; ".join(broken) or done.reason
    _book_loaded(con, place, done)
    return done


_OF_FILE = "_file_id = $file_id and _source = $source and _account = $account"


def _file(lineage: Lineage) -> dict[str, str]:
    return dict(zip(("file_id", "source", "account"), lineage, strict=True))


def _book_malformed(con: duckdb.DuckDBPyConnection, place: Place, staged: Staged) -> None:
    if staged.malformed_rows:
        con.execute(
            "insert into raw.quarantine select $source, $account, $file_id, $path, unnest($rows),"
            " null, 'malformed_row', $reason, null",
            {
                **_file(place.lineage),
                "path": place.arrival.relative,
                "rows": staged.malformed_rows,
                "reason": "the row has another number of fields than the header, or a stray quote",
            },
        )


def _book_loaded(con: duckdb.DuckDBPyConnection, place: Place, done: LoadedFile) -> None:
    """Book the file, its windows and its pending days."""
    source = place.owner
    first, last = source.day_columns[0], source.day_columns[-1]
    done.first_day, done.last_day = one_row(
        con,
        f"select cast(min({first}) as date), cast(max({last}) as date) from {place.table}"
        f" where {_OF_FILE}",
        _file(place.lineage),
    )
    book(con, place, done)
    if source.windows:
        insert_windows(con, source, *place.lineage)
        with window_changes(con, *place.lineage):
            pass
    else:
        mark_pending(con, source, place.lineage)


def book(con: duckdb.DuckDBPyConnection, place: Place, done: LoadedFile) -> None:
    """Write the file's row in raw.landed_files, in place of an earlier one for its path."""
    arrival = place.arrival
    con.execute(
        "delete from raw.landed_files where path = $path and source = $source",
        {"path": arrival.relative, "source": place.name},
    )
    totals = done.control_totals
    con.execute(
        "insert into raw.landed_files values ($file_id, $source, $account, $path, $bytes,"
        " $arrival_no, $raw_table, $status, $reason, $rows_in, $rows_loaded, $rows_quarantined,"
        " $first_day, $last_day, $control_totals, $sidecar_ok, $content_sha256, $arrived_at)",
        {
            **_file(place.lineage),
            "path": arrival.relative,
            "bytes": arrival.bytes,
            "arrival_no": arrival.arrival_no,
            "raw_table": place.source.raw_table if place.source else None,
            "status": done.status,
            "reason": done.reason,
            "rows_in": done.rows_in,
            "rows_loaded": done.rows_loaded,
            "rows_quarantined": done.rows_quarantined,
            "first_day": done.first_day,
            "last_day": done.last_day,
            "control_totals": None
            if totals is None
            else json.dumps({column: plain_decimal(total) for column, total in totals.items()}),
            "sidecar_ok": done.sidecar_ok,
            **arrival_facts(arrival),
        },
    )


def arrival_facts(arrival: Arrival) -> dict[str, object]:
    """Return what the books keep of a file beside its rows: its whole hash, and its time."""
    return {
        "content_sha256": arrival.sha256,
        "arrived_at": dt.datetime(1970, 1, 1)  # noqa: DTZ001  (UTC without zone, as stored)
        + dt.timedelta(microseconds=arrival.mtime_ns // 1000),
    }


def plain_decimal(number: Decimal) -> str:
    """Return every digit of a number, without exponent and without trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def mark_pending(con: duckdb.DuckDBPyConnection, source: Source, lineage: Lineage) -> None:
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
    con: duckdb.DuckDBPyConnection, source: Source, lineage: Lineage, path: str
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
