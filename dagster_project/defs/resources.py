"""What assets are given: the installation's settings and dbt."""

from __future__ import annotations

import atexit
import importlib.metadata
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource
from packaging.version import Version

from dagster_project.lib.dbt_project import DBT_COMMAND, DBT_DIR
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import writer_lock

_process_locks = ExitStack()
_locked_homes: set[str] = set()

# One writer at a time, across steps of a run, runs of the daemon and `trueup run`.
WRITER_POOL = "duckdb_writer"


class TrueUpResource(dg.ConfigurableResource):
    """Settings from the environment, read when a step starts and not at import."""

    def settings(self) -> Settings:
        """Settings of this process; the writer's lock is held until the process ends.

        A run that another process could enter between two steps would publish a mixture.
        """
        settings = Settings.from_environment()
        home = str(settings.home)
        if home not in _locked_homes:
            _process_locks.enter_context(writer_lock(settings, wait_seconds=4 * 3600))
            _locked_homes.add(home)
        os.environ["TRUEUP_WAREHOUSE"] = str(settings.warehouse)
        return settings


class ParsedDbt(DbtCliResource):
    """dbt on its parsed manifest, without what dagster-dbt prepares for each build (6 s).

    It asks `dbt --version` in a process of its own, and opens the warehouse for a column lineage
    that this project does not ask for.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(importlib.metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None


def release_writer_locks() -> None:
    """Let another process write; called when a run in this process is over."""
    _process_locks.close()
    _locked_homes.clear()


atexit.register(release_writer_locks)


@dg.definitions
def resources() -> dg.Definitions:
    """Resources by the names that assets ask for."""
    return dg.Definitions(
        resources={
            "trueup": TrueUpResource(),
            "dbt": ParsedDbt(
                project_dir=str(DBT_DIR),
                profiles_dir=str(DBT_DIR),
                dbt_executable=sys.executable,
                # a debug log of every query costs a twentieth of the build, and nobody reads it
                global_config_flags=["-P", str(DBT_COMMAND), "--log-level-file", "info"],
            ),
        }
    )
