"""What the benchmark generates, measures, links and prints."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import duckdb
import pytest

from dagster_project.bench.__main__ import main
from dagster_project.bench.compare import Comparison
from dagster_project.bench.dbt_steps import DbtBuild
from dagster_project.bench.generator import CALL_FILES, write_logs
from dagster_project.bench.measure import Measured, run_measured
from dagster_project.bench.run import (
    MARKER,
    WORK_FOLDER,
    Figures,
    environment_of,
    link_inputs,
    prepare_work_folder,
)
from dagster_project.bench.table import render
from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.lib.mapping import load_mappings
from dagster_project.sources import SOURCES

ROWS = 20_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    write_logs(folder, ROWS)
    return folder


def calls(home: Path, query: str) -> list[tuple[object, ...]]:
    files = str(home / "landing" / "bench_calls" / "*.parquet")
    with duckdb.connect() as con:
        return con.execute(f"select {query} from read_parquet($files)", {"files": files}).fetchall()


def test_the_log_has_exactly_the_rows_asked_for_over_45_days(home: Path) -> None:
    assert calls(
        home, "count(*), count(distinct requested_at::date), min(requested_at)::date::text"
    ) == [(ROWS, 45, "2026-09-01")]
    assert len(list((home / "landing" / "bench_calls").glob("*.parquet"))) == CALL_FILES


def test_the_same_number_of_rows_gives_the_same_rows(home: Path, tmp_path: Path) -> None:
    write_logs(tmp_path, ROWS)
    fingerprint = "sum(hash(columns(*))::hugeint)"

    assert calls(tmp_path, fingerprint) == calls(home, fingerprint)


def test_the_log_is_varied(home: Path) -> None:
    (models, channels, tiers, processings, tasks, tickets, users) = calls(
        home,
        "count(distinct model_served), count(distinct channel), count(distinct service_tier),"
        " count(distinct processing), count(task_id) > 0, count(ticket_id) > 0,"
        " count(distinct user_id)",
    )[0]

    assert (models, channels, tiers, processings, tasks, tickets) == (13, 2, 3, 2, True, True)
    # 20,000 calls make 100 users; most of them call
    assert isinstance(users, int)
    assert 50 < users <= 100


def test_two_calls_in_a_hundred_name_a_model_that_no_list_knows(home: Path) -> None:
    ((unknown,),) = calls(
        home, "count(*) filter (model_served like '%tuned%' or model_served like '%preview%')"
    )

    # 20 of 1,000 slots: 400 calls are expected, and 6 standard deviations are 119
    assert isinstance(unknown, int)
    assert 281 <= unknown <= 519


def test_the_mapping_names_every_column_of_a_call_log_but_the_texts(home: Path) -> None:
    mapping = load_mappings(home / "reference" / "mappings")["bench_calls"]

    assert {binding.column for binding in mapping.bindings} == {
        column.name
        for column in SOURCES["call_log"].columns
        if column.kind not in ("free_text", "json_list")
    }


def test_reference_files_have_a_header_and_rows(home: Path) -> None:
    for name in ("feature_map", "scope_rules", "internal_users"):
        with (home / "reference" / f"{name}.csv").open(newline="") as stream:
            rows = list(csv.reader(stream))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}


def test_memory_of_a_grandchild_counts_and_a_failure_says_its_last_words(tmp_path: Path) -> None:
    grandchild = "import time; held = b'x' * 150_000_000; time.sleep(1)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"

    measured = run_measured([sys.executable, "-c", child], os.environ, tmp_path / "out")

    assert measured.largest_process_bytes >= 150_000_000
    assert measured.largest_sum_bytes > measured.largest_process_bytes
    assert measured.seconds >= 1
    with pytest.raises(TrueUpError, match="the disk is full"):
        run_measured(
            [sys.executable, "-c", "raise SystemExit('the disk is full')"],
            os.environ,
            tmp_path / "out",
        )


def test_a_folder_that_the_benchmark_did_not_write_is_left_alone(tmp_path: Path) -> None:
    foreign = tmp_path / WORK_FOLDER
    foreign.mkdir()
    (foreign / "ledger.xlsx").touch()

    with pytest.raises(ConfigurationError, match="not written by the benchmark"):
        prepare_work_folder(tmp_path)

    assert (foreign / "ledger.xlsx").exists()
    (foreign / MARKER).touch()
    assert [path.name for path in prepare_work_folder(tmp_path).iterdir()] == [MARKER]


def test_both_homes_hold_the_same_inputs(home: Path, tmp_path: Path) -> None:
    link_inputs(home, tmp_path)

    def names(folder: Path) -> list[str]:
        return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())

    assert names(tmp_path) == names(home)


def test_no_process_of_the_benchmark_sees_another_installation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRUEUP_ALERT_WEBHOOK_URL", "https://example.com/hook")
    monkeypatch.setenv("DAGSTER_HOME", "/elsewhere")

    environment = environment_of(tmp_path)

    assert environment["TRUEUP_HOME"] == str(tmp_path)
    assert "TRUEUP_ALERT_WEBHOOK_URL" not in environment
    assert "DAGSTER_HOME" not in environment


def test_the_table_divides_by_the_faster_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    def measured(seconds: float) -> Measured:
        return Measured(seconds, seconds * 2, 3 << 30, 4 << 30)

    build = DbtBuild(measured(12), 10, 1, (("model fct_llm_calls", 8.0),))
    figures = Figures(
        rows=1_000_000,
        load=measured(21),
        load_seconds=20,
        price=build,
        marts=build,
        whole=measured(60),
        baselines=[measured(25), measured(20)],
        baseline_parts={"calls": 11.0, "baseline": 20.0},
        comparisons=[Comparison("raw calls", 1, 0)],
    )

    lines = {line.split("  ")[0].strip(): line.split() for line in render(figures).splitlines()}

    # load 20 + models 10 + 10 = 40 s over 20 s; with tests 42 s; 1,000,000 rows in 60 s
    assert lines["SQL part: load and models"][-3:] == ["40.0", "25,000", "2.00"]
    assert lines["SQL part with dbt's tests"][-1] == "2.10"
    whole = ["60.0", "120.0", "16,667", "3.00", "4.00", "3.00", "3.00"]
    assert lines["whole run: trueup run"][-7:] == whole


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--rows", "10"])

    assert stopped.value.code == 2
