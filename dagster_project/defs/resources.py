"""What assets are given: the installation's settings and dbt."""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack

import dagster as dg
from dagster_dbt import DbtCliResource

from dagster_project.lib.dbt_project import DBT_EXECUTABLE, dbt_project
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
            "dbt": DbtCliResource(
                project_dir=dbt_project(), dbt_executable=str(DBT_EXECUTABLE), profiles_dir=None
            ),
        }
    )
