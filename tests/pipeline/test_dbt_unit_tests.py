"""A home without any input computes empty marts, and dbt's own unit tests pass on it."""

from __future__ import annotations

import pytest
from harness import Home, dbt


@pytest.fixture(scope="module")
def bare(home: Home) -> Home:
    home.compute()
    return home


def test_an_empty_landing_gives_marts_without_usage(bare: Home) -> None:
    assert bare.one("select count(*) from marts.fct_llm_calls") == 0
    for mart in ("cost_per_feature", "reconciliation_months", "data_coverage", "fct_outcomes"):
        assert bare.one(f"select count(*) from marts.{mart}") == 0


def test_every_dbt_unit_test_passes(bare: Home) -> None:
    with bare.entered():
        results = dbt("test", "--select", "test_type:unit").results
    assert len(results) >= 4
    assert {str(result.status) for result in results} == {"pass"}
