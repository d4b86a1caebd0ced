"""From landing to raw: new files load, vanished files leave, running twice changes nothing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import duckdb

from dagster_project.lib import (
    arrivals,
    control_tables,
    file_load,
    invoice_layouts,
    mapping,
    staging,
)
from dagster_project.lib.arrivals import Arrival
from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.lib.expressions import TAGS_VARIABLE
from dagster_project.lib.file_load import LoadedFile, Place, transaction
from dagster_project.lib.hashing import key_fingerprint
from dagster_project.lib.mapping import Mapping
from dagster_project.lib.recognition import recognise
from dagster_project.lib.reference import call_tags
from dagster_project.lib.settings import Settings
from dagster_project.lib.sql import literal
from dagster_project.lib.staging import Staged
from dagster_project.sources import FIXED_SOURCES, SOURCES, Source

Log = Callable[[str], None]


@dataclass
class IngestReport:
    """What one source's ingest did. `files_new` were loaded now; rows count those files."""

    source: str
    raw_table: str | None
    files_new: int = 0
    files_unchanged: int = 0
    files_duplicate: int = 0
    files_rejected: int = 0
    files_withdrawn: int = 0
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Run:
    """What every step of one source's ingest needs."""

    con: duckdb.DuckDBPyConnection
    settings: Settings
    source: Source
    mappings: dict[str, Mapping]
    report: IngestReport
    say: Log


def ingest_source(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    source_name: str,
    *,
    log: Log | None = None,
) -> IngestReport:
    """Bring one raw source in line with landing; for call_log and outcome_feed, every mapping.

    Each file is one transaction. Raises ConfigurationError for a bad mapping or hash key.
    """
    if source_name not in SOURCES:
        raise TrueUpError(f"no source is named {source_name!r}; known: {', '.join(SOURCES)}")
    source = SOURCES[source_name]
    prepare(con, settings)
    mappings = mapping.load_mappings(settings.reference / "mappings")
    report = IngestReport(source.name, source.raw_table)
    run = _Run(con, settings, source, mappings, report, log or _silent)
    _reload_what_reads_differently(run)
    _leave_other_tables(run)
    places = [place for place in _places(settings, mappings) if place.source is source]
    _complete_books(run, places)
    fresh = _without_duplicates(run, places)
    _withdraw_vanished(run, places)
    for place in fresh:
        _load_one(run, place)
    return report


def prepare(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make every raw and control table, and refuse a warehouse built with another hash key."""
    settings.landing.mkdir(parents=True, exist_ok=True)
    control_tables.create_control_tables(con)
    control_tables.create_raw_tables(con, SOURCES.values())
    now = key_fingerprint(settings.hash_key)
    before = control_tables.fingerprint(con, "hash_key")
    if before is None:
        control_tables.set_fingerprint(con, "hash_key", now)
    elif before != now:
        raise ConfigurationError(
            "the hash key is not the one this warehouse was built with, so users would no longer "
            f"match; restore TRUEUP_HASH_KEY, or delete {settings.warehouse} and run again"
        )


def unrecognised_files(settings: Settings) -> list[Arrival]:
    """Return the landed files that no source takes."""
    mappings = mapping.load_mappings(settings.reference / "mappings")
    return [place.arrival for place in _places(settings, mappings) if place.source is None]


def ingest_unrecognised(
    con: duckdb.DuckDBPyConnection, settings: Settings, *, log: Log | None = None
) -> IngestReport:
    """Book every landed file that no source takes as rejected, and forget those that left."""
    prepare(con, settings)
    mappings = mapping.load_mappings(settings.reference / "mappings")
    report = IngestReport("unrecognised", None)
    with transaction(con):
        con.execute("delete from raw.landed_files where raw_table is null")
        for place in _places(settings, mappings):
            if place.source is None:
                file_load.book(con, place, LoadedFile("rejected", place.reason))
                report.files_rejected += 1
                report.warnings.append(f"{place.arrival.relative}: {place.reason}")
                (log or _silent)(f"{place.arrival.relative}: belongs to no source")
    return report


def _places(settings: Settings, mappings: dict[str, Mapping]) -> list[Place]:
    """Return every landed file with the source that takes it, oldest arrival first."""
    places = []
    for arrival in arrivals.scan(settings):
        folder = arrival.folder
        if folder in FIXED_SOURCES:
            places.append(Place(arrival, folder, FIXED_SOURCES[folder]))
        elif folder in mappings:
            places.append(Place(arrival, folder, SOURCES[mappings[folder].kind]))
        else:
            fits = recognise(arrival.path, arrival.sha256)
            if len(fits) == 1:
                places.append(Place(arrival, fits[0], FIXED_SOURCES[fits[0]]))
            else:
                known = ", ".join([*FIXED_SOURCES, *mappings])
                reason = (
                    f"no source is named {folder!r} and the content fits "
                    f"{' and '.join(fits) or 'no known export'}; known folders: {known}"
                )
                places.append(Place(arrival, folder, None, reason))
    return places


def _booked(
    con: duckdb.DuckDBPyConnection, source: Source
) -> dict[tuple[str, str], tuple[str, str, str, bool | None]]:
    """Return {(source, path): (file_id, account, status, sidecar_ok)} of a raw table."""
    rows = con.execute(
        "select source, path, file_id, account, status, sidecar_ok from raw.landed_files"
        " where raw_table = $name",
        {"name": source.raw_table},
    ).fetchall()
    return {(row[0], row[1]): (row[2], row[3], row[4], row[5]) for row in rows}


def _complete_books(run: _Run, places: list[Place]) -> None:
    """Fill what an earlier version did not write down of the files that it loaded."""
    con = run.con
    lacking = set(
        con.execute(
            "select source, path, file_id from raw.landed_files"
            " where raw_table = $name and content_sha256 is null",
            {"name": run.source.raw_table},
        ).fetchall()
    )
    for place in places if lacking else []:
        arrival = place.arrival
        if (place.name, arrival.relative, arrival.file_id) in lacking:
            con.execute(
                "update raw.landed_files set content_sha256 = $content_sha256,"
                " arrived_at = $arrived_at where source = $source and path = $path",
                {
                    "source": place.name,
                    "path": arrival.relative,
                    **file_load.arrival_facts(arrival),
                },
            )


def _without_duplicates(run: _Run, places: list[Place]) -> list[Place]:
    """Book repeated contents as duplicates; return the files that have to be loaded.

    When a loaded file is gone but the same content lies elsewhere, the books move to that path.
    """
    con, source, report = run.con, run.source, run.report
    booked = _booked(con, source)
    present = {(place.name, place.arrival.relative): place.arrival.file_id for place in places}
    loaded = {
        (name, account, file_id): path
        for (name, path), (file_id, account, status, _) in booked.items()
        if status == "loaded"
    }
    first: dict[tuple[str, str, str], str] = {}
    for content, path in loaded.items():
        if present.get((content[0], path)) == content[2]:
            first[content] = path
    fresh = []
    for place in places:
        arrival = place.arrival
        content = (place.name, arrival.account, arrival.file_id)
        if content not in first:
            first[content] = arrival.relative
            if content in loaded:
                _move(con, place, loaded[content])
                report.files_unchanged += 1
                continue
            fresh.append(place)
        elif first[content] != arrival.relative:
            report.files_duplicate += 1
            done = LoadedFile("duplicate", f"same content as {first[content]}")
            known = booked.get((place.name, arrival.relative))
            if known is None or known[:3] != (arrival.file_id, arrival.account, "duplicate"):
                with transaction(con):
                    _take_out(con, source, place.name, arrival.relative, known)
                    file_load.book(con, place, done)
        elif _sidecar_changed(arrival, booked[(place.name, arrival.relative)][3]):
            fresh.append(place)
        else:
            report.files_unchanged += 1
    return fresh


def _sidecar_changed(arrival: Arrival, sidecar_ok: bool | None) -> bool:
    """Say whether a promise came, went or was broken since the file was loaded."""
    return (not sidecar_ok) if arrival.sidecar.exists() else sidecar_ok is not None


def _move(con: duckdb.DuckDBPyConnection, place: Place, old_path: str) -> None:
    parameters = {"old": old_path, "new": place.arrival.relative, "source": place.name}
    with transaction(con):
        con.execute(
            "delete from raw.landed_files where path = $new and source = $source",
            {"new": place.arrival.relative, "source": place.name},
        )
        for table in ("landed_files", "quarantine"):
            con.execute(
                f"update raw.{table} set path = $new where path = $old and source = $source",
                parameters,
            )


def _take_out(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    name: str,
    path: str,
    known: tuple[str, str, str, bool | None] | None,
) -> bool:
    """Remove what is booked for a path; say whether rows left. Call inside a transaction."""
    if known is None:
        return False
    file_id, account, status, _ = known
    if status == "loaded":
        file_load.withdraw_file(con, source, (file_id, name, account), path)
        return True
    con.execute(
        "delete from raw.landed_files where path = $path and source = $source",
        {"path": path, "source": name},
    )
    return False


def _withdraw_vanished(run: _Run, places: list[Place]) -> None:
    """Take out the rows of files that are no longer in landing, or have another content now."""
    con, source, report = run.con, run.source, run.report
    present = {(place.name, place.arrival.relative): place.arrival.file_id for place in places}
    for (name, path), known in _booked(con, source).items():
        if present.get((name, path)) == known[0]:
            continue
        with transaction(con):
            left = _take_out(con, source, name, path, known)
        if left:
            what = "has another content now" if (name, path) in present else "left landing"
            line = f"{path}: {what}; its rows were withdrawn and its days are computed again"
            report.files_withdrawn += 1
            report.warnings.append(line)


def _reload_what_reads_differently(run: _Run) -> None:
    """Withdraw what was loaded through a mapping, or with other tags or layouts, than now."""
    con, source = run.con, run.source
    for name, current in run.mappings.items():
        if source.is_mapped and current.kind == source.name:
            _reload(run, f"mapping:{name}", current.fingerprint, name, f"mapping {name} changed")
    if any(column.name == "tags" for column in source.columns) and source.policy == "calls":
        tags = call_tags(run.settings)
        listed = ", ".join(literal(tag) for tag in tags)
        con.execute(f"set variable {TAGS_VARIABLE} = cast([{listed}] as varchar[])")
        digest = hashlib.sha256(listed.encode()).hexdigest()
        _reload(run, f"tags:{source.name}", digest, None, "call_tags.csv changed")
    if source.documents is not None:
        digest = invoice_layouts.fingerprint(run.settings.reference)
        _reload(run, f"layouts:{source.name}", digest, None, "an invoice layout changed")


def _reload(run: _Run, label: str, fingerprint: str, name: str | None, reason: str) -> None:
    """Withdraw the files of a name, or of the whole source, where a fingerprint changed."""
    con = run.con
    if control_tables.fingerprint(con, label) == fingerprint:
        return
    with transaction(con):
        for (booked_name, path), known in _booked(con, run.source).items():
            if name in (None, booked_name) and _take_out(con, run.source, booked_name, path, known):
                run.report.warnings.append(f"{path}: {reason}, the file loads again")
        control_tables.set_fingerprint(con, label, fingerprint)


def _leave_other_tables(run: _Run) -> None:
    """Withdraw what this source's name loaded into another table: a feed that is built in now."""
    con, source = run.con, run.source
    if source.is_mapped:
        return
    elsewhere = con.execute(
        "select raw_table, path, file_id, account, status, sidecar_ok from raw.landed_files"
        " where source = $name and raw_table <> $table",
        {"name": source.name, "table": source.raw_table},
    ).fetchall()
    owners = {other.raw_table: other for other in SOURCES.values()}
    for raw_table, path, *known in elsewhere:
        with transaction(con):
            _take_out(con, owners[raw_table], source.name, path, tuple(known))
        run.report.warnings.append(f"{path}: loads into {source.raw_table} from now on")


def _load_one(run: _Run, place: Place) -> None:
    con, source, report, arrival = run.con, run.source, run.report, place.arrival
    started = time.monotonic()
    known = _booked(con, source).get((place.name, arrival.relative))
    with transaction(con):
        _take_out(con, source, place.name, arrival.relative, known)
    key = run.settings.hash_key
    if source.is_mapped:
        read = partial(_read_mapped, con, run.mappings[place.name], key)
    else:
        read = partial(_read_fixed, con, source, key, run.settings.reference)
    done = file_load.load_file(con, place, read, key)
    seconds = time.monotonic() - started
    if done.status == "postponed":
        report.warnings.append(f"{arrival.relative}: {done.reason}; the next run loads it")
        return
    if done.status == "rejected":
        report.files_rejected += 1
        report.warnings.append(f"{arrival.relative}: rejected, {done.reason}")
        run.say(f"{arrival.relative}: rejected after {seconds:.1f} s")
        return
    report.files_new += 1
    report.rows_in += done.rows_in
    report.rows_loaded += done.rows_loaded
    report.rows_quarantined += done.rows_quarantined
    if source.is_mapped:
        # A built-in export's older generations lack columns by design; a mapping's path does not.
        report.warnings += done.warnings
    quarantined = f", {done.rows_quarantined} quarantined" if done.rows_quarantined else ""
    run.say(f"{arrival.relative}: {done.rows_loaded} rows in {seconds:.1f} s{quarantined}")


def _read_fixed(
    con: duckdb.DuckDBPyConnection, source: Source, key: str, reference: Path, arrival: Arrival
) -> Staged:
    return staging.stage(con, source, arrival.path, key, reference)


def _read_mapped(
    con: duckdb.DuckDBPyConnection, current: Mapping, key: str, arrival: Arrival
) -> Staged:
    return mapping.stage_mapped(con, current, arrival.path, key)


def _silent(line: str) -> None:
    del line
