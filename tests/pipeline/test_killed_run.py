"""A run that dies leaves the published snapshot as it was, and the next one makes it good."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from company import write_company
from exports import GPT, MINI, json_lines, spend_log
from harness import Home, differing_marts, wait_for

from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.settings import PROJECT_ROOT


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def started(home: Home) -> Home:
    write_company(home)
    home.compute()
    return home


def test_a_run_that_fails_after_the_ledger_publishes_nothing(
    started: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster_project.defs import transform  # noqa: PLC0415

    true_arguments = transform.dbt_arguments

    def arguments(window: Any) -> list[str]:
        if window is None:
            raise RuntimeError("the power went")
        return true_arguments(window)

    monkeypatch.setattr(transform, "dbt_arguments", arguments)
    started.drop("litellm_spend_logs/late.jsonl", json_lines(
        spend_log("k1", "2026-10-05T23:00:00Z", MINI, 4000, 1000, tags=["feature:search"])
    ))  # fmt: skip
    before = digest(started.settings.snapshot)
    with pytest.raises(TrueUpError, match="snapshot is unchanged"):
        started.run()
    # the ledger was computed, and no reader knows
    assert started.warehouse_sql(
        "select count(*) from marts.fct_llm_calls where source_call_id = 'default/k1'"
    ) == [(1,)]
    assert digest(started.settings.snapshot) == before
    (alert,) = (started.settings.exports / "alerts").iterdir()
    assert "the power went" in alert.read_text(encoding="utf-8")


def test_a_run_that_is_killed_publishes_nothing(started: Home) -> None:
    """SIGKILL to the command and to dbt while the ledger is written."""
    started.drop("litellm_spend_logs/later.jsonl", json_lines(
        spend_log("k2", "2026-10-06T23:00:00Z", GPT, 1000, 10, tags=["feature:search"])
    ))  # fmt: skip
    before = digest(started.settings.snapshot)
    log = started.path / "killed.log"
    with started.entered(), log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster_project.cli", "run"],
            cwd=PROJECT_ROOT, stdout=stream, stderr=stream, start_new_session=True,
        )  # fmt: skip
    try:
        wait_for(lambda: "ledger: computing" in log.read_text() or process.poll() is not None, 240)
        assert process.poll() is None, log.read_text()
        run_logs = started.path / "warehouse" / "logs"
        wait_for(
            lambda: "fct_llm_calls" in max(run_logs.iterdir()).read_text() or process.poll(), 240
        )
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert digest(started.settings.snapshot) == before


def test_the_next_run_gives_the_figures_of_a_clean_rebuild(
    started: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    started.compute()
    rebuilt = started.rebuilt(tmp_path_factory.mktemp("rebuilt") / "home")
    rebuilt.compute()
    assert differing_marts(started, rebuilt) == {}
    assert started.one(
        "select count(*) from marts.fct_llm_calls"
        " where source_call_id in ('default/k1', 'default/k2')"
    ) == 2  # fmt: skip


def test_a_crash_while_the_snapshot_is_written_leaves_the_old_one(
    started: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster_project.lib import publish  # noqa: PLC0415

    def fail(*_: Any) -> None:
        raise OSError("no space left on device")

    before = digest(started.settings.snapshot)
    with monkeypatch.context() as patch:
        patch.setattr(publish, "_copy_comments", fail)
        with pytest.raises(OSError, match="no space left"):
            publish.publish_snapshot(started.settings.warehouse, started.settings.snapshot)
    assert digest(started.settings.snapshot) == before
    tables = publish.publish_snapshot(started.settings.warehouse, started.settings.snapshot)
    assert tables > 20
    assert [path.name for path in started.settings.exports.glob(".*")] == []
