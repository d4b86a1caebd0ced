"""A pull that is killed or stopped goes on where it was, without a gap and without a double."""

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from dagster_project.pulls.landing import LandingFolder, exclusive
from dagster_project.pulls.state import PullState

WEEK = date(2026, 11, 15)
BUCKET_PULLS = ["openai_costs", "anthropic_costs"]


def starts(bench: Any) -> list[str | None]:
    """The cursor of each request, None for the first page of a window."""
    return [asked.one("page") for asked in bench.api.asked]


@pytest.mark.parametrize("name", BUCKET_PULLS)
def test_a_kill_between_two_pages_resumes_at_the_next_page_under_the_same_pull_id(
    bench: Any, killed: type[BaseException], name: str
) -> None:
    bench.api.days_per_page = 2
    bench.kill_at = "page 2 done"
    with pytest.raises(killed):
        bench.one(name, since=WEEK)
    assert len(bench.files(name)) == 2
    bench.api.asked.clear()
    result = bench.one(name, since=WEEK)
    # Seven days, two a page: 15-16, 17-18 before the kill; 19-20 and 21 after it.
    assert starts(bench) == ["page_2026-11-19", "page_2026-11-21"]
    assert (result.status, result.pages, len(result.files)) == ("landed", 2, 2)
    assert {path.name[:16] for path in bench.files(name)} == {"20261122T021500Z"}
    assert [path.read_bytes() for path in bench.files(name)] == bench.api.bodies


def test_a_process_killed_by_a_signal_resumes_too(bench: Any) -> None:
    bench.api.days_per_page = 2
    program = f"""
import os, signal
from datetime import UTC, date, datetime
from pathlib import Path
from dagster_project.pulls import run_pulls

def log(line):
    if "page 2 done" in line:
        os.kill(os.getpid(), signal.SIGKILL)

run_pulls(
    Path({str(bench.landing)!r}), names=["anthropic_usage"], today=date(2026, 11, 22),
    since=date(2026, 11, 15), environment={dict(bench.keys)!r}, log=log,
    base_urls={{"anthropic_usage": {bench.api.url!r}}},
    clock=lambda: datetime(2026, 11, 22, 2, 15, tzinfo=UTC),
)
"""
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    child = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert child.returncode == -signal.SIGKILL
    assert len(bench.files("anthropic_usage")) == 2
    bench.api.asked.clear()
    assert bench.one("anthropic_usage").status == "landed"
    assert starts(bench) == ["page_2026-11-19", "page_2026-11-21"]
    assert len({name[:16] for name in bench.names("anthropic_usage")}) == 1
    assert len(bench.names("anthropic_usage")) == 4


def kill_before_the_position_moves(
    monkeypatch: pytest.MonkeyPatch, killed: type[BaseException], save_number: int
) -> None:
    """Page n has landed when save n + 1 is due; the first save is the window's beginning."""
    real_save, calls = PullState.save, []

    def save(state: PullState) -> None:
        calls.append(1)
        if len(calls) == save_number:
            raise killed
        real_save(state)

    monkeypatch.setattr(PullState, "save", save)


def test_a_kill_after_landing_but_before_the_position_moved_does_not_land_twice(
    bench: Any, killed: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.api.days_per_page = 3
    kill_before_the_position_moves(monkeypatch, killed, save_number=3)
    with pytest.raises(killed):
        bench.one("anthropic_costs", since=WEEK)
    second = bench.files("anthropic_costs")[1]
    landed_as = second.stat()
    assert bench.one("anthropic_costs", since=WEEK).status == "landed"
    assert second.stat().st_ino == landed_as.st_ino, "a landed file is never written over"
    assert [name[-10:-5] for name in bench.names("anthropic_costs")] == ["00001", "00002", "00003"]


def test_a_page_restated_during_the_kill_lands_beside_the_first_and_sorts_after_it(
    bench: Any, killed: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.api.days_per_page = 3
    kill_before_the_position_moves(monkeypatch, killed, save_number=3)
    with pytest.raises(killed):
        bench.one("anthropic_costs", since=WEEK)
    older = bench.files("anthropic_costs")[1].read_bytes()
    bench.api.revision = 1
    bench.one("anthropic_costs", since=WEEK)
    names = bench.names("anthropic_costs")
    assert [name.split("page-")[1] for name in names] == [
        "00001.json",
        "00002.json",
        "00002_r1.json",
        "00003.json",
    ]
    assert bench.files("anthropic_costs")[1].read_bytes() == older


def test_a_page_that_fails_for_good_leaves_the_pages_before_it_and_says_so(bench: Any) -> None:
    bench.api.days_per_page = 3
    bench.api.faults = {n: bench.script.status(500) for n in range(3, 9)}
    result = bench.one("anthropic_costs", since=WEEK)
    assert (result.status, result.pages, len(result.files)) == ("failed", 2, 2)
    assert "pages 1 to 2 have landed and stay" in result.message
    progress = bench.position("anthropic_costs")["cost_report"]["progress"]
    assert (progress["pages"], progress["cursor"]) == (2, "page_2026-11-21")
    bench.api.asked.clear()
    bench.api.faults.clear()
    assert bench.one("anthropic_costs").pages == 1
    assert starts(bench) == ["page_2026-11-21"]


def test_a_run_stops_at_its_page_limit_and_the_next_one_goes_on(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagster_project.pulls.engine.MOST_PAGES_PER_RUN", 2)
    bench.api.days_per_page = 3
    result = bench.one("anthropic_costs", since=WEEK)
    assert (result.status, result.pages) == ("failed", 2)
    assert "stopped after 2 pages; the next run goes on from here" in result.message
    assert bench.one("anthropic_costs", since=WEEK).status == "landed"
    assert starts(bench) == [None, "page_2026-11-18", "page_2026-11-21"]


def test_a_refused_cursor_starts_the_window_again_under_a_new_pull_id(
    bench: Any, killed: type[BaseException]
) -> None:
    bench.api.days_per_page = 3
    bench.kill_at = "page 2 done"
    with pytest.raises(killed):
        bench.one("openai_costs", since=WEEK)
    bench.api.asked.clear()
    bench.api.faults[1] = bench.script.status(400, "cursor expired")
    result = bench.one("openai_costs", since=WEEK)
    assert (result.status, result.pages) == ("landed", 3)
    assert starts(bench) == ["page_2026-11-21", None, "page_2026-11-18", "page_2026-11-21"]
    assert [name[:16] for name in bench.names("openai_costs")] == [
        "20261122T021500Z",
        "20261122T021500Z",
        "20261122T021501Z",
        "20261122T021501Z",
        "20261122T021501Z",
    ]


def test_a_refused_zendesk_bookmark_falls_back_to_the_look_back(bench: Any) -> None:
    bench.api.tickets = [11, 12, 13]
    bench.one("zendesk_tickets", since=WEEK)
    bench.api.asked.clear()
    bench.api.faults[1] = bench.script.status(400, "cursor expired")
    assert bench.one("zendesk_tickets").status == "landed"
    # Resume day 22nd minus seven days is the 15th.
    assert [asked.one("start_time") for asked in bench.api.asked] == [None, "1794700800", None]


def test_a_zendesk_end_without_a_cursor_keeps_the_bookmark_from_before(bench: Any) -> None:
    bench.api.tickets = [11]
    bench.one("zendesk_tickets", since=WEEK)
    page = b'{"tickets": [], "end_of_stream": true, "after_cursor": null}'
    bench.api.faults[2] = bench.script.body(page)
    bench.one("zendesk_tickets")
    assert bench.position("zendesk_tickets")["tickets"]["bookmark"] == "c1"


def test_a_refusal_in_the_middle_is_a_failure_not_a_restart(bench: Any) -> None:
    bench.api.days_per_page = 3
    bench.api.faults[2] = bench.script.status(400, "no")
    assert bench.one("openai_costs", since=WEEK).status == "failed"
    assert len(bench.api.asked) == 2


def test_a_refusal_after_a_resumed_page_is_a_failure_not_a_restart(
    bench: Any, killed: type[BaseException]
) -> None:
    bench.api.days_per_page = 2
    bench.kill_at = "page 1 done"
    with pytest.raises(killed):
        bench.one("openai_costs", since=WEEK)
    bench.api.asked.clear()
    bench.api.faults[2] = bench.script.status(400, "no")
    assert bench.one("openai_costs", since=WEEK).status == "failed"
    assert starts(bench) == ["page_2026-11-17", "page_2026-11-19"]


def test_an_amplitude_refusal_never_restarts_because_the_cursor_is_a_day(bench: Any) -> None:
    bench.api.faults[2] = bench.script.status(400, "too large")
    assert bench.one("amplitude_events", since=date(2026, 11, 20)).status == "failed"
    bench.api.asked.clear()
    bench.api.faults = {1: bench.script.status(400, "too large")}
    assert bench.one("amplitude_events").status == "failed"
    assert [asked.one("start") for asked in bench.api.asked] == ["20261121T00"]


def test_an_unfinished_window_is_closed_first_and_newer_days_follow(
    bench: Any, killed: type[BaseException]
) -> None:
    bench.api.days_per_page = 4
    bench.kill_at = "page 1 done"
    with pytest.raises(killed):
        bench.one("anthropic_costs", since=WEEK)
    next_night = datetime(2026, 11, 23, 3, tzinfo=UTC)
    bench.one("anthropic_costs", today=date(2026, 11, 23), clock=lambda: next_night)
    # Page 1 of the newer window (15th to 18th) holds the bytes that landed before the kill.
    assert bench.names("anthropic_costs") == [
        "20261122T021500Z__cost_report__2026-11-15_2026-11-22__page-00001.json",
        "20261122T021500Z__cost_report__2026-11-15_2026-11-22__page-00002.json",
        "20261123T030000Z__cost_report__2026-11-15_2026-11-23__page-00002.json",
    ]
    saved = bench.position("anthropic_costs")["cost_report"]
    assert (saved["last_complete_day"], saved["progress"]) == ("2026-11-22", None)


def test_an_equal_answer_lands_again_when_an_abandoned_pull_landed_something_newer(
    bench: Any,
) -> None:
    bench.one("anthropic_costs", since=WEEK)
    bench.api.asked.clear()
    bench.api.days_per_page, bench.api.revision = 4, 1
    circle = b'{"data": [], "has_more": true, "next_page": "page_2026-11-19"}'
    bench.api.faults[2] = bench.script.body(circle)
    assert bench.one("anthropic_costs").status == "failed"
    bench.api.days_per_page, bench.api.revision = 31, 0
    assert bench.one("anthropic_costs").status == "landed"
    first, _, last = bench.files("anthropic_costs")
    assert first.read_bytes() == last.read_bytes()


def test_half_written_files_of_a_killed_pull_are_cleared_and_others_are_left(bench: Any) -> None:
    folder = bench.landing / "anthropic_costs"
    folder.mkdir(parents=True)
    (folder / ".20261121T021500Z__cost_report__x__page-00001.json.part").write_text("{")
    (folder / ".upload.part").write_text("somebody else's")
    (folder / "dropped-by-hand.json").write_text("{}")
    bench.one("anthropic_costs")
    assert bench.names("anthropic_costs") == [
        ".upload.part",
        "20261122T021500Z__cost_report__2026-10-22_2026-11-22__page-00001.json",
        "dropped-by-hand.json",
    ]


def test_a_write_that_breaks_off_leaves_no_file_under_its_final_name(tmp_path: Path) -> None:
    class Broken:
        def seek(self, _: int) -> None: ...

        def read(self, _: int) -> bytes:
            raise OSError("no space left on device")

    folder = LandingFolder(tmp_path, "openai_costs")
    with pytest.raises(OSError, match="no space"):
        folder.land("page.json", Broken(), {})  # type: ignore[arg-type]
    assert [path.name for path in folder.path.iterdir()] == [".page.json.part"]


def test_an_unreadable_position_fails_that_pull_and_says_what_to_do(bench: Any) -> None:
    positions = bench.landing / ".pulls"
    positions.mkdir(parents=True)
    (positions / "openai_costs.json").write_text('{"version": 99}')
    result = bench.one("openai_costs")
    assert result.status == "failed"
    assert "openai_costs.json cannot be read; move it away" in result.message
    assert bench.api.asked == []


def test_two_runs_of_one_pull_at_the_same_time_are_refused(bench: Any) -> None:
    with exclusive(bench.landing / ".pulls" / "openai_costs.lock"):
        result = bench.one("openai_costs")
    assert result.status == "failed"
    assert "another run of this pull is at work" in result.message
    assert bench.one("openai_costs").status == "landed"


def test_a_clock_set_back_does_not_break_the_order_of_names(bench: Any) -> None:
    bench.one("anthropic_costs", since=WEEK)
    bench.api.revision = 1
    # Half an hour earlier on the same day.
    bench.one("anthropic_costs", clock=lambda: datetime(2026, 11, 22, 1, 45, tzinfo=UTC))
    assert [name[:16] for name in bench.names("anthropic_costs")] == [
        "20261122T021500Z",
        "20261122T021501Z",
    ]
