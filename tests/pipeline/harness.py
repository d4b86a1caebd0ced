"""A home of its own for each scenario: drop exports, run the job, ask warehouse and snapshot."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.lib.dbt_project import PARSED_MANIFEST, dbt_project
from dagster_project.lib.ingest import ingest_source, ingest_unrecognised
from dagster_project.lib.ledger import (
    dbt_arguments,
    dbt_environment,
    mark_computed,
    plan_window,
    rules_fingerprint,
)
from dagster_project.lib.nightly import RunRange, run_nightly
from dagster_project.lib.publish import publish_snapshot
from dagster_project.lib.reference import load_reference
from dagster_project.lib.settings import PROJECT_ROOT, Settings
from dagster_project.lib.warehouse import connect
from dagster_project.sources import SOURCES

HASH_KEY = "a-key-for-tests-only"
DBT = PROJECT_ROOT / "dbt"
TEMPLATES = PROJECT_ROOT / "data" / "reference" / "templates"
# A day after all data of these tests. A window is contiguous, so an earlier one would have every
# run compute every day, and a forgotten late day would pass unseen.
QUIET_DAY = date(2026, 11, 1)
FIRST_CLOCK = 1_790_000_000


@dataclass
class Home:
    """One installation under a temporary folder; nothing of the caller's environment stays."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)
    clock: int = FIRST_CLOCK

    @property
    def settings(self) -> Settings:
        """Settings as the command would read them."""
        return Settings.from_environment(self._variables())

    @property
    def landing(self) -> Path:
        """The landing folder."""
        return self.path / "landing"

    def _variables(self) -> dict[str, str]:
        return {
            "TRUEUP_HOME": str(self.path),
            "TRUEUP_HASH_KEY": HASH_KEY,
            "TRUEUP_WAREHOUSE": str(self.path / "warehouse" / "trueup.duckdb"),
            **self.environment,
        }

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Have this home in the environment; environment and working directory are put back."""
        before, folder = dict(os.environ), Path.cwd()
        for name in [n for n in os.environ if n.startswith(("TRUEUP_", "DAGSTER_"))]:
            del os.environ[name]
        os.environ.update(self._variables())
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
            os.chdir(folder)

    # ---- what arrives

    def drop(self, place: str, content: str | bytes | dict[str, Any]) -> Path:
        """Put a file into landing, a second younger than the one before."""
        path = self.landing / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.clock += 1
        os.utime(path, (self.clock, self.clock))
        return path

    def reference(self, name: str, text: str) -> None:
        """Write reference/<name>.csv."""
        path = self.path / "reference" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def rebuilt(self, path: Path) -> Home:
        """A home that starts over from this one's landing and reference, with nothing else."""
        for folder in ("landing", "reference"):
            if (self.path / folder).exists():
                shutil.copytree(self.path / folder, path / folder)
        return Home(path, dict(self.environment), self.clock)

    # ---- what is done with it

    def run(
        self, first: date = QUIET_DAY, last: date | None = None, *, full_refresh: bool = False
    ) -> None:
        """The whole nightly job, every asset and check of it; raises TrueUpError."""
        with self.entered():
            run_nightly(self.settings, RunRange(first, last or first), full_refresh=full_refresh)

    def compute(
        self, *, full_refresh: bool = False, publish: bool = True, cuts: bool = False
    ) -> None:
        """The job's steps without gates, orchestrator and reports, for laws of the figures.

        Nothing reads the cuts of the unit costs, and they are a quarter of the models.
        """
        self.load()
        settings = self.settings
        fingerprint = rules_fingerprint(settings)
        with connect(settings.warehouse) as con:
            window = plan_window(
                con,
                fingerprint=fingerprint,
                asked_first=QUIET_DAY,
                asked_last=QUIET_DAY,
                full_refresh=full_refresh,
            )
        with self.entered():
            os.environ.update(dbt_environment(settings, window))
            dbt(*dbt_arguments(window), *([] if cuts else ["--exclude", "tag:cut+"]))
        with connect(settings.warehouse) as con:
            mark_computed(con, fingerprint)
        if publish:
            publish_snapshot(settings.warehouse, settings.snapshot)

    def load(self) -> None:
        """Bring every raw table in line with landing and reference."""
        settings = self.settings
        with self.entered(), connect(settings.warehouse) as con:
            load_reference(con, settings)
            for name in SOURCES:
                ingest_source(con, settings, name)
            ingest_unrecognised(con, settings)

    # ---- what came of it

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the published snapshot."""
        return _ask(self.settings.snapshot, query)

    def one(self, query: str) -> Any:
        """The one value of a query on the snapshot."""
        ((value,),) = self.sql(query)
        return value

    def warehouse_sql(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the warehouse file."""
        return _ask(self.settings.warehouse, query)

    def write(self, *statements: str) -> None:
        """Change the warehouse file behind the job's back, to break something on purpose."""
        with duckdb.connect(str(self.settings.warehouse)) as con:
            for statement in statements:
                con.execute(statement)


def _ask(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        return con.execute(query).fetchall()


def differing_marts(one: Home, other: Home) -> dict[str, int]:
    """Marts whose rows differ between two snapshots, with the number of rows in one only."""
    with duckdb.connect() as con:
        con.execute(f"attach '{one.settings.snapshot}' as one (read_only)")
        con.execute(f"attach '{other.settings.snapshot}' as other (read_only)")
        tables = {
            name: {row[0] for row in con.execute(_TABLES, {"database": name}).fetchall()}
            for name in ("one", "other")
        }
        assert tables["one"] == tables["other"] != set()
        counts = {
            table: con.execute(
                f'select count(*) from ((from one.marts."{table}" except all'
                f' from other.marts."{table}") union all (from other.marts."{table}" except all'
                f' from one.marts."{table}"))'
            ).fetchall()[0][0]
            for table in sorted(tables["one"])
        }
    return {table: count for table, count in counts.items() if count}


_TABLES = (
    "select table_name from duckdb_tables() where schema_name = 'marts'"
    " and database_name = $database"
)


@cache
def _dbt_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="trueup-dbt-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def dbt_target() -> Path:
    """Where dbt has written what it knows of the project."""
    return dbt_project().manifest_path.parent


def _dbt_options() -> list[str]:
    folder = _dbt_folder()
    return [
        *("--project-dir", str(DBT), "--profiles-dir", str(DBT), "--no-use-colors"),
        *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        *("--log-level", "none", "--log-level-file", "info", "--no-version-check"),
    ]


@cache
def _manifest() -> Any:
    """The manifest as the job's own builds read it; parsed where a file has changed."""
    from dbt.contracts.graph.manifest import Manifest  # noqa: PLC0415

    parsed = dbt_project().manifest_path.with_name(PARSED_MANIFEST)
    return Manifest.from_msgpack(parsed.read_bytes())


def manifest_parsed_anew() -> Any:
    """The manifest of a project that is not the job's own."""
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    result = dbtRunner().invoke(["parse", *_dbt_options()])
    assert result.success, result.exception
    return result.result


def dbt(*arguments: str) -> Any:
    """Run dbt in this process; the warehouse is the one in the environment."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    try:
        result = dbtRunner(manifest=_manifest()).invoke([*arguments, *_dbt_options()])
    finally:
        # dbt keeps the file open for its process, and here that is this process
        DuckDBConnectionManager.close_all_connections()
    failed = [
        f"{item.node.name}: {item.message}"
        for item in getattr(result.result, "results", None) or []
        if str(item.status) in ("error", "fail", "runtime error")
    ]
    assert result.success, failed or result.exception
    return result.result


def wait_for(condition: Any, seconds: float = 60.0) -> None:
    """Wait until a condition holds, or fail."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "waited too long"
        time.sleep(0.02)
