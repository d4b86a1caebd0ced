"""The Dagster instance of an installation: its history, limits and schedules live in its home."""

from __future__ import annotations

import json
import os
import sqlite3
from functools import cache
from pathlib import Path

from dagster_project.lib.settings import Settings

# One run at a time, and one holder of the writer pool. A slot held by a killed run is freed after
# five minutes; by default it never is. Only a crashed run is retried, a failed check is not.
DAGSTER_YAML = """\
concurrency:
  pools: {default_limit: 1, granularity: op}
  runs: {max_concurrent_runs: 1}
run_monitoring: {enabled: true, free_slots_after_run_end_seconds: 300}
run_retries: {enabled: true, max_retries: 1, retry_on_asset_or_op_failure: false}
freshness: {enabled: true}
telemetry: {enabled: false}
"""
# The history's place is absolute, as Dagster asks: a home that was moved gets it written anew.
HISTORY_YAML = """\
event_log_storage:
  module: dagster_project.lib.run_history
  class: RunHistory
  config: {{base_dir: {folder}}}
"""


@cache
def relax_history_durability() -> None:
    """Let this process write Dagster's run history without waiting for the disk.

    A run stores some 750 events, each in a transaction of its own: on a slow disk that is half of
    the demo's run. Only a power cut can lose history this way, and no figure depends on history.
    """
    from sqlalchemy import event  # noqa: PLC0415
    from sqlalchemy.engine import Engine  # noqa: PLC0415

    def without_sync(connection: object, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("pragma synchronous = off")

    event.listen(Engine, "connect", without_sync)


def prepare_instance(settings: Settings) -> Path:
    """Make $TRUEUP_HOME/dagster with its dagster.yaml and point DAGSTER_HOME at it.

    A DAGSTER_HOME that is already set is used as it is.
    """
    configured = os.environ.get("DAGSTER_HOME")
    if configured:
        return Path(configured)
    home = settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    wanted = DAGSTER_YAML + HISTORY_YAML.format(folder=json.dumps(str(home / "history" / "runs")))
    before = config.read_text(encoding="utf-8") if config.exists() else ""
    # A file that somebody has edited is left alone.
    if before != wanted and before.partition("event_log_storage:")[0] in ("", DAGSTER_YAML):
        config.write_text(wanted, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    return home
