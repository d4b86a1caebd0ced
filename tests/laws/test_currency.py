"""Money times a rate is exact, and rounded once at its last place."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rendering import render

D = Decimal
ATTO = D(1).scaleb(-18)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@settings(max_examples=60, deadline=None)
@given(st.integers(-(10**29), 10**29), st.integers(0, 10**21))
@example(units=-5, rate_units=10**17)
@example(units=10**29 - 1, rate_units=10**21 - 1)
def test_a_converted_amount_is_the_exact_product_rounded_once(
    con: duckdb.DuckDBPyConnection, units: int, rate_units: int
) -> None:
    sql = render("{{ exact_product('amount', 'rate') }}")
    with localcontext(prec=90):
        amount, rate = units * ATTO, rate_units * ATTO
        wanted = (amount * rate).quantize(ATTO, rounding=ROUND_HALF_UP)
    if abs(wanted) >= 10**20:
        return
    (found,) = con.execute(
        f"select {sql} from (select cast(? as decimal(38, 18)) as amount,"
        " cast(? as decimal(28, 18)) as rate)",
        [amount, rate],
    ).fetchall()[0]
    assert found == wanted
