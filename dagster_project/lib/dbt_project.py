"""The one dbt project: where its manifest is, and how the profile learns the warehouse path."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.ledger import dbt_environment
from dagster_project.lib.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from dagster_dbt import DbtProject

DBT_DIR = PROJECT_ROOT / "dbt"
MANIFEST_STAMP = "manifest.sha256"
PARSED_MANIFEST = "partial_parse.msgpack"
DBT_COMMAND = Path(__file__).with_name("dbt_command.py")

# The console script stands beside the interpreter, so no activated environment is needed.
DBT_EXECUTABLE = Path(sys.executable).parent / "dbt"


def _project_fingerprint() -> str:
    digest = hashlib.sha256(str(DBT_DIR).encode())
    for path in sorted(DBT_DIR.rglob("*")):
        if path.suffix in {".sql", ".yml", ".md", ".csv"} and "target" not in path.parts:
            digest.update(path.relative_to(DBT_DIR).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def compiled_manifest() -> Path:
    """The manifest with the SQL of every model as dbt compiles it; made when the project changed.

    Relations are named "trueup".<schema>.<name>, so a warehouse file must be called trueup.duckdb.
    """
    folder = DBT_DIR / "target" / "compiled_models"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / MANIFEST_STAMP
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fingerprint = _project_fingerprint()
        if not (stamp.exists() and stamp.read_text() == fingerprint):
            stamp.unlink(missing_ok=True)
            # On stderr: a command's own output may be read by another program.
            print("compiling the models (once after each change)", file=sys.stderr, flush=True)
            _compile(folder)
            stamp.write_text(fingerprint)
    return folder / "manifest.json"


def _compile(folder: Path) -> None:
    """Compile without a warehouse of the user's: an empty one of the same name will do."""
    with tempfile.TemporaryDirectory(prefix="trueup-compile-") as scratch:
        home = replace(Settings.from_environment(), home=Path(scratch))
        home.warehouse.parent.mkdir(parents=True)
        result = subprocess.run(
            [
                *(str(DBT_EXECUTABLE), "--quiet", "compile", "--no-introspect"),
                *("--profiles-dir", str(DBT_DIR), "--target-path", str(folder)),
                *("--log-path", scratch),
            ],
            cwd=DBT_DIR,
            env={**os.environ, **dbt_environment(home, None)},
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode != 0:
        raise TrueUpError(f"dbt cannot compile its project: {result.stdout}{result.stderr}")


@cache
def dbt_project() -> DbtProject:
    """The project with a manifest that belongs to the files on disk; parses when it does not."""
    from dagster_dbt import DbtProject  # noqa: PLC0415  (3 s, and `trueup price` must not wait)

    project = DbtProject(project_dir=DBT_DIR, profiles_dir=DBT_DIR)
    stamp = project.manifest_path.with_name(MANIFEST_STAMP)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    # Two processes that start at once must not parse into the same files.
    with stamp.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fingerprint = _project_fingerprint()
        is_current = stamp.exists() and stamp.read_text() == fingerprint
        parsed = project.manifest_path.with_name(PARSED_MANIFEST)
        if not (is_current and project.manifest_path.exists() and parsed.exists()):
            _parse()
            stamp.write_text(fingerprint)
    return project


def _parse() -> None:
    environment = {**os.environ, **dbt_environment(Settings.from_environment(), None)}
    result = subprocess.run(
        [
            *(str(DBT_EXECUTABLE), "--quiet", "parse", "--profiles-dir", str(DBT_DIR)),
            *("--target-path", str(DBT_DIR / "target")),
        ],
        cwd=DBT_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise TrueUpError(f"dbt cannot read its project: {result.stdout}{result.stderr}")
