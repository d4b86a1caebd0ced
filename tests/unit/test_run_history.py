"""Dagster's run history as the nightly job writes it."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.storage.event_log import SqliteEventLogStorage

from dagster_project.lib.instance import DAGSTER_YAML, prepare_instance
from dagster_project.lib.run_history import OPEN_FILES, RunHistory
from dagster_project.lib.settings import Settings


@dg.asset
def counted() -> None:
    """Nothing but its events."""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    # Set first, so that what prepare_instance sets is taken back after the test.
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    return Settings.from_environment(
        {"TRUEUP_HOME": str(tmp_path / "a home"), "TRUEUP_HASH_KEY": "a-key-for-tests-only"}
    )


def _yaml(settings: Settings) -> Path:
    return settings.home / "dagster" / "dagster.yaml"


def test_what_is_written_is_what_dagsters_own_class_reads(settings: Settings) -> None:
    folder = prepare_instance(settings)
    runs = []
    with dg.DagsterInstance.get() as instance:
        for _ in range(OPEN_FILES + 2):
            runs.append(dg.materialize([counted], instance=instance).run_id)
        written = {run: [e.message for e in instance.all_logs(run)] for run in runs}
    assert all("Materialized value counted." in lines for lines in written.values())
    stock = SqliteEventLogStorage(str(folder / "history" / "runs"))
    read = {run: [e.message for e in stock.get_logs_for_run(run)] for run in runs}
    stock.dispose()
    assert read == written


def test_a_wiped_history_is_empty_and_can_be_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.materialize([counted], instance=instance).run_id
        (event, *_) = instance.all_logs(run)
    history = RunHistory(str(folder))
    history.store_event(event)
    history.wipe()
    assert list(history.get_logs_for_run(run)) == []
    history.store_event(event)
    assert len(history.get_logs_for_run(run)) == 1
    history.dispose()


def test_a_home_of_an_older_release_gets_the_faster_history_and_a_moved_one_its_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for before in (DAGSTER_YAML, DAGSTER_YAML + "event_log_storage: {module: elsewhere}\n"):
        _yaml(settings).parent.mkdir(parents=True, exist_ok=True)
        _yaml(settings).write_text(before)
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        prepare_instance(settings)
        storage = yaml.safe_load(_yaml(settings).read_text())["event_log_storage"]
        assert storage["class"] == RunHistory.__name__
        assert Path(storage["config"]["base_dir"]) == settings.home / "dagster/history/runs"


def test_a_dagster_yaml_that_somebody_edited_is_left_alone(settings: Settings) -> None:
    _yaml(settings).parent.mkdir(parents=True)
    _yaml(settings).write_text("telemetry: {enabled: true}\n")
    prepare_instance(settings)
    assert _yaml(settings).read_text() == "telemetry: {enabled: true}\n"
