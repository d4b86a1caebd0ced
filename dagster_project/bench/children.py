"""The parts of the benchmark that run in a process of their own, so that memory is theirs alone.

    python -m dagster_project.bench.children load
    python -m dagster_project.bench.children baseline FILE

Both read TRUEUP_HOME and print one line of JSON: the seconds of each part.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

from dagster_project.bench.generator import EVENTS_FOLDER, FOLDER
from dagster_project.lib.hashing import hash_parameters
from dagster_project.lib.ingest import ingest_source, ingest_unrecognised
from dagster_project.lib.reference import load_reference
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import MEMORY_LIMIT, connect
from dagster_project.sources import SOURCES

BASELINE_SQL = ("baseline.sql", "baseline_units.sql")


def load(settings: Settings) -> dict[str, float]:
    """Bring landing into schema raw, as the raw assets of the nightly job do."""
    started = time.monotonic()
    with connect(settings.warehouse) as con:
        load_reference(con, settings)
        for name in SOURCES:
            ingest_source(con, settings, name)
        ingest_unrecognised(con, settings)
    return {"load": time.monotonic() - started}


def baseline(settings: Settings, file: Path) -> dict[str, float]:
    """Run the baseline's SQL into a new file with the same memory and threads as the warehouse."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    variables: dict[str, object] = {
        "call_files": _parquet(settings.landing / FOLDER),
        "event_files": _parquet(settings.landing / EVENTS_FOLDER),
        "seeds": str(settings.dbt_project_dir / "seeds"),
        "reference": str(settings.reference),
        **hash_parameters(settings.hash_key),
    }
    seconds: dict[str, float] = {}
    started = time.monotonic()
    with duckdb.connect(str(file)) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set memory_limit = $limit", {"limit": MEMORY_LIMIT})
        con.execute("set preserve_insertion_order = false")
        for name, value in variables.items():
            con.execute(f"set variable {name} = $value", {"value": value})
        script = "".join(Path(__file__).with_name(name).read_text("utf-8") for name in BASELINE_SQL)
        for statement in duckdb.extract_statements(script):
            began = time.monotonic()
            con.execute(statement)
            seconds[_subject(statement.query)] = time.monotonic() - began
    return {**seconds, "baseline": time.monotonic() - started}


def _parquet(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.glob("*.parquet"))


def _subject(query: str) -> str:
    """Return the name of what a `create` or `drop` statement makes or takes away."""
    lines = (line for line in query.splitlines() if line and not line.startswith("--"))
    return next(lines).split()[2].split("(")[0]


def main(arguments: list[str]) -> int:
    """Run one part and print its seconds."""
    settings = Settings.from_environment()
    if arguments == ["load"]:
        seconds = load(settings)
    elif len(arguments) == 2 and arguments[0] == "baseline":
        seconds = baseline(settings, Path(arguments[1]))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    print(json.dumps(seconds))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
