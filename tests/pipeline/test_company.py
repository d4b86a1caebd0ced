"""The small company of company.py, computed by the whole job: every figure is made by hand."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from company import write_company
from harness import Home, differing_marts

from dagster_project.reports.summary import render_summary

D = Decimal
OCTOBER = "period_grain = 'month' and period_start = date '2026-10-01'"
UNIT_MARTS = {
    "cost_per_feature": "feature",
    "cost_per_active_user": "user_class",
    "cost_per_resolved_ticket": "resolution_kind",
    "cost_per_successful_task": "task_type",
}


@pytest.fixture(scope="module")
def company(home: Home) -> Home:
    write_company(home)
    home.run()
    return home


def test_each_call_is_priced_at_what_answered(company: Home) -> None:
    costs = dict(
        company.sql(
            "select split_part(source_call_id, '/', 2), cost_usd from marts.fct_llm_calls"
            " where grain = 'call'"
        )
    )
    assert costs == {
        "c1": D("0.00076"),
        "c2": D("0.0015"),
        "c3": D("0.0225"),
        "c4": D(0),
        "c5": D("0.003"),
        "c6": D("0.0003"),
        "a1": D("0.0037"),
        "a2": D("0.0045"),
    }


def test_traffic_with_two_books_is_counted_once(company: Home) -> None:
    """OpenAI's usage report repeats the gateway's calls; only the log is the ledger."""
    rows = company.sql(
        "select channel, account, grain, count(*), sum(cost_usd) from marts.fct_llm_calls"
        " group by all order by all"
    )
    assert rows == [
        ("anthropic", "default", "call", 2, D("0.0082")),
        ("anthropic", "research", "bucket", 1, D("0.015")),
        ("openai", "default", "call", 6, D("0.02806")),
    ]


def test_charge_lines_sum_to_the_calls_to_the_last_digit(company: Home) -> None:
    (lines,) = company.sql(
        "select sum(cost_usd), sum(quantity) from marts.fct_charge_lines"
        " where charge_origin <> 'period'"
    )
    # tokens: openai 1000+300+2000+500+10000+1000+4000+1000+400+100, anthropic 3300+1100+11000
    assert lines == (D("0.05126"), 20300 + 15400)


def test_cost_per_successful_task_counts_every_attempt_and_the_failed_task(company: Home) -> None:
    """T1 0.00226 in two attempts, T2 0.003 failed, T3 0.0037: 0.00896 for two successes."""
    rows = company.sql(
        "select task_type, concluded_tasks, successful_tasks, task_success_ratio,"
        " computed_cost_usd, computed_direct_unit_cost_usd, computed_loaded_unit_cost_usd"
        f" from marts.cost_per_successful_task where {OCTOBER} order by task_type"
    )
    assert rows == [
        ("answer", 3, 2, 0.666666667, D("0.00896"), D("0.00448"), D("0.02563")),
        ("unattributed", 0, 0, None, D("0.0423"), None, None),
    ]


def test_a_reopened_ticket_is_unresolved_and_its_spend_is_shown(company: Home) -> None:
    """Ticket 101 cost 0.0225 and stands; 102 cost 0.0045 and was reopened within a day."""
    rows = company.sql(
        "select resolution_kind, resolved_final, resolved_provisional, computed_cost_usd,"
        " computed_direct_unit_cost_usd, computed_loaded_unit_cost_usd,"
        " trued_up_loaded_unit_cost_usd"
        f" from marts.cost_per_resolved_ticket where {OCTOBER} order by resolution_kind"
    )
    assert rows == [
        ("human_solved", 1, 0, D("0.0225"), D("0.0225"), D("0.05126"), D("0.05851")),
        ("unattributed", 0, 0, D("0.02426"), None, None, None),
        ("unresolved", 0, 0, D("0.0045"), None, None, None),
    ]


def test_internal_users_leave_the_scope_by_name_and_stay_in_the_sum(company: Home) -> None:
    """u1 0.00526 and u2 0.0262 are 0.03146 for two users; loaded (0.05126 - 0.0045) / 2."""
    rows = company.sql(
        "select user_class, in_scope, active_users, computed_cost_usd,"
        " computed_direct_unit_cost_usd, computed_loaded_unit_cost_usd"
        f" from marts.cost_per_active_user where {OCTOBER} order by user_class"
    )
    assert rows == [
        ("end_user", True, 2, D("0.03146"), D("0.01573"), D("0.02338")),
        ("internal_user", False, 0, D("0.0045"), None, None),
        ("unattributed", True, 0, D("0.0153"), None, None),
    ]


def test_features_come_from_the_call_and_then_from_the_map(company: Home) -> None:
    rows = company.sql(
        "select feature, feature_requests, computed_cost_usd, trued_up_cost_usd"
        f" from marts.cost_per_feature where {OCTOBER} order by feature"
    )
    # unattributed holds the unlogged 0.00225 and research's 0.015 with its 0.005 of rounding
    assert rows == [
        ("assistant", 2, D("0.0082"), D("0.0082")),
        ("batch_tools", 1, D("0.0003"), D("0.0003")),
        ("search", 4, D("0.00526"), D("0.00526")),
        ("support", 1, D("0.0225"), D("0.0225")),
        ("unattributed", 0, D("0.015"), D("0.02225")),
    ]


@pytest.mark.parametrize("mart", UNIT_MARTS)
def test_every_unit_cost_mart_sums_to_the_ledger_on_both_bases(company: Home, mart: str) -> None:
    rows = company.sql(
        "select period_grain, sum(computed_cost_usd), sum(trued_up_cost_usd)"
        f" from marts.{mart} group by period_grain order by period_grain"
    )
    assert rows == [(grain, D("0.05126"), D("0.05851")) for grain in ("day", "month", "week")]


def test_each_difference_is_named_by_its_evidence(company: Home) -> None:
    rows = company.sql(
        "select channel, account, usage_date, residual_code, sum(residual_usd)"
        " from marts.reconciliation_lines where residual_code <> 'matched'"
        " group by all order by all"
    )
    assert rows == [
        ("anthropic", "default", date(2026, 10, 6), "not_billed", D("-0.0045")),
        ("anthropic", "research", date(2026, 10, 5), "rounding", D("0.005")),
        ("openai", "default", date(2026, 10, 6), "unlogged", D("0.00225")),
    ]


def test_months_say_what_was_computed_and_what_was_billed(company: Home) -> None:
    rows = company.sql(
        "select channel, account, month, computed_cost_usd, billed_usd, difference_usd, status"
        " from marts.reconciliation_months order by channel, account"
    )
    october = date(2026, 10, 1)
    assert rows == [
        # 0.0045 is accrued, so billed minus computed is -0.0045 and the month is open
        ("anthropic", "default", october, D("0.0082"), D("0.0037"), D("-0.0045"), "provisional"),
        ("anthropic", "research", october, D("0.015"), D("0.02"), D("0.005"), "matched"),
        # 0.00225 unlogged is below the default floor of one cent
        ("openai", "default", october, D("0.02806"), D("0.03031"), D("0.00225"), "explained"),
    ]


def test_the_snapshot_holds_the_marts_alone_and_opens_read_only(company: Home) -> None:
    with duckdb.connect(str(company.settings.snapshot), read_only=True) as con:
        schemas = con.execute(
            "select distinct schema_name from duckdb_tables() union"
            " select distinct schema_name from duckdb_views() where not internal"
        ).fetchall()
        assert schemas == [("marts",)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            con.execute("create table marts.more as select 1")


def test_workbook_page_and_summary_exist(company: Home) -> None:
    exports = company.settings.exports
    assert (exports / "trueup.xlsx").stat().st_size > 0
    assert "<html" in (exports / "trueup.html").read_text(encoding="utf-8")
    summary = render_summary(company.settings.snapshot)
    assert "2026-10" in summary
    assert max(len(line) for line in summary.splitlines()) <= 100


def test_a_run_over_named_days_changes_no_row_and_no_readers_file(company: Home) -> None:
    """Runs last: a spoiled ledger day proves that the second run really computes its days."""
    before = Home(company.path / "first")
    before.settings.exports.mkdir(parents=True)
    shutil.copy(company.settings.snapshot, before.settings.snapshot)
    company.write("update marts.fct_llm_calls set cost_usd = 1 where usage_date = '2026-10-06'")
    total = "select sum(cost_usd) from marts.fct_llm_calls"
    with duckdb.connect(str(company.settings.snapshot), read_only=True) as reader:
        assert reader.execute(total).fetchall() == [(D("0.05126"),)]
        opened = company.settings.snapshot.stat().st_ino
        company.run(date(2026, 10, 5), date(2026, 10, 6))
        # the reader keeps the file that it opened, whole; who opens now gets the new one
        assert reader.execute(total).fetchall() == [(D("0.05126"),)]
    assert company.settings.snapshot.stat().st_ino != opened
    assert differing_marts(before, company) == {}
