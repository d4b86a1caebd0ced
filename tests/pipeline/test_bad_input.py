"""Law 8 and law 2 in the marts: each bad row is set aside with its reason, no figure lies."""

from __future__ import annotations

from decimal import Decimal

import pytest
from exports import GPT, MINI, json_lines, openai_costs, spend_log
from harness import Home

from dagster_project.reports.summary import render_summary

D = Decimal
DAY = "2026-10-05T09:00:00Z"
SEARCH = ["feature:search"]


def bad_log() -> str:
    """Thirteen lines, four of them unreadable; see the tests for what becomes of each."""
    good = spend_log("good", DAY, MINI, 1000, 100, tags=SEARCH)  # 0.00025 + 0.0002 = 0.00045
    nameless = spend_log("x", DAY, MINI, 10, 10)
    del nameless["request_id"]
    return (
        json_lines(
            good,
            good,
            spend_log("negative", DAY, MINI, -5, 10),
            spend_log("fraction", DAY, MINI, 10, 10) | {"prompt_tokens": 10.5},
            nameless,
            # the fuller record of two that agree: 2000 x 0.25 + 200 x 2 per million = 0.0009
            spend_log("twice", DAY, MINI, 2000, 200, tags=SEARCH),
            spend_log("twice", DAY, MINI, 2000, 200, tags=SEARCH, user="u1", session_id="s1"),
            spend_log("torn", DAY, MINI, 100, 10, tags=SEARCH),
            spend_log("torn", DAY, MINI, 900, 10, tags=SEARCH),
            spend_log("new", DAY, "gpt-9-ultra", 1000, 100, tags=SEARCH),
            spend_log("silent", DAY, MINI, 0, 0, tags=SEARCH),
            spend_log("twisted", DAY, MINI, 100, 10, cached=400, tags=SEARCH),
        )
        + '{"request_id": "cut", "startTime": "2026-10-\n'
    )


@pytest.fixture(scope="module")
def soiled(home: Home) -> Home:
    home.drop("litellm_spend_logs/bad.jsonl", bad_log())
    home.drop(
        "openai_costs/2026-10-05.json",
        openai_costs({"2026-10-05": [("key_gateway", f"{GPT}, input", 100, "0.5")]}),
    )
    home.compute()
    return home


def test_rows_in_are_rows_loaded_and_rows_quarantined(soiled: Home) -> None:
    assert soiled.sql(
        "select rows_in, rows_loaded, rows_quarantined from marts.landed_files"
        " where path = 'litellm_spend_logs/bad.jsonl'"
    ) == [(13, 9, 4)]


def test_each_bad_row_is_listed_with_file_row_column_and_reason(soiled: Home) -> None:
    rows = soiled.sql(
        "select row_number, column_name, reason_code from marts.quarantined_rows"
        " where path = 'litellm_spend_logs/bad.jsonl' order by all"
    )
    assert [row for row in rows if row[0] != 13] == [
        (2, "call_id", "duplicate"),
        (3, "prompt_tokens", "negative"),
        (4, "prompt_tokens", "not_whole"),
        (5, "request_id", "missing_value"),
        (6, "call_id", "duplicate"),
        (8, "call_id", "conflicting_usage"),
        (9, "call_id", "conflicting_usage"),
    ]
    assert [(row[0], row[2]) for row in rows if row[0] == 13] == [(13, "malformed_row")]


def test_one_of_identical_records_and_the_fullest_of_agreeing_ones_are_kept(soiled: Home) -> None:
    assert soiled.sql(
        "select source_call_id, session_id, cost_usd from marts.fct_llm_calls"
        " where price_status = 'priced' order by all"
    ) == [("default/good", None, D("0.00045")), ("default/twice", "s1", D("0.0009"))]


def test_unknown_cost_is_null_with_a_reason_and_never_zero(soiled: Home) -> None:
    assert soiled.sql(
        "select source_call_id, price_status, unpriced_reason, cost_usd, list_cost_usd, cost_basis"
        " from marts.fct_llm_calls where price_status <> 'priced' order by all"
    ) == [
        ("default/new", "unpriced", "unknown_model", None, None, None),
        ("default/silent", "unpriced", "usage_missing", None, None, None),
        ("default/twisted", "invalid_usage", "cached_exceeds_input", None, None, None),
    ]
    assert soiled.sql(
        "select unpriced_reason, usage_rows, length(suggestion) > 20 from marts.unpriced_usage"
        " order by all"
    ) == [
        ("cached_exceeds_input", 1, True),
        ("unknown_model", 1, True),
        ("usage_missing", 1, True),
    ]


def test_figures_with_unknown_cost_say_so(soiled: Home) -> None:
    assert soiled.sql(
        "select is_lower_bound, unpriced_requests, feature_requests, computed_cost_usd"
        " from marts.cost_per_feature where period_grain = 'month' and feature = 'search'"
    ) == [(True, 3, 5, D("0.00135"))]
    assert soiled.one("select bool_or(is_lower_bound) from marts.reconciliation_months")
    assert "≥" in render_summary(soiled.settings.snapshot)


def test_a_bill_in_drift_is_published_all_the_same(soiled: Home) -> None:
    """50 cents for 100 tokens that the log does not hold."""
    assert soiled.sql("select status from marts.reconciliation_months") == [("drift",)]
