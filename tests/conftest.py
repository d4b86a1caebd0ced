"""Fixtures shared by all tests: an empty home, a landing folder to drop files into."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.lib import ingest
from dagster_project.lib.ingest import IngestReport
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import connect

HASH_KEY = "a-key-for-tests-only"
SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass
class Landing:
    """A home under construction: drops files, runs the ingest, asks the raw tables."""

    settings: Settings
    con: duckdb.DuckDBPyConnection
    lines: list[str] = field(default_factory=list)
    clock: int = 1_700_000_000

    def drop(self, place: str, content: str | bytes | dict[str, Any] | list[Any]) -> Path:
        """Put a file into landing, one second younger than the one before."""
        path = self.settings.landing / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict | list):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.clock += 1
        os.utime(path, (self.clock, self.clock))
        return path

    def drop_lines(self, place: str, *objects: dict[str, Any]) -> Path:
        """Put a JSON-lines file into landing (gzip when the name ends in .gz)."""
        text = "".join(json.dumps(item) + "\n" for item in objects)
        return self.drop(place, gzip.compress(text.encode()) if place.endswith(".gz") else text)

    def mapping(self, name: str, *rows: str) -> None:
        """Write a mapping; each row is target,path,constant,transform."""
        folder = self.settings.reference / "mappings"
        folder.mkdir(parents=True, exist_ok=True)
        text = "target,path,constant,transform,note\n" + "".join(f"{row},\n" for row in rows)
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")

    def ingest(self, source: str) -> IngestReport:
        """Run the ingest of one source; progress lines are kept in `lines`."""
        return ingest.ingest_source(self.con, self.settings, source, log=self.lines.append)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self.con.execute(query).fetchall()

    def faults(self) -> list[tuple[Any, ...]]:
        """Return (row number, column, reason code, value hint) of the quarantine, in order."""
        return self.rows(
            "select row_number, column_name, reason_code, value_hint from raw.quarantine"
            " order by path, row_number"
        )

    def statuses(self) -> dict[str, str]:
        """Return {path: status} of all landed files."""
        return dict(self.rows("select path, status from raw.landed_files"))

    def reason(self, path: str) -> str:
        """Return what is booked as the reason of a file."""
        return str(
            self.con.execute(
                "select reason from raw.landed_files where path = $path", {"path": path}
            ).fetchall()[0][0]
        )

    def pending(self) -> list[str]:
        """Return the pending days, oldest first, and forget them."""
        days = [row[0] for row in self.rows("select day::varchar from raw.pending_days order by 1")]
        self.con.execute("delete from raw.pending_days")
        return days


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty home with a fixed hash key."""
    return Settings.from_environment(
        {"TRUEUP_HOME": str(tmp_path / "home"), "TRUEUP_HASH_KEY": HASH_KEY}
    )


@pytest.fixture
def landing(settings: Settings) -> Iterator[Landing]:
    """An empty home with an open warehouse."""
    with connect(settings.warehouse) as con:
        yield Landing(settings, con)


@pytest.fixture
def samples() -> Path:
    """The folder of real exports, beside the project; skips where it is absent."""
    if not SAMPLES.is_dir():
        pytest.skip("the real samples (../shared/data) are not on this machine")
    return SAMPLES


# Folders whose modules take minutes come first, so that no core waits for the last of them.
SLOW_FOLDERS = ("pipeline", "reconciliation", "pricing")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow modules first; the order within a module stays."""
    folders = {folder: place for place, folder in enumerate(SLOW_FOLDERS)}
    items.sort(key=lambda item: folders.get(item.path.parent.name, len(folders)))
