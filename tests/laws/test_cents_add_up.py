"""Amounts shown in whole cents add up to the total shown, which is given and not their own sum."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rendering import DBT

CENT = 10**16
EXAMPLES = settings(max_examples=60, deadline=None)

atto = st.integers(-(10**25), 10**25) | st.sampled_from([0, 1, -1, 5 * 10**15, -5 * 10**15])


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "create table parts (part_of text, part_key text, units hugeint, target_cents hugeint)"
        )
        yield connection


def fitted(con: duckdb.DuckDBPyConnection, start: int, steps: list[int]) -> list[int]:
    """Cents of the steps that lead from one rounded total to the other."""
    from jinja2 import Environment  # noqa: PLC0415

    target = rounded(start + sum(steps)) - rounded(start)
    con.execute("delete from parts")
    con.executemany(
        "insert into parts values ('p', ?, ?, ?)",
        [(f"{no:04}", units, target) for no, units in enumerate(steps)],
    )
    macros = "".join((DBT / "macros" / f"{name}.sql").read_text() for name in ("money", "finance"))
    sql = Environment(autoescape=False).from_string(
        macros
        + "with {{ cents_to_target('parts', 'p') }} select cents from p_cents order by part_key"
    )
    return [int(row[0]) for row in con.execute(sql.render()).fetchall()]


def rounded(units: int) -> int:
    """Whole cents, half away from zero."""
    size = (2 * abs(units) + CENT) // (2 * CENT)
    return -size if units < 0 else size


@EXAMPLES
@given(start=atto, steps=st.lists(atto, min_size=1, max_size=12))
@example(start=4 * 10**15, steps=[3 * 10**15, 4 * 10**15])  # 0.004 + 0.007 = 0.01, but 0.00 shown
@example(start=5 * 10**15, steps=[-1])  # 0.005 is 0.01, and a step of nothing leads to 0.00
@example(start=-5 * 10**15, steps=[0, 0])
def test_the_steps_lead_from_one_shown_total_to_the_other(
    con: duckdb.DuckDBPyConnection, start: int, steps: list[int]
) -> None:
    cents = fitted(con, start, steps)
    assert rounded(start) + sum(cents) == rounded(start + sum(steps))
    # one cent of its own rounding at most, and for the largest step that of both totals
    off = sorted(abs(Decimal(c * CENT - u)) for c, u in zip(cents, steps, strict=True))
    assert all(size < CENT for size in off[:-1])
    assert off[-1] < 2 * CENT
