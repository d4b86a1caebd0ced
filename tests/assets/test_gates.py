"""The gates: every expectation has a file that breaks it, and a clean file breaks none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from dagster_project.lib.gate import evaluate, expectations, gate_check_names, profile_table
from dagster_project.lib.settings import PROJECT_ROOT
from dagster_project.sources import SOURCES
from tests.conftest import Landing

GOOD = [
    {"messageId": "m1", "type": "track", "timestamp": "2026-03-01T00:00:00Z"},
    {"messageId": "m2", "type": "track", "timestamp": "2026-03-02T00:00:00Z"},
]


def _page(*tokens: int) -> dict[str, object]:
    kind = "organization.usage.completions.result"
    results = [{"object": kind, "input_tokens": count} for count in tokens]
    return {"data": [{"start_time": 1772323200, "end_time": 1772409600, "results": results}]}


def _missed(landing: Landing, source: str = "openai_usage") -> dict[str, str]:
    """Return {check: message} of the checks that failed."""
    results = evaluate(landing.con, source, landing.settings)
    assert [result.name for result in results] == gate_check_names(source)
    return {result.name: result.message for result in results if not result.passed}


def _unreadable(landing: Landing) -> None:
    landing.drop("openai_usage/bad.json", "{")


def _too_many_faults(landing: Landing) -> None:
    landing.drop("openai_usage/bad.json", _page(*([1] * 18), -1, -2))


def _broken_promise(landing: Landing) -> None:
    landing.drop("openai_usage/bad.json", _page(1, 2))
    (landing.settings.landing / "openai_usage/bad.json.control.json").write_text(
        '{"rows": 2, "totals": {"input_tokens": "4"}}', encoding="utf-8"
    )


def _lost_row(landing: Landing) -> None:
    landing.drop("openai_usage/bad.json", _page(1, 0))
    landing.ingest("openai_usage")
    landing.con.execute("delete from raw.openai_usage where input_tokens = 0 and _row_number = 2")


def _changed_figure(landing: Landing) -> None:
    landing.drop("openai_usage/bad.json", _page(1, 2))
    landing.ingest("openai_usage")
    landing.con.execute("update raw.openai_usage set input_tokens = 3 where input_tokens = 2")


def _lost_key(landing: Landing) -> None:
    landing.drop("openai_usage/bad.json", _page(1, 2))
    landing.ingest("openai_usage")
    landing.con.execute("update raw.openai_usage set end_at = null where input_tokens = 2")


def _negative_count(landing: Landing) -> None:
    landing.drop("openai_usage/bad.json", _page(1, 2))
    landing.ingest("openai_usage")
    landing.con.execute("update raw.openai_usage set output_tokens = -1 where input_tokens = 2")


def _empty_without_saying_so(landing: Landing) -> None:
    landing.drop("openai_usage/bad.json", {"data": []})
    landing.ingest("openai_usage")
    landing.con.execute("update raw.landed_files set reason = null")


@pytest.mark.parametrize(
    ("check", "break_it", "said"),
    [
        ("files_readable", _unreadable, "observed not valid JSON"),
        ("files_not_empty", _empty_without_saying_so, "observed 0 rows"),
        (
            "rows_in_equal_loaded_plus_quarantined",
            _lost_row,
            "expected 2 rows; observed 1 loaded + 0 quarantined",
        ),
        (
            "quarantined_share_within_limit",
            _too_many_faults,
            "expected at most 5.00% of rows faulty; observed 2 of 20 rows",
        ),
        (
            "control_totals_match_the_file",
            _changed_figure,
            "expected input_tokens = 3; observed input_tokens = 4",
        ),
        (
            "sidecar_promises_kept",
            _broken_promise,
            "observed the sidecar promises input_tokens = 4, the file has 3",
        ),
        ("keys_never_null", _lost_key, "observed 1 rows without"),
        ("counts_never_negative", _negative_count, "observed 1 rows with a negative count"),
    ],
)
def test_each_check_fails_on_the_file_that_breaks_it_and_names_it(
    landing: Landing, check: str, break_it: Callable[[Landing], None], said: str
) -> None:
    landing.drop("openai_usage/good.json", _page(7))
    break_it(landing)
    landing.ingest("openai_usage")
    missed = _missed(landing)
    assert check in missed
    assert set(missed) <= {check, "control_totals_match_the_file"}
    assert "openai_usage/bad.json: expected" in missed[check]
    assert said in missed[check]
    assert "good.json" not in missed[check]


def test_a_file_that_the_profile_loses_is_noticed() -> None:
    import pandas as pd  # noqa: PLC0415

    from dagster_project.lib.gate import _validate  # noqa: PLC0415
    from dagster_project.lib.gate_profile import PROFILE_COLUMNS  # noqa: PLC0415

    empty = pd.DataFrame(columns=list(PROFILE_COLUMNS))
    outcome = _validate(empty, expectations("openai_usage", files=1))
    assert not outcome["profile_covers_every_file"]
    assert sum(outcome.values()) == len(outcome) - 1


def test_clean_files_of_every_kind_pass(landing: Landing) -> None:
    landing.drop("openai_usage/good.json", _page(7, 8))
    landing.drop("openai_usage/empty.json", {"data": []})
    landing.drop("openai_usage/same/again.json", _page(7, 8))
    landing.drop("openai_usage/same/twice.json", _page(7, 8))
    landing.drop_lines("segment_tracks/a.jsonl", *GOOD)
    for source in ("openai_usage", "segment_tracks", "invoice_lines"):
        landing.ingest(source)
        assert _missed(landing, source) == {}
    assert len(profile_table(landing.con, "openai_usage")) == 3


def test_one_bad_row_in_twenty_is_within_the_limit(landing: Landing) -> None:
    landing.drop("openai_usage/a.json", _page(*([1] * 19), -1))
    landing.ingest("openai_usage")
    assert _missed(landing) == {}


def test_an_ungrouped_total_is_an_exclusion_and_no_fault(landing: Landing) -> None:
    def cost(line_item: str | None) -> dict[str, object]:
        amount = {"value": "1", "currency": "usd"}
        return {"object": "organization.costs.result", "line_item": line_item, "amount": amount}

    bucket = {"start_time": 1772323200, "end_time": 1772409600}
    landing.drop(
        "openai_costs/a.json", {"data": [{**bucket, "results": [cost(None), cost("a, input")]}]}
    )
    landing.ingest("openai_costs")
    assert _missed(landing, "openai_costs") == {}


def test_every_source_has_its_check_names_without_importing_great_expectations() -> None:
    code = (
        "import sys, json; from dagster_project.lib.gate import gate_check_names;"
        "from dagster_project.sources import SOURCES;"
        "names = {s: gate_check_names(s) for s in SOURCES};"
        "assert 'great_expectations' not in sys.modules; print(json.dumps(names))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT_ROOT,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
    )
    names = json.loads(done.stdout)
    assert set(names) == set(SOURCES)
    for source, checks in names.items():
        assert checks == list(expectations(source))
        assert len(checks) >= 7
