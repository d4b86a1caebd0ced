"""The report marts on hand-made rows: they add nothing that the marts below do not hold."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from reports_snapshot import FORMULA, OCTOBER, SCRIPT, SEPTEMBER, build_snapshot


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    path: Path = build_snapshot(tmp_path_factory.mktemp("reports") / "trueup.duckdb")
    connection = duckdb.connect(str(path), read_only=True)
    yield connection
    connection.close()


def test_spend_of_a_month_is_the_sum_of_its_features(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select month, computed_cost_usd, trued_up_cost_usd, true_up_usd, unattributed_cost_usd, "
        "is_lower_bound, is_full_month, month_rank from marts.report_spend_months order by month"
    ).fetchall()
    assert rows == [
        (SEPTEMBER, Decimal(13), Decimal("15.5"), Decimal("2.5"), Decimal("0.5"), True, True, 2),
        (OCTOBER, Decimal(3), Decimal(3), Decimal(0), Decimal(0), False, False, 1),
    ]


def test_a_row_without_unit_cost_says_why(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select class, denominator, no_unit_cost_reason from marts.report_unit_costs "
        "where no_unit_cost_reason is not null order by class"
    ).fetchall()
    assert rows == [
        ("batch", None, "no request counts; shared over the loaded unit costs"),
        ("internal_user", None, "out of scope by the rule internal_user"),
        ("unattributed", None, "matched nothing; shared over the loaded unit costs"),
    ]


def test_unit_costs_come_through_to_the_last_digit(con: duckdb.DuckDBPyConnection) -> None:
    row = con.execute(
        "select trued_up_loaded_unit_cost_usd from marts.report_unit_costs "
        "where period_grain = 'week' and period_start = date '2026-09-07'"
    ).fetchone()
    assert row == (Decimal("0.000001234567"),)


def test_final_and_provisional_tickets_are_both_counted(con: duckdb.DuckDBPyConnection) -> None:
    row = con.execute(
        "select denominator, provisional_outcomes from marts.report_unit_costs "
        "where unit = 'resolved_ticket'"
    ).fetchone()
    assert row == (10, 2)


def test_causes_of_a_month_add_up_to_its_difference(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select month, sum(residual_usd) from marts.report_reconciliation_codes "
        "group by month order by month"
    ).fetchall()
    assert rows == [(SEPTEMBER, Decimal("2.5")), (OCTOBER, Decimal(-3))]


def test_only_the_breached_cause_is_over_tolerance(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select residual_code from marts.report_reconciliation_codes where is_over_tolerance"
    ).fetchall()
    assert rows == [("unlogged",)]


def test_an_open_line_shows_the_whole_comparison_it_is_part_of(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """The line is the second of its pair, whose amounts stand on the first."""
    rows = con.execute(
        "select open_rank, reconciliation_line_id, residual_usd, pair_computed_cost_usd, "
        "pair_billed_usd, pair_computed_quantity, pair_billed_quantity "
        "from marts.report_reconciliation_open_lines"
    ).fetchall()
    assert rows == [(1, "b", Decimal("2.504"), Decimal(13), Decimal("15.5"), Decimal(1000), None)]


def test_the_checks_count_what_the_marts_hold(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select check_name, affected, total, amount_usd from marts.report_data_quality "
        "order by sort_order"
    ).fetchall()
    assert rows == [
        ("drift_months", 1, 2, Decimal("2.5")),
        ("unpriced_usage", 1, 3, None),
        ("faulty_rows", 1, 7, None),
        ("rejected_files", 1, 2, None),
        ("several_call_logs", 0, 1, None),
        ("unattributed_usage", 0, 3, None),
        ("repeated_calls", 1, 7, None),
        ("unconfirmed_prices", 0, 3, None),
        ("unbilled_days", 1, 2, Decimal(3)),
        ("duplicate_files", 0, 2, None),
        ("foreign_currency_lines", 1, 2, None),
        # closed eight days after it was solved; the other after five
        ("final_before_closed", 1, 2, None),
        # of nine outcomes eight stand and one came late; one was taken away
        ("restated_outcomes_2026_09", 2, 10, None),
    ]


def test_names_from_the_data_stay_as_they_are(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select distinct class from marts.report_unit_costs where unit = 'feature' "
        "and no_unit_cost_reason is null order by class"
    ).fetchall()
    assert rows == [(SCRIPT,), (FORMULA,)]
