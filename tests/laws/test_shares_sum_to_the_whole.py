"""Law 3: whatever divides a cost, its parts sum to it to the last digit, on random amounts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rendering import render

D = Decimal
ATTO = D(1).scaleb(-18)
EXAMPLES = settings(max_examples=40, deadline=None)

# Whole attodollars up to 10^6 USD, both signs.
atto = st.integers(-(10**24), 10**24) | st.sampled_from([0, 1, -1, 2, 10**18, 10**19])


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@EXAMPLES
@given(st.lists(st.tuples(atto, st.integers(1, 100)), min_size=1, max_size=50))
@example([(10 * 10**18, 3), (-1, 100), (1, 7)])
def test_even_parts_sum_to_the_amount_and_differ_by_one_unit_at_most(
    con: duckdb.DuckDBPyConnection, cases: list[tuple[int, int]]
) -> None:
    """10.00 over three is 3.33 and a third more than 9.99 only if the parts are kept whole."""
    con.execute("create or replace table cases (no int, amount decimal(38, 18), parts int)")
    con.executemany(
        "insert into cases values (?, ?, ?)",
        [[no, D(units) * ATTO, parts] for no, (units, parts) in enumerate(cases)],
    )
    part = render("{{ even_part('amount', 'part_no', 'parts') }}")
    found = con.execute(
        f"""
        with split as (
            select *, unnest(generate_series(1, parts)) as part_no from cases
        ),
        shares as (select no, amount, parts, {part} as share from split)
        select amount, sum(share), max(share) - min(share), count(*), parts
        from shares group by no, amount, parts order by no
        """
    ).fetchall()
    assert len(found) == len(cases)
    for amount, total, spread, count, parts in found:
        assert (total, count) == (amount, parts)
        assert spread <= ATTO


weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=12)


@EXAMPLES
@given(st.lists(st.tuples(atto, weights), min_size=1, max_size=30))
@example([(12_000 * 10**18, [50, 30, 20]), (10 * 10**18, [1, 1, 1]), (7, [0, 1]), (5, [0, 0])])
def test_parts_by_weight_sum_to_the_amount_and_follow_the_weights(
    con: duckdb.DuckDBPyConnection, cases: list[tuple[int, list[int]]]
) -> None:
    """No part is more than one unit of 10^-12 and what is finer away from its exact share."""
    con.execute(
        "create or replace table receivers"
        " (part_of int, part_key int, amount decimal(38, 18), weight hugeint)"
    )
    con.executemany(
        "insert into receivers values (?, ?, ?, ?)",
        [
            [no, key, D(units) * ATTO, weight]
            for no, (units, given_weights) in enumerate(cases)
            for key, weight in enumerate(given_weights)
        ],
    )
    ctes = render("{{ largest_remainder('receivers', 'shared') }}")
    found = con.execute(
        f"with {ctes} select part_of, list((weight, part) order by part_key) from shared_parts"
        " group by part_of"
    ).fetchall()
    shared = dict(found)
    for no, (units, given_weights) in enumerate(cases):
        total = sum(given_weights)
        if total == 0:
            assert no not in shared
            continue
        assert sum(part for _, part in shared[no]) == D(units) * ATTO
        for weight, part in shared[no]:
            wanted = units * weight
            assert abs(int(part / ATTO) * total - wanted) <= 2 * 10**6 * total
