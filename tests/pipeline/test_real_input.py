"""Real exports: two run logs with their cost CSV, and a public volume trace.

Counts and amounts are those that the publishers of the files state, not the code's own output.
"""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from decimal import Decimal

import pytest
from harness import TEMPLATES, Home

from dagster_project.lib.settings import PROJECT_ROOT

D = Decimal
REAL = PROJECT_ROOT.parent / "shared" / "data" / "real"
RUNS = REAL / "managing-intelligence"
TRACES = REAL / "azure-llm-inference-2023"
JUNE_21, JUNE_22, JULY_2 = date(2026, 6, 21), date(2026, 6, 22), date(2026, 7, 2)

HAIKU, SONNET, OPUS = "claude-haiku-4-5-20251001", "claude-sonnet-4-6", "claude-opus-4-8"
IN, READ, WRITE, OUT = (
    "input_uncached_tokens",
    "input_cache_read_tokens",
    "input_cache_write_5m_tokens",
    "output_tokens",
)

# model, meter: tokens, logged USD, billed USD, as published with the experiment
TEN_LINES = {
    (HAIKU, IN): (690, D("0.000690"), D("0.00")),
    (HAIKU, OUT): (799, D("0.003995"), D("0.01")),
    (OPUS, READ): (71_280, D("0.035640"), D("0.04")),
    (OPUS, WRITE): (14_256, D("0.089100"), D("0.09")),
    (OPUS, IN): (349_956, D("1.749780"), D("1.75")),
    (OPUS, OUT): (36_340, D("0.908500"), D("0.91")),
    (SONNET, READ): (50_400, D("0.015120"), D("0.02")),
    (SONNET, WRITE): (10_080, D("0.037800"), D("0.04")),
    (SONNET, IN): (237_860, D("0.713580"), D("0.71")),
    (SONNET, OUT): (70_843, D("1.062645"), D("1.06")),
}


@pytest.fixture(scope="module")
def real(home: Home) -> Home:
    if not RUNS.is_dir() or not TRACES.is_dir():
        pytest.skip("the real exports (../shared/data/real) are not on this machine")
    logs = sorted(RUNS.glob("run-*.jsonl"))
    bills = sorted(RUNS.glob("claude_api_cost_*.csv"))
    assert (len(logs), len(bills)) == (2, 1)
    for folder, files in (
        ("managing_intelligence", logs),
        ("anthropic_console_costs", bills),
        ("azure_llm_trace", sorted(TRACES.glob("*.csv"))),
    ):
        (home.landing / folder).mkdir()
        for file in files:
            shutil.copy(file, home.landing / folder)
    mappings = home.path / "reference" / "mappings"
    mappings.mkdir(parents=True)
    for name in ("managing_intelligence", "azure_llm_trace"):
        shutil.copy(TEMPLATES / "mappings" / f"{name}.csv", mappings)
    home.run()
    return home


def test_every_call_and_every_bill_row_is_loaded(real: Home) -> None:
    rows = real.sql(
        "select source, last_day, rows_loaded, rows_quarantined from marts.landed_files"
        " where source <> 'azure_llm_trace' order by all"
    )
    assert rows == [
        ("anthropic_console_costs", JUNE_22, 24, 0),
        ("managing_intelligence", JUNE_21, 52, 0),
        ("managing_intelligence", JULY_2, 180, 0),
    ]
    assert real.one("select sum(billed_usd) from marts.fct_billed_lines") == D("4.65")


def test_the_first_day_is_logged_and_billed_as_published(real: Home) -> None:
    (totals,) = real.sql(
        "select sum(computed_cost_usd), sum(billed_usd) from marts.reconciliation_lines"
        f" where usage_date = date '{JUNE_21}'"
    )
    assert totals == (D("4.616850"), D("4.63"))


def test_the_ten_lines_of_the_projects_key_stand_side_by_side(real: Home) -> None:
    rows = real.sql(
        "select model_key, meter, sum(computed_quantity), sum(computed_cost_usd), sum(billed_usd)"
        f" from marts.reconciliation_lines where usage_date = date '{JUNE_21}'"
        " and api_key_id = 'Tokenomics' group by all"
    )
    found = {(model, meter): tuple(rest) for model, meter, *rest in rows}
    assert found == TEN_LINES


def test_nine_lines_are_within_half_a_cent_and_the_tenth_is_shown(real: Home) -> None:
    rows = real.sql(
        "select model_key, meter, residual_code, residual_usd from marts.reconciliation_lines"
        f" where usage_date = date '{JUNE_21}' and residual_code not in ('matched', 'rounding')"
    )
    # 0.01 - 0.003995 = 0.006005, of which half a cent is rounding
    assert rows == [(HAIKU, OUT, "unexplained", D("0.001005"))]
    rounding = {
        (model, meter): amount
        for model, meter, amount in real.sql(
            "select model_key, meter, residual_usd from marts.reconciliation_lines"
            f" where usage_date = date '{JUNE_21}' and residual_code = 'rounding'"
        )
    }
    expected = {line: billed - logged for line, (_, logged, billed) in TEN_LINES.items()}
    expected[HAIKU, OUT] = D("0.005")
    assert rounding == expected
    assert all(abs(amount) <= D("0.005") for amount in rounding.values())


def test_two_cents_of_the_next_day_are_billed_without_a_logged_call(real: Home) -> None:
    rows = real.sql(
        "select model_key, meter, residual_code, residual_usd from marts.reconciliation_lines"
        f" where usage_date = date '{JUNE_22}' and residual_usd <> 0"
    )
    assert rows == [(SONNET, OUT, "unlogged", D("0.02"))]


def test_july_is_not_billed_and_no_month_is_in_drift(real: Home) -> None:
    rows = real.sql(
        "select strftime(month, '%Y-%m'), status, billed_usd from marts.reconciliation_months"
        " where channel = 'anthropic' order by month"
    )
    assert [(month, status) for month, status, _ in rows] == [
        ("2026-06", "explained"),
        ("2026-07", "not_billed"),
    ]
    assert rows[0][2] == D("4.65")
    assert rows[1][2] is None
    assert real.sql("select * from marts.reconciliation_months where status = 'drift'") == []


def test_the_pilot_run_matches_its_published_checksums(real: Home) -> None:
    rows = real.sql(
        "select model_key, count(*), sum(input_uncached_tokens), sum(output_tokens),"
        " sum(input_cache_read_tokens + input_cache_write_5m_tokens), sum(reasoning_tokens)"
        f" from marts.fct_llm_calls where usage_date = date '{JULY_2}' group by all order by all"
    )
    assert [row[:5] for row in rows] == [
        (HAIKU, 60, 15_870, 20_971, 0),
        (OPUS, 60, 22_850, 45_165, 0),
        (SONNET, 60, 15_870, 45_115, 0),
    ]
    # 734 thinking tokens are inside the output; they are shown and cost nothing more
    assert sum(row[5] or 0 for row in rows) == 734


def test_the_azure_trace_matches_its_published_checksums(real: Home) -> None:
    rows = real.sql(
        "select path, rows_loaded from marts.landed_files where source = 'azure_llm_trace'"
        " order by path"
    )
    assert [row[1] for row in rows] == [8_819, 19_366]
    assert real.sql(
        "select count(*), sum(input_uncached_tokens), sum(output_tokens), count(cost_usd)"
        " from marts.fct_llm_calls where channel = 'azure'"
    ) == [(28_185, 18_059_974 + 22_361_870, 245_896 + 4_088_665, 0)]
    assert real.sql(
        "select unpriced_reason, usage_rows from marts.unpriced_usage where channel = 'azure'"
    ) == [("model_missing", 28_185)]


def test_no_response_text_is_in_the_warehouse_or_the_snapshot(real: Home) -> None:
    (pilot,) = RUNS.glob("run-20260702*.jsonl")
    words = set()
    for line in pilot.read_text(encoding="utf-8").splitlines():
        text = json.loads(line).get("response_text") or ""
        words.update(re.findall(r"[A-Za-z ]{24,40}", text)[:2])
    assert len(words) > 50
    logs = (real.path / "warehouse" / "logs").iterdir()
    files = [real.settings.warehouse, real.settings.snapshot, *logs]
    for file in files:
        content = file.read_bytes()
        assert [word for word in words if word.encode() in content] == [], file.name
