"""The reviewed directions of well-known scores: no contradiction, no name twice."""

from __future__ import annotations

import csv
from decimal import Decimal

from dagster_project.lib.settings import PROJECT_ROOT
from dagster_project.sources import SOURCES

with (PROJECT_ROOT / "dbt/seeds/score_polarity.csv").open(encoding="utf-8", newline="") as stream:
    ROWS = list(csv.DictReader(stream))


def test_a_metric_of_a_source_has_one_direction_under_its_lower_case_name() -> None:
    names = [(row["source"], row["metric_name"]) for row in ROWS]
    assert names == sorted(set(names))
    assert {name for _, name in names} == {name.strip().lower() for _, name in names}


def test_every_row_names_a_source_a_direction_and_who_says_so() -> None:
    for row in ROWS:
        assert row["source"] in SOURCES, row
        assert row["better"] in ("higher", "lower", "none"), row
        assert row["note"], row


def test_a_threshold_lies_on_its_scale_and_only_where_a_direction_is_better() -> None:
    for row in ROWS:
        ends = [row["scale_min"], row["scale_max"]]
        assert all(ends) or not any(ends), row
        if all(ends):
            assert Decimal(ends[0]) < Decimal(ends[1]), row
        if row["threshold"]:
            assert row["better"] != "none", row
            assert Decimal(ends[0]) <= Decimal(row["threshold"]) <= Decimal(ends[1]), row


def test_one_name_may_mean_opposite_things_in_two_tools() -> None:
    """Why the source is part of the key: a hallucination score of 1 is bad here and good there."""
    directions = {
        row["source"]: row["better"] for row in ROWS if row["metric_name"] == "hallucination"
    }
    assert set(directions.values()) == {"higher", "lower"}
