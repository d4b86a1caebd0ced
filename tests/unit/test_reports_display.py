"""How figures, words and markup look; no warehouse needed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dagster_project.reports import columns
from dagster_project.reports.alerts import render_drift_messages
from dagster_project.reports.cells import cell
from dagster_project.reports.display import exact, number, percent, printable, unit_cost
from dagster_project.reports.exact_csv import safe_text
from dagster_project.reports.plots import embeddable
from dagster_project.reports.sheets import number_format
from dagster_project.reports.words import attention

DRIFT_MONTH: dict[str, Any] = {
    "channel": "openai",
    "account": "default",
    "month": date(2026, 9, 1),
    "currency": "USD",
    "computed_cost_usd": Decimal("1222.22"),
    "billed_usd": Decimal("1234.56"),
    "difference_usd": Decimal("12.34"),
    "difference_ratio": 0.009995464,
    "status": "drift",
    "breached_codes": "unlogged, rate",
    "largest_line": "unlogged 2026-09-14 gpt-5 output_tokens",
    "largest_line_usd": Decimal("8.2"),
    "is_lower_bound": False,
}


@pytest.mark.parametrize(
    ("value", "shown"),
    [("0.125", "0.13"), ("-0.125", "-0.13"), ("2.675", "2.68"), ("1234567.005", "1,234,567.01")],
)
def test_a_half_is_rounded_away_from_zero(value: str, shown: str) -> None:
    assert number(Decimal(value)) == shown


def test_an_unknown_figure_is_a_dash_and_never_zero() -> None:
    assert number(None) == "—"
    assert percent(None) == "—"
    assert unit_cost(None, "feature", lower_bound=True) == "—"


def test_a_small_amount_does_not_read_as_nothing() -> None:
    assert number(Decimal("0.0049")) == "<0.01"
    assert number(Decimal("-0.0049")) == "-<0.01"
    assert number(Decimal("0.0000")) == "0.00"
    assert number(Decimal("-0.0000")) == "0.00"


def test_a_lower_bound_carries_its_sign() -> None:
    assert number(Decimal("1349.286"), lower_bound=True) == "≥ 1,349.29"
    assert number(Decimal("0.001"), lower_bound=True) == "≥ 0.00"


def test_a_unit_cost_has_the_places_of_its_unit() -> None:
    assert unit_cost(Decimal("0.000001234567"), "feature") == "0.000001"
    assert unit_cost(Decimal("1.940319449999"), "active_user") == "1.9403"


def test_a_figure_of_38_digits_is_shown_in_full() -> None:
    assert number(Decimal("12345678901234567890.123456789012345678"), 2) == (
        "12,345,678,901,234,567,890.12"
    )


def test_the_exact_text_has_no_exponent() -> None:
    assert exact(Decimal("5.00000000000E-7")) == "0.000000500000000000"
    assert exact(Decimal("0E-18")) == "0.000000000000000000"
    assert exact(1e-09) == "0.000000001"


def test_a_ratio_is_shown_in_percent() -> None:
    assert percent(0.028225) == "2.82 %"
    assert percent(-0.33925) == "-33.93 %"


def test_a_control_character_of_a_name_does_not_reach_the_terminal() -> None:
    assert printable("gpt\x1b[2J") == "gpt�[2J"


def test_a_drift_message_names_channel_account_period_amount_share_and_line() -> None:
    assert render_drift_messages([DRIFT_MONTH]) == [
        "openai / default, 2026-09: billed 1,234.56 USD is 12.34 USD (1.00 % of the bill) above "
        "computed 1,222.22 USD; over tolerance: unlogged, rate; "
        "largest line: unlogged 2026-09-14 gpt-5 output_tokens, +8.20 USD"
    ]


def test_a_bill_below_the_computed_cost_says_below() -> None:
    lower = {**DRIFT_MONTH, "difference_usd": Decimal("-12.34"), "difference_ratio": -0.01}
    (message,) = render_drift_messages([lower])
    assert "is 12.34 USD (1.00 % of the bill) below computed" in message


def test_differences_that_cancel_out_are_still_told() -> None:
    level = {**DRIFT_MONTH, "difference_usd": Decimal(0), "difference_ratio": 0.0}
    (message,) = render_drift_messages([level])
    assert "by differences that cancel out" in message
    assert "largest line" in message


def test_only_months_in_drift_give_a_message() -> None:
    assert render_drift_messages([{**DRIFT_MONTH, "status": "explained"}]) == []


def test_a_check_that_found_nothing_needs_no_attention() -> None:
    check = {
        "check_name": "unpriced_usage",
        "severity": "act",
        "affected": 0,
        "total": 5,
        "counted": "usage rows",
        "meaning": "m",
        "action": "a",
    }
    assert attention([check], []) == []
    assert attention([{**check, "affected": 2}], ["x"]) == [
        "Drift. x",
        "Unpriced usage: 2 of 5 usage rows. m a",
    ]
    assert attention([{**check, "affected": 2, "severity": "note"}], []) == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_text_that_looks_like_a_formula_is_defused_in_csv(text: str) -> None:
    assert safe_text(text) == "'" + text


def test_a_negative_number_stays_a_number_in_csv() -> None:
    assert safe_text(Decimal("-1.50")) == "-1.50"


def test_the_workbook_keeps_a_lower_bound_numeric_and_prints_its_sign() -> None:
    column = columns.COMPUTED_DIRECT
    assert number_format(column, Decimal(1), is_bound=True) == '"≥ "#,##0.000000'
    assert number_format(column, Decimal(1), is_bound=False) == "#,##0.000000"


def test_the_workbook_widens_an_amount_below_half_a_cent() -> None:
    column = columns.BILLED
    assert number_format(column, Decimal("0.0049"), is_bound=False) == "#,##0.000000"
    assert number_format(column, Decimal("0.005"), is_bound=False) == "#,##0.00"


def test_a_missing_cell_says_why() -> None:
    row = {
        "unit": "feature",
        "trued_up_loaded_unit_cost_usd": None,
        "no_unit_cost_reason": "matched nothing",
        "is_lower_bound": True,
    }
    shown = cell(columns.TRUED_UP_LOADED, row)
    assert (shown.text, shown.title) == ("—", "matched nothing")


def test_a_cell_keeps_the_exact_value_behind_the_rounded_one() -> None:
    row = {
        "unit": "feature",
        "trued_up_loaded_unit_cost_usd": Decimal("0.086085123456"),
        "is_lower_bound": True,
    }
    shown = cell(columns.TRUED_UP_LOADED, row)
    assert (shown.text, shown.value) == ("≥ 0.086085", "0.086085123456")


def test_an_embedded_plot_brings_no_metadata_style_or_shared_id() -> None:
    svg = (
        '<?xml version="1.0"?><!DOCTYPE svg><svg width="1pt" height="2pt" viewBox="0 0 1 2">'
        '<metadata><a>made by</a></metadata><defs><style type="text/css">*{}</style></defs>'
        '<clipPath id="p1"/><g clip-path="url(#p1)"><use xlink:href="#m1"/></g></svg>'
    )
    assert embeddable(svg, "feature-0-") == (
        '<svg viewBox="0 0 1 2" aria-hidden="true" focusable="false"><defs></defs>'
        '<clipPath id="feature-0-p1"/><g clip-path="url(#feature-0-p1)">'
        '<use xlink:href="#feature-0-m1"/></g></svg>'
    )
