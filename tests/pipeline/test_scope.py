"""Scope: what a named rule takes out leaves with its cost and its requests, and is still shown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from exports import MINI, json_lines, spend_log
from harness import Home

D = Decimal


@pytest.fixture(scope="module")
def scoped(home: Home) -> Home:
    """Two calls of one dollar each: 4 million input tokens of gpt-5-mini at 0.25."""
    home.reference(
        "scope_rules",
        "unit,match_type,match_value,rule\nfeature,environment,ci,tests of the product\n",
    )
    home.drop("litellm_spend_logs/a.jsonl", json_lines(
        spend_log("a", "2026-10-05T09:00:00Z", MINI, 4_000_000, 0,
                  tags=["feature:search", "env:prod"]),
        spend_log("b", "2026-10-05T09:00:00Z", MINI, 4_000_000, 0,
                  tags=["feature:search", "env:ci"]),
    ))  # fmt: skip
    home.compute()
    return home


def test_a_request_out_of_scope_does_not_make_the_others_cheaper(scoped: Home) -> None:
    """Regression: one dollar in scope was divided by both requests."""
    assert scoped.sql(
        "select in_scope, scope_rule, feature_requests, computed_cost_usd,"
        " computed_direct_unit_cost_usd, computed_loaded_unit_cost_usd"
        " from marts.cost_per_feature where period_grain = 'month' order by in_scope desc"
    ) == [
        (True, None, 1, D(1), D(1), D(1)),
        (False, "tests of the product", 0, D(1), None, None),
    ]


def test_a_rule_of_one_unit_says_nothing_about_the_others(scoped: Home) -> None:
    for mart in ("cost_per_active_user", "cost_per_resolved_ticket", "cost_per_successful_task"):
        assert scoped.sql(
            f"select in_scope, computed_cost_usd from marts.{mart} where period_grain = 'month'"
        ) == [(True, D(2))]
