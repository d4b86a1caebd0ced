"""The demo on disk: the same bytes everywhere, a marker that knows them, a clean removal."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from dagster_project.demo import (
    DemoSummary,
    demo_is_landed,
    foreign_files,
    remove_demo,
    write_demo,
)
from dagster_project.demo.landed import DemoFile, write_files
from dagster_project.lib.errors import ConfigurationError

TEXT_FILES_SHA256 = "61ad1f3f23daeb73654dc8a6ae8bc216242023c9ff872209508977e45dbd9fef"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def summary(home: Path) -> DemoSummary:
    return write_demo(home)


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_two_writes_give_identical_files(summary: DemoSummary, tmp_path: Path) -> None:
    again = write_demo(tmp_path)

    assert again == summary
    for file in again.files:
        assert sha256_of(tmp_path / file.path) == file.sha256


def test_every_machine_writes_the_same_text_files(summary: DemoSummary) -> None:
    """One digest over all landed text files. Change it with any intended change of the demo.

    Parquet is left out: the version of pyarrow stands in the file.
    """
    lines = [
        f"{file.sha256}  {file.path}"
        for file in summary.files
        if file.path.startswith("landing/") and not file.path.endswith(".parquet")
    ]

    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == TEXT_FILES_SHA256


def test_the_marker_lists_every_file_with_its_digest(home: Path, summary: DemoSummary) -> None:
    marker = json.loads((home / "landing" / ".demo").read_text(encoding="utf-8"))
    on_disk = {
        path.relative_to(home).as_posix(): sha256_of(path)
        for path in home.rglob("*")
        if path.is_file() and path.name != ".demo"
    }

    assert marker["version"] == 1
    assert marker["complete"] is True
    assert {entry["path"]: entry["sha256"] for entry in marker["files"]} == on_disk
    assert {file.path for file in summary.files} == set(on_disk)


def test_the_demo_is_large_enough_to_be_real_and_small_enough_to_be_quick(
    summary: DemoSummary,
) -> None:
    assert summary.calls >= 100_000
    assert summary.size < 60_000_000
    assert (summary.last_day - summary.first_day).days + 1 == 45
    assert 1_500 <= sum(summary.spend_usd.values()) <= 4_000


def test_files_arrive_in_date_order_and_a_resent_file_after_its_original(
    home: Path, summary: DemoSummary
) -> None:
    def arrival(path: str) -> float:
        return (home / path).stat().st_mtime

    logs = [f.path for f in summary.files if "/litellm_spend_logs/" in f.path]
    original = "landing/agent_calls/agent_calls_2026-09-15.parquet"
    resent = "landing/agent_calls/agent_calls_2026-09-15_resent.parquet"

    assert [arrival(path) for path in logs] == sorted(arrival(path) for path in logs)
    assert arrival(resent) > arrival(original)
    assert (home / resent).read_bytes() == (home / original).read_bytes()
    assert len({arrival(file.path) for file in summary.files}) == len(summary.files)


def one_file(path: str = "landing/segment_tracks/tracks.jsonl", text: str = "a\n") -> DemoFile:
    return DemoFile(path, text.encode(), 1, 0)


def test_writing_over_itself_changes_nothing(tmp_path: Path) -> None:
    files = [one_file(), one_file("reference/scope_rules.csv")]
    first = write_files(tmp_path, files)
    marker = (tmp_path / "landing" / ".demo").read_bytes()

    assert write_files(tmp_path, files) == first
    assert (tmp_path / "landing" / ".demo").read_bytes() == marker


def test_removal_takes_away_exactly_the_listed_files(tmp_path: Path) -> None:
    write_files(tmp_path, [one_file(), one_file("reference/mappings/own.csv")])
    note = tmp_path / "landing" / "README.md"
    note.write_text("kept", encoding="utf-8")

    assert remove_demo(tmp_path) == [
        "landing/segment_tracks/tracks.jsonl",
        "reference/mappings/own.csv",
    ]
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == [
        "landing",
        "landing/README.md",
        "reference",
    ]
    assert not demo_is_landed(tmp_path)


def test_removal_refuses_a_changed_file_and_removes_nothing(tmp_path: Path) -> None:
    write_files(tmp_path, [one_file(), one_file("reference/scope_rules.csv")])
    changed = tmp_path / "reference" / "scope_rules.csv"
    changed.write_text("my own rule\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"reference/scope_rules\.csv"):
        remove_demo(tmp_path)

    assert (tmp_path / "landing" / "segment_tracks" / "tracks.jsonl").exists()
    assert demo_is_landed(tmp_path)


def test_removal_passes_over_a_file_that_is_gone(tmp_path: Path) -> None:
    write_files(tmp_path, [one_file()])
    (tmp_path / "landing" / "segment_tracks" / "tracks.jsonl").unlink()

    assert remove_demo(tmp_path) == []
    assert not demo_is_landed(tmp_path)


def test_removal_without_a_demo_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no demo to remove"):
        remove_demo(tmp_path)


def test_foreign_files_are_named_and_what_is_no_input_is_not(tmp_path: Path) -> None:
    write_files(tmp_path, [one_file()])
    for path in (
        "segment_tracks/mine.jsonl",
        "anthropic_usage/research/mine.json",
        "segment_tracks/tracks.jsonl.control.json",
        "segment_tracks/half.part",
        "segment_tracks/.hidden",
        "decisions/2026-09.jsonl",
        ".arrivals.jsonl",
        "README.md",
    ):
        target = tmp_path / "landing" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("x", encoding="utf-8")

    assert [path.as_posix() for path in foreign_files(tmp_path)] == [
        "landing/anthropic_usage/research/mine.json",
        "landing/segment_tracks/mine.jsonl",
    ]


def test_the_demo_refuses_a_home_with_other_files(tmp_path: Path) -> None:
    mine = tmp_path / "landing" / "openai_costs" / "mine.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("{}", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"openai_costs/mine\.json"):
        write_files(tmp_path, [one_file()])

    assert not demo_is_landed(tmp_path)


def test_the_demo_refuses_a_reference_table_that_is_filled_in(tmp_path: Path) -> None:
    table = tmp_path / "reference" / "accounts.csv"
    table.parent.mkdir(parents=True)
    table.write_text("source,instance\nmine,1\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match="not the demo's"):
        write_files(tmp_path, [one_file("reference/accounts.csv", "source,instance\n")])

    assert table.read_text(encoding="utf-8") == "source,instance\nmine,1\n"


def test_a_header_only_table_is_replaced_and_comes_back(tmp_path: Path) -> None:
    table = tmp_path / "reference" / "accounts.csv"
    table.parent.mkdir(parents=True)
    table.write_text("source,instance\n\n", encoding="utf-8")

    write_files(tmp_path, [one_file("reference/accounts.csv", "source,instance\na,b\n")])
    assert table.read_text(encoding="utf-8") == "source,instance\na,b\n"

    remove_demo(tmp_path)
    assert table.read_text(encoding="utf-8") == "source,instance\n\n"


def test_a_killed_write_leaves_no_file_that_the_marker_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [one_file(), one_file("landing/zendesk_tickets/t.json")]
    real_replace = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if Path(target).name == "t.json":
            raise KeyboardInterrupt
        return real_replace(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, files)
    monkeypatch.undo()

    assert demo_is_landed(tmp_path)
    assert foreign_files(tmp_path) == []
    assert len(write_files(tmp_path, files)) == 2


def test_a_file_that_a_newer_demo_no_longer_has_is_taken_away(tmp_path: Path) -> None:
    write_files(tmp_path, [one_file(), one_file("landing/zendesk_tickets/old.json")])

    write_files(tmp_path, [one_file()])

    assert not (tmp_path / "landing" / "zendesk_tickets" / "old.json").exists()
    assert foreign_files(tmp_path) == []
