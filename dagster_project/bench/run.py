"""One benchmark: generate, load, price, marts, the whole run, the baseline, and the proof."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dagster_project.bench.compare import Comparison, compare
from dagster_project.bench.dbt_steps import DbtBuild, build_ledger, build_marts
from dagster_project.bench.generator import write_logs
from dagster_project.bench.measure import Measured, run_measured
from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.lib.progress import say
from dagster_project.lib.settings import Settings

# Everything is written below this folder, which the next benchmark removes by its marker.
WORK_FOLDER = "trueup-bench"
MARKER = ".written-by-bench"

# One key for every process, so that the hashes of both sides can be compared.
HASH_KEY = "the benchmark's own key, of no use elsewhere"


@dataclass
class Figures:
    """What one benchmark measured. `load_seconds` is without the start of the process."""

    rows: int
    load: Measured
    load_seconds: float
    price: DbtBuild
    marts: DbtBuild
    whole: Measured
    baselines: list[Measured]
    baseline_parts: dict[str, float]
    comparisons: list[Comparison] = field(default_factory=list)

    @property
    def baseline(self) -> Measured:
        """The faster of the two runs of the baseline: the stricter yardstick."""
        return min(self.baselines, key=lambda measured: measured.seconds)


def run_benchmark(home: Path, rows: int, *, keep: bool) -> Figures:
    """Measure everything once on `rows` calls; raise TrueUpError when the two sides differ.

    Needs about 0.6 kB of disk a row below `home`, given back at the end unless `keep`.
    """
    work = prepare_work_folder(home)
    try:
        return _measure(work, rows)
    finally:
        if not keep:
            shutil.rmtree(work, ignore_errors=True)


def prepare_work_folder(home: Path, name: str = WORK_FOLDER) -> Path:
    """Return an empty folder below `home`; only one that this benchmark wrote is emptied."""
    work = home.expanduser().resolve() / name
    if work.exists():
        if not (work / MARKER).exists():
            raise ConfigurationError(
                f"{work} was not written by the benchmark; name another --home"
            )
        shutil.rmtree(work)
    work.mkdir(parents=True)
    (work / MARKER).touch()
    return work


def environment_of(home: Path) -> dict[str, str]:
    """Return the environment of a process that knows no other installation than `home`."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TRUEUP_", "DAGSTER_", "DBT_"))
    }
    return {**inherited, "TRUEUP_HOME": str(home), "TRUEUP_HASH_KEY": HASH_KEY}


def _measure(work: Path, rows: int) -> Figures:
    steps_home, run_home = work / "steps", work / "run"
    say(f"generating {rows:,} calls")
    files = write_logs(steps_home, rows)
    link_inputs(steps_home, run_home)
    size = sum(path.stat().st_size for path in files)
    say(f"{len(files)} Parquet files, {size / 1e6:,.0f} MB")
    environment = environment_of(steps_home)
    settings = Settings.from_environment(environment)
    baseline_file = work / "baseline.duckdb"
    baselines, parts = [], {}
    for turn in ("first", "second"):
        baselines.append(_baseline(environment, baseline_file, work / f"baseline-{turn}.out"))
        say(f"baseline, {turn} time: {baselines[-1].seconds:,.1f} s")
        if turn == "first":
            load, load_seconds = _load(environment, work / "load.out")
            say(f"load: {load_seconds:,.1f} s")
            price = build_ledger(settings, environment, work)
            say(f"price: {price.process.seconds:,.1f} s")
            marts = build_marts(settings, environment, work)
            say(f"marts: {marts.process.seconds:,.1f} s")
            whole = run_measured(
                [sys.executable, "-m", "dagster_project.cli", "run"],
                environment_of(run_home),
                work / "run.out",
            )
            say(f"whole run: {whole.seconds:,.1f} s")
    parts = _last_json(work / "baseline-second.out")
    figures = Figures(rows, load, load_seconds, price, marts, whole, baselines, parts)
    for home in (steps_home, run_home):
        warehouse = Settings.from_environment(environment_of(home)).warehouse
        figures.comparisons += compare(warehouse, baseline_file)
    _require_equal(figures.comparisons)
    say(f"equal to the baseline in {len(figures.comparisons)} comparisons")
    return figures


def link_inputs(source: Path, target: Path) -> None:
    """Give `target` the landing and reference files of `source`, without copying a byte."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            link = target / path.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, link)


def _load(environment: Mapping[str, str], log: Path) -> tuple[Measured, float]:
    measured = run_measured(_child("load"), environment, log)
    return measured, _last_json(log)["load"]


def _baseline(environment: Mapping[str, str], file: Path, log: Path) -> Measured:
    return run_measured(_child("baseline", str(file)), environment, log)


def _child(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "dagster_project.bench.children", *arguments]


def _last_json(log: Path) -> dict[str, float]:
    seconds: dict[str, float] = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    return seconds


def _require_equal(comparisons: list[Comparison]) -> None:
    unequal = [f"{c.name}: {c.different} of {c.groups}" for c in comparisons if c.different]
    if unequal:
        raise TrueUpError(
            "TrueUp and the baseline do not agree, so no time is shown:\n  " + "\n  ".join(unequal)
        )
