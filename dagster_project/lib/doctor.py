"""What `trueup doctor` looks at."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version

from dagster_project.lib.dbt_project import DBT_EXECUTABLE
from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.settings import Settings

# A load spills to disk beside the warehouse; ten million calls need about 6 GB with the snapshot.
SMALLEST_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing looked at, in words."""

    is_ok: bool
    text: str


def examine(settings: Settings) -> list[Finding]:
    """Look at the interpreter, the packages, the folders, the key and the disk."""
    settings.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.home).free
    return [
        Finding(sys.version_info >= (3, 11), f"Python {sys.version.split()[0]} (3.11 or newer)"),
        Finding(DBT_EXECUTABLE.exists(), f"dbt at {DBT_EXECUTABLE}"),
        Finding(True, f"duckdb {version('duckdb')}, dagster {version('dagster')}"),
        Finding(settings.landing.exists(), f"landing folder {settings.landing}"),
        Finding(free >= SMALLEST_FREE_BYTES, f"{free // 1024**2} MB free beside {settings.home}"),
        Finding(settings.snapshot.exists(), f"published snapshot {settings.snapshot}"),
        _hash_key(settings),
    ]


def _hash_key(settings: Settings) -> Finding:
    try:
        is_ok = bool(settings.hash_key)
    except TrueUpError as error:
        return Finding(False, str(error))
    origin = "TRUEUP_HASH_KEY" if settings.configured_hash_key else f"{settings.home}/.hash_key"
    return Finding(is_ok, f"key for hashing user ids, from {origin}")
