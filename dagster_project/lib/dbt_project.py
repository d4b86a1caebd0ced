"""The one dbt project: where its manifest is, and how the profile learns the warehouse path."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from dagster_dbt import DbtProject

from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.ledger import dbt_environment
from dagster_project.lib.settings import PROJECT_ROOT, Settings

DBT_DIR = PROJECT_ROOT / "dbt"
MANIFEST_STAMP = "manifest.sha256"

# The console script stands beside the interpreter, so no activated environment is needed.
DBT_EXECUTABLE = Path(sys.executable).parent / "dbt"


def _project_fingerprint() -> str:
    digest = hashlib.sha256(str(DBT_DIR).encode())
    for path in sorted(DBT_DIR.rglob("*")):
        if path.suffix in {".sql", ".yml", ".md", ".csv"} and "target" not in path.parts:
            digest.update(path.relative_to(DBT_DIR).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def dbt_project() -> DbtProject:
    """The project with a manifest that belongs to the files on disk; parses when it does not."""
    project = DbtProject(project_dir=DBT_DIR, profiles_dir=DBT_DIR)
    stamp = project.manifest_path.with_name(MANIFEST_STAMP)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    # Two processes that start at once must not parse into the same files.
    with stamp.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fingerprint = _project_fingerprint()
        is_current = stamp.exists() and stamp.read_text() == fingerprint
        if not (is_current and project.manifest_path.exists()):
            _parse()
            stamp.write_text(fingerprint)
    return project


def _parse() -> None:
    environment = {**os.environ, **dbt_environment(Settings.from_environment(), None)}
    result = subprocess.run(
        [str(DBT_EXECUTABLE), "--quiet", "parse", "--profiles-dir", str(DBT_DIR)],
        cwd=DBT_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise TrueUpError(f"dbt cannot read its project: {result.stdout}{result.stderr}")
