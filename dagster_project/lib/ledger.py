"""Which days the ledger must be computed for, and with what."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import duckdb

from dagster_project.lib.settings import Settings

# A change of these invalidates every computed day: rules, prices, mappings and the models.
_MODEL_SUFFIXES = {".sql", ".csv", ".yml"}

CREATE_FINGERPRINTS = """
create table if not exists raw.input_fingerprints (name varchar primary key, sha256 varchar)
"""


@dataclass(frozen=True)
class LedgerWindow:
    """Days to compute, both inclusive; None means that nothing waits.

    `full_refresh` drops and rebuilds every landed day whatever the window says.
    """

    first_day: date | None
    last_day: date | None
    full_refresh: bool


def rules_fingerprint(settings: Settings) -> str:
    """SHA-256 over every file that decides how a landed row becomes money."""
    digest = hashlib.sha256()
    roots = [
        settings.dbt_project_dir / "models",
        settings.dbt_project_dir / "seeds",
        settings.dbt_project_dir / "macros",
        settings.reference,
    ]
    for root in roots:
        for path in sorted(root.rglob("*")) if root.exists() else []:
            if path.suffix in _MODEL_SUFFIXES and "templates" not in path.parts:
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    digest.update(settings.reporting_time_zone.encode())
    maturities = (
        settings.resolution_maturity_days,
        settings.task_maturity_days,
        settings.conversion_maturity_days,
    )
    digest.update(repr(maturities).encode())
    return digest.hexdigest()


def plan_window(
    con: duckdb.DuckDBPyConnection,
    *,
    fingerprint: str,
    asked_first: date | None,
    asked_last: date | None,
    full_refresh: bool,
) -> LedgerWindow:
    """The asked days together with every day that new, replaced or withdrawn files touch.

    A window is contiguous, so days between two touched days are computed again; that changes
    nothing. A change of rules, prices or models asks for everything.
    """
    con.execute(CREATE_FINGERPRINTS)
    known = con.execute(
        "select sha256 from raw.input_fingerprints where name = 'ledger'"
    ).fetchone()
    first, last = con.execute("select min(day), max(day) from raw.pending_days").fetchone() or (
        None,
        None,
    )
    days = [day for day in (first, last, asked_first, asked_last) if day is not None]
    return LedgerWindow(
        first_day=min(days) if days else None,
        last_day=max(days) if days else None,
        full_refresh=full_refresh or known is None or known[0] != fingerprint,
    )


def mark_computed(con: duckdb.DuckDBPyConnection, fingerprint: str) -> None:
    """Say that the ledger now holds every landed day under these rules."""
    con.execute("begin")
    con.execute("delete from raw.pending_days")
    con.execute("delete from raw.input_fingerprints where name = 'ledger'")
    con.execute("insert into raw.input_fingerprints values ('ledger', ?)", [fingerprint])
    con.execute("commit")


def dbt_arguments(window: LedgerWindow | None) -> list[str]:
    """Arguments of one dbt build, without the executable and without the selection.

    With a window it is the ledger's build: a test that also reads a later mart then waits for that
    mart (`cautious`). Unit tests stay with the test suite.
    """
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    if window is not None:
        arguments += ["--indirect-selection", "cautious"]
        if window.full_refresh:
            arguments.append("--full-refresh")
    return arguments


def dbt_environment(settings: Settings, window: LedgerWindow | None) -> dict[str, str]:
    """What the models are told: by environment, since a changed --vars makes dbt parse anew (5 s).

    Without a window, or in a full refresh, every landed day is computed.
    """
    first = last = ""
    if window is not None and not window.full_refresh and window.first_day and window.last_day:
        first, last = window.first_day.isoformat(), window.last_day.isoformat()
    return {
        "TRUEUP_WAREHOUSE": str(settings.warehouse),
        "TRUEUP_RESOLUTION_MATURITY_DAYS": str(settings.resolution_maturity_days),
        "TRUEUP_TASK_MATURITY_DAYS": str(settings.task_maturity_days),
        "TRUEUP_CONVERSION_MATURITY_DAYS": str(settings.conversion_maturity_days),
        "TRUEUP_REPORTING_TIME_ZONE": settings.reporting_time_zone,
        "TRUEUP_WINDOW_FIRST_DAY": first,
        "TRUEUP_WINDOW_LAST_DAY": last,
        "TRUEUP_LARGEST_PERSON_IDS": str(settings.largest_person_ids),
        "TRUEUP_MINIMUM_GROUP_SIZE": str(settings.minimum_group_size),
    }
