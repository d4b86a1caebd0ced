"""Opening the warehouse, and one writer at a time."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest

from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import connect, writer_lock


def test_a_connection_speaks_utc_and_encrypts_what_spills(settings: Settings) -> None:
    with connect(settings.warehouse) as con:
        rows = con.execute(
            "select value from duckdb_settings() where name in"
            " ('TimeZone', 'temp_file_encryption', 'temp_directory') order by name"
        ).fetchall()
    spill = str(settings.warehouse.parent / ".spill")
    assert {row[0] for row in rows} == {"UTC", "true", spill}


def test_a_connection_is_closed_when_its_block_fails(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError), connect(settings.warehouse) as con:
        raise ZeroDivisionError
    with pytest.raises(Exception, match=r"[Cc]losed"):
        con.execute("select 1")


def test_reading_a_warehouse_that_is_not_there_says_what_to_run(tmp_path: Path) -> None:
    with (
        pytest.raises(TrueUpError, match="trueup run"),
        connect(tmp_path / "none.duckdb", read_only=True),
    ):
        pass


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_bytes(b"not a database" * 100)
    with pytest.raises(TrueUpError, match=r"x\.duckdb"), connect(tmp_path / "x.duckdb"):
        pass


def test_the_writer_lock_is_reentrant_and_released(settings: Settings) -> None:
    with writer_lock(settings), writer_lock(settings):
        pass
    with writer_lock(settings, wait_seconds=0.1):
        pass


def _hold(home: str, ready: object, seconds: float) -> None:
    with writer_lock(Settings.from_environment({"TRUEUP_HOME": home})):
        ready.set()  # type: ignore[attr-defined]
        time.sleep(seconds)


def _start_holder(settings: Settings, seconds: float) -> multiprocessing.process.BaseProcess:
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    process = context.Process(target=_hold, args=(str(settings.home), ready, seconds))
    process.start()
    assert ready.wait(10)
    return process


def test_a_second_writer_waits_and_says_so(settings: Settings) -> None:
    process = _start_holder(settings, 0.8)
    said: list[str] = []
    with writer_lock(settings, wait_seconds=1.0, log=said.append):
        pass
    process.join()
    assert len(said) == 1
    assert "another TrueUp run is writing" in said[0]


def test_a_second_writer_gives_up_with_an_error(settings: Settings) -> None:
    process = _start_holder(settings, 1.0)
    with pytest.raises(TrueUpError, match="still writing"), writer_lock(settings, wait_seconds=0.2):
        pass
    process.join()
