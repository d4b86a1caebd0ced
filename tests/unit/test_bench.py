"""The benchmark's two sides agree on a small log, and a difference between them is seen."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from dagster_project.bench.children import baseline, load
from dagster_project.bench.compare import compare
from dagster_project.bench.dbt_steps import EVERY_DAY, build
from dagster_project.bench.generator import write_logs
from dagster_project.bench.run import environment_of
from dagster_project.lib.settings import Settings

# One call in 2,000 is shipped twice, so that a few are.
ROWS = 6000

MODELS = "+fct_charge_lines +cost_per_feature +cost_per_active_user +cost_per_resolved_ticket"


@dataclass(frozen=True)
class Sides:
    """The warehouse that TrueUp built and the file of the hand-written script."""

    warehouse: Path
    baseline: Path


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Sides:
    home = tmp_path_factory.mktemp("bench")
    write_logs(home, ROWS)
    environment = environment_of(home)
    settings = Settings.from_environment(environment)
    file = home / "baseline.duckdb"
    baseline(settings, file)
    load(settings)
    selection = ["--exclude-resource-type", "test", "--select"]
    selection += [*MODELS.split(), "+cost_per_successful_task"]
    build(settings, EVERY_DAY, selection, environment, home / "dbt")
    return Sides(settings.warehouse, file)


def test_trueup_and_the_hand_written_script_agree_to_the_last_digit(sides: Sides) -> None:
    comparisons = compare(sides.warehouse, sides.baseline)

    assert [c for c in comparisons if c.different] == []
    assert [c.name for c in comparisons if c.groups == 0] == []


@pytest.mark.parametrize(
    ("change", "seen_in"),
    [
        (
            "update calls set cost_usd = cost_usd + 0.000000000000000001 where rowid = 0",
            "calls, tokens and cost by day and model",
        ),
        ("update calls set latency_ms = 1 where rowid = 7", "every value of every call, by day"),
        (
            "update calls set user_key = 'nobody' where rowid = 7",
            "every value of every call, by day",
        ),
        ("delete from raw_calls where rowid = 3", "raw calls"),
        ("delete from charge_lines where rowid = 3", "every charge line"),
        ("update charge_lines set rate_id = 'other' where rowid = 3", "every charge line"),
        (
            "update cost_per_feature set computed_cost_usd = computed_cost_usd"
            " + 0.000000000000000001 where rowid = 0",
            "cost_per_feature: cost by period",
        ),
    ],
)
def test_a_single_changed_value_is_seen(
    sides: Sides, tmp_path: Path, change: str, seen_in: str
) -> None:
    changed = tmp_path / "baseline.duckdb"
    shutil.copy(sides.baseline, changed)
    with duckdb.connect(str(changed)) as con:
        con.execute(change)

    different = {c.name for c in compare(sides.warehouse, changed) if c.different}

    assert seen_in in different


def test_a_repeated_call_is_loaded_twice_and_counted_once(sides: Sides) -> None:
    with duckdb.connect(str(sides.warehouse), read_only=True) as con:
        raw = con.execute("select count(*), count(distinct call_id) from raw.call_log").fetchall()
        counted = con.execute("select count(*) from marts.fct_llm_calls").fetchall()

    assert raw[0][0] == ROWS
    assert raw[0][1] < ROWS
    assert counted[0][0] == raw[0][1]
