"""The arrival journal: order of first arrival, kept for a rebuild."""

from __future__ import annotations

import os

import pytest

from dagster_project.lib.arrivals import JOURNAL, scan
from dagster_project.lib.errors import TrueUpError
from tests.conftest import Landing


def test_files_are_numbered_by_modification_time_then_path(landing: Landing) -> None:
    landing.drop("x/b.csv", "b")
    landing.drop("x/a.csv", "a")
    assert [(a.relative, a.arrival_no) for a in scan(landing.settings)] == [
        ("x/b.csv", 1),
        ("x/a.csv", 2),
    ]


def test_the_journal_keeps_the_order_when_modification_times_are_lost(landing: Landing) -> None:
    first = landing.drop("x/first.csv", "1")
    second = landing.drop("x/second.csv", "2")
    scan(landing.settings)
    os.utime(first, (2_000_000_000, 2_000_000_000))
    os.utime(second, (1_000_000_000, 1_000_000_000))
    assert [a.relative for a in scan(landing.settings)] == ["x/first.csv", "x/second.csv"]


def test_a_file_that_comes_back_is_not_newer_than_it_was(landing: Landing) -> None:
    path = landing.drop("x/first.csv", "1")
    landing.drop("x/second.csv", "2")
    scan(landing.settings)
    path.unlink()
    assert [a.arrival_no for a in scan(landing.settings)] == [2]
    landing.drop("x/first.csv", "1")
    assert [(a.relative, a.arrival_no) for a in scan(landing.settings)] == [
        ("x/first.csv", 1),
        ("x/second.csv", 2),
    ]


def test_the_account_is_the_folder_below_the_source(landing: Landing) -> None:
    landing.drop("x/a.csv", "1")
    landing.drop("x/acme/b.csv", "2")
    landing.drop("x/acme/2026/09/c.csv", "3")
    assert [(a.folder, a.account) for a in scan(landing.settings)] == [
        ("x", "default"),
        ("x", "acme"),
        ("x", "acme"),
    ]


def test_dot_files_sidecars_and_parts_are_no_inputs(landing: Landing) -> None:
    landing.drop("x/.hidden", "1")
    landing.drop(".demo/a.csv", "1")
    landing.drop("x/a.csv.control.json", "{}")
    landing.drop("x/a.csv.part", "1")
    assert scan(landing.settings) == []


def test_a_damaged_journal_is_one_clear_line(landing: Landing) -> None:
    landing.drop("x/a.csv", "1")
    (landing.settings.landing / JOURNAL).write_text("{not json\n", encoding="utf-8")
    with pytest.raises(TrueUpError, match=r"arrivals\.jsonl line 1 is damaged"):
        scan(landing.settings)
