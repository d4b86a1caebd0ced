"""The tolerance of FOCUS 1.4, MAX(100 subunits, SQRT(rows) * half a subunit), judged exactly."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import isqrt

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rendering import render

D = Decimal
ATTO = D(1).scaleb(-18)
SUBUNITS = {"USD": Fraction(1, 100), "JPY": Fraction(1), "KWD": Fraction(1, 1000)}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def is_within(amount: Fraction, rows: int, subunit: Fraction) -> bool:
    """The published formula without its root: both sides squared."""
    return abs(amount) <= 100 * subunit or 4 * amount * amount <= rows * subunit * subunit


# Near the edge: half a subunit times the root of the rows, give or take some attodollars.
near = st.tuples(st.integers(40_000, 10**9), st.integers(-3, 3), st.sampled_from(sorted(SUBUNITS)))


@settings(max_examples=15, deadline=None)
@given(st.lists(near, min_size=1, max_size=40))
@example([(1_000_000, 0, "USD"), (1_000_000, 1, "USD"), (40_000, 1, "USD"), (2_000_000, 0, "JPY")])
def test_the_verdict_is_exact_to_the_last_digit(
    con: duckdb.DuckDBPyConnection, cases: list[tuple[int, int, str]]
) -> None:
    """1 million rows tolerate 5 USD: 5.000000000000000000 passes, one attodollar more fails."""
    con.execute(
        "create or replace table cases"
        " (no int, amount decimal(38, 18), rows bigint, currency varchar)"
    )
    wanted, values = [], []
    for no, (rows, off, currency) in enumerate(cases):
        subunit = SUBUNITS[currency]
        # the root of rows times half a subunit, in attodollars, cut
        atto = isqrt(int(rows * subunit * subunit * 10**36 / 4)) + off
        amount = D(atto) * ATTO * (-1 if no % 2 else 1)
        values.append(f"({no}, {amount:f}, {rows}, '{currency}')")
        wanted.append(is_within(Fraction(amount), rows, subunit))
    con.execute(f"insert into cases values {', '.join(values)}")
    verdict = render("{{ within_invoice_tolerance('amount', 'rows', 'currency') }}")
    found = con.execute(f"select {verdict} from cases order by no").fetchall()
    assert [row[0] for row in found] == wanted


@pytest.mark.parametrize(
    ("amount", "rows", "wanted"),
    [
        ("1.00", 1, True),
        ("-1.00", 40_000, True),
        ("1.000000000000000001", 40_000, False),
        ("5", 1_000_000, True),
        ("-5.000000000000000001", 1_000_000, False),
        ("900000000000", 1_000_000, False),
    ],
)
def test_a_dollar_up_to_40000_rows_and_five_at_a_million(
    con: duckdb.DuckDBPyConnection, amount: str, rows: int, *, wanted: bool
) -> None:
    text = render("{{ within_invoice_tolerance('amount', 'rows', 'currency') }}")
    values = f"cast({amount} as decimal(38, 18)) as amount, {rows} as rows, 'USD' as currency"
    found = con.execute(f"select {text} from (select {values})").fetchall()
    assert found == [(wanted,)]


@pytest.mark.parametrize(
    ("rows", "currency", "shown"),
    [(1, "USD", "1"), (40_000, "USD", "1"), (1_000_000, "USD", "5"), (60_000, "USD", "1.22474487"),
     (2_000_000, "JPY", "707.106781"), (2_000_000, "KWD", "0.7071067810")],
)  # fmt: skip
def test_the_tolerance_that_is_shown_is_the_published_formula(
    con: duckdb.DuckDBPyConnection, rows: int, currency: str, shown: str
) -> None:
    text = render("{{ invoice_tolerance('rows', 'currency') }}")
    found = con.execute(
        f"select {text} from (select {rows}::bigint as rows, '{currency}' as currency)"
    ).fetchall()[0][0]
    assert abs(found - D(shown)) < D("0.000001")
