"""Law 1: every quotient and every share of money is exact, on random amounts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rendering import model, render

D = Decimal
UNIT = D(1).scaleb(-12)
ATTO = D(1).scaleb(-18)
METERS = render("{{ priced_meters() | join(' bigint, ') }} bigint")
EXAMPLES = settings(max_examples=40, deadline=None)

# Whole attodollars up to 10^9 USD, both signs, with the edges more often than chance has it.
atto = st.integers(-(10**27), 10**27) | st.sampled_from([0, 1, -1, 500_000, -500_000, 10**18])
counts = st.integers(-1, 10**7) | st.sampled_from([0, 1, 2, 3, 7])


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def quotient(amount: Decimal, count: int) -> Decimal | None:
    """Half away from zero at twelve places, by Python's own decimals."""
    if count <= 0:
        return None
    with localcontext(prec=80):
        return (amount / count).quantize(UNIT, rounding=ROUND_HALF_UP)


@EXAMPLES
@given(st.lists(st.tuples(atto, counts), min_size=1, max_size=200))
def test_a_unit_cost_is_the_exact_quotient_rounded_once(
    con: duckdb.DuckDBPyConnection, cases: list[tuple[int, int]]
) -> None:
    con.execute("create or replace table cases (no int, amount decimal(38, 18), n bigint)")
    rows = [[no, D(units) * ATTO, count] for no, (units, count) in enumerate(cases)]
    con.executemany("insert into cases values (?, ?, ?)", rows)
    sql = render("{{ exact_div('amount', 'n') }}")
    found = con.execute(f"select {sql} from cases order by no").fetchall()
    assert [row[0] for row in found] == [quotient(amount, count) for _, amount, count in rows]


# Up to ten million units in millionths, prices to twelve places up to 100 USD.
metered = st.lists(
    st.tuples(st.integers(0, 10**13), st.integers(0, 10**14), st.sampled_from([1, 60, 3600])),
    min_size=1,
    max_size=100,
)


@EXAMPLES
@given(metered)
# 95 seconds at 0.05 a minute, 3 an hour: 19/240 USD
@example([(95_000_000, 3 * 10**12, 3600)])
def test_a_quantity_costs_its_price_rounded_once(
    con: duckdb.DuckDBPyConnection, metered: list[tuple[int, int, int]]
) -> None:
    con.execute(
        "create or replace table metered"
        " (no int, quantity decimal(19, 6), price decimal(28, 18), per integer)"
    )
    rows = [
        [no, D(quantity).scaleb(-6), D(price).scaleb(-12), per]
        for no, (quantity, price, per) in enumerate(metered)
    ]
    con.executemany("insert into metered values (?, ?, ?, ?)", rows)
    sql = render("{{ meter_cost('quantity', 'price', 'per') }}")
    found = con.execute(f"select {sql} from metered order by no").fetchall()
    with localcontext(prec=80):
        wanted = [
            (quantity * price / per).quantize(ATTO, rounding=ROUND_HALF_UP)
            for _, quantity, price, per in rows
        ]
    assert [row[0] for row in found] == wanted


def test_a_quotient_of_doubles_would_be_caught(con: duckdb.DuckDBPyConnection) -> None:
    """DuckDB's own division goes through DOUBLE: 9007199254740993 / 100 loses its last cent."""
    amount = D("9007199254740993.00")
    (wrong,) = con.execute(f"select ({amount}::decimal(38, 2) / 100)::decimal(38, 12)").fetchone()
    assert wrong != quotient(amount, 100)


# Amounts from a millionth of a dollar to 1000 USD, costs from a nanodollar to 10 USD.
lines = st.lists(
    st.tuples(
        st.integers(10**12, 10**21) | st.integers(-(10**21), -(10**12)),
        st.sampled_from(["m1", "m2"]),
    ),
    min_size=1,
    max_size=4,
)
costs = st.lists(
    st.tuples(st.integers(10**9, 10**19) | st.just(1), st.sampled_from(["m1", "m2"])),
    max_size=12,
)


@EXAMPLES
@given(lines, costs)
# a cent over three equal rows: 0.00333... each, so one of them must carry the last unit
@example(lines=[(10**16, "m1")], costs=[(5 * 10**17, "m1")] * 3)
def test_the_shares_of_a_true_up_line_sum_to_the_line(
    con: duckdb.DuckDBPyConnection, lines: list[tuple[int, str]], costs: list[tuple[int, str]]
) -> None:
    con.execute(
        "create or replace table int_true_up_lines (pool_no bigint, channel varchar,"
        " account varchar, pool_first_day date, pool_last_day date, pool_model_key varchar,"
        " pool_processing varchar, pool_meter varchar, amount_usd decimal(38, 18));"
        "create or replace table fct_llm_calls (usage_row_id varchar, channel varchar,"
        " account varchar, usage_date date, model_key varchar, processing varchar,"
        f" cost_usd decimal(38, 18), {METERS})"
    )
    for number, (units, name) in enumerate(lines):
        # every other line is of the month, the rest of one day
        first, last = ("2026-10-05",) * 2 if number % 2 else ("2026-10-01", "2026-10-31")
        con.execute(
            "insert into int_true_up_lines values (?, 'c', 'a', ?, ?, ?, null, null, ?)",
            [number, first, last, name, D(units) * ATTO],
        )
    for number, (units, name) in enumerate(costs):
        con.execute(
            "insert into fct_llm_calls (usage_row_id, channel, account, usage_date, model_key,"
            " processing, cost_usd) values (?, 'c', 'a', '2026-10-05', ?, 'realtime', ?)",
            [f"row{number}", name, D(units) * ATTO],
        )
    shares = con.execute(
        f"select pool_no, sum(share_usd) from ({model('int_true_up_shares')}) group by 1"
    ).fetchall()
    # a row below half a nanodollar weighs nothing; a line that nothing carries stays whole
    weighed = {name for units, name in costs if units >= 500_000_000}
    wanted = {n: D(u) * ATTO for n, (u, name) in enumerate(lines) if name in weighed}
    assert dict(shares) == wanted


daily = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "unattributed"]),
        st.sampled_from([None, None, "ci"]),
        st.integers(0, 10**20),
        st.integers(-(10**17), 10**17),
    ),
    min_size=1, max_size=8,
)  # fmt: skip
denominators = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 5), max_size=3)
MART = """{{ unit_cost_mart('daily_costs', 'outcomes', 'class_name', [], 'int_outcome_as_of') }}"""


@EXAMPLES
@given(daily, denominators)
def test_loaded_costs_sum_to_all_spend_in_scope_and_no_spend_is_lost(
    con: duckdb.DuckDBPyConnection,
    daily: list[tuple[str, str | None, int, int]],
    denominators: dict[str, int],
) -> None:
    con.execute(
        "create or replace table int_outcome_as_of as select timestamp '2026-12-01' as as_of_at;"
        "create or replace table daily_costs (usage_date date, class varchar, is_matched boolean,"
        " scope_rule varchar, usage_rows bigint, unpriced_usage_rows bigint, requests bigint,"
        " unpriced_requests bigint, computed_cost_usd decimal(38, 18),"
        " trued_up_cost_usd decimal(38, 18), accrued_usage_rows bigint);"
        "create or replace table outcomes (period_grain varchar, period_start date, class varchar,"
        " denominator bigint, provisional bigint)"
    )
    for name, rule, units, residual in daily:
        con.execute(
            "insert into daily_costs values ('2026-10-05', ?, ?, ?, 1, 0, 1, 0, ?, ?, 0)",
            [name, name != "unattributed", rule, D(units) * ATTO, D(units + residual) * ATTO],
        )
    for name, count in denominators.items():
        con.execute("insert into outcomes values ('month', '2026-10-01', ?, ?, 0)", [name, count])
    con.execute(f"create or replace table mart as {render(MART)}")
    total = con.execute(
        "select sum(computed_cost_usd), sum(trued_up_cost_usd),"
        " sum(computed_cost_usd) filter (where in_scope),"
        " sum(trued_up_cost_usd) filter (where in_scope),"
        " sum(computed_loaded_cost_usd), sum(trued_up_loaded_cost_usd)"
        " from mart where period_grain = 'month'"
    ).fetchall()[0]
    assert total[0] == sum(D(units) for _, _, units, _ in daily) * ATTO
    assert total[1] == sum(D(units + residual) for _, _, units, residual in daily) * ATTO
    if any(denominators.values()):
        assert total[4:] == (total[2] or 0, total[3] or 0)
    else:
        assert total[4:] == (None, None)
