"""The two dbt builds of the nightly job, each in its own process, and what dbt says they took."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dagster_project.bench.measure import Measured, run_measured
from dagster_project.lib.dbt_project import DBT_DIR, DBT_EXECUTABLE
from dagster_project.lib.ledger import LedgerWindow, dbt_arguments, dbt_environment
from dagster_project.lib.settings import Settings

LEDGER = "+fct_charge_lines"
EVERY_DAY = LedgerWindow(None, None, full_refresh=True)


@dataclass(frozen=True)
class DbtBuild:
    """One build: its process, and the seconds of its models and of its tests inside dbt."""

    process: Measured
    model_seconds: float
    test_seconds: float
    slowest: tuple[tuple[str, float], ...]


def build_ledger(settings: Settings, environment: Mapping[str, str], work: Path) -> DbtBuild:
    """Build the calls, the charge lines and all they are made of."""
    return build(settings, EVERY_DAY, ["--select", LEDGER], environment, work / "price")


def build_marts(settings: Settings, environment: Mapping[str, str], work: Path) -> DbtBuild:
    """Build every other model."""
    return build(settings, None, ["--exclude", LEDGER], environment, work / "marts")


def build(
    settings: Settings,
    window: LedgerWindow | None,
    selection: list[str],
    environment: Mapping[str, str],
    work: Path,
) -> DbtBuild:
    """Run one `dbt build` of `selection` in its own process, with its target below `work`."""
    work.mkdir(parents=True, exist_ok=True)
    folders = ["--project-dir", str(DBT_DIR), "--profiles-dir", str(DBT_DIR)]
    folders += ["--target-path", str(work / "target"), "--log-path", str(work / "logs")]
    command = [str(DBT_EXECUTABLE), *dbt_arguments(window), *selection, *folders]
    told = {**environment, **dbt_environment(settings, window)}
    process = run_measured(command, told, work / "dbt.out")
    results = json.loads((work / "target" / "run_results.json").read_text(encoding="utf-8"))
    return _summed(process, results)


def _summed(process: Measured, results: Mapping[str, list[Mapping[str, object]]]) -> DbtBuild:
    seconds = {"test": 0.0, "model": 0.0}
    nodes = []
    for result in results["results"]:
        kind, _, name = str(result["unique_id"]).split(".", maxsplit=2)
        took = float(str(result["execution_time"]))
        seconds["test" if kind == "test" else "model"] += took
        nodes.append((f"{kind} {name.split('.')[0]}", took))
    nodes.sort(key=lambda node: -node[1])
    return DbtBuild(process, seconds["model"], seconds["test"], tuple(nodes[:8]))
