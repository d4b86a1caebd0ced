"""A rate says how sure it is: intervals and verdicts against their definition, on random counts.

The macros use closed formulas on doubles. Here a bound is found by bisection on fractions, from
what a bound is, and the difference by decimals of sixty digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from math import comb
from statistics import NormalDist
from typing import Any

import duckdb
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from rendering import render

D, F = Decimal, Fraction
EXAMPLES = settings(max_examples=60, deadline=None)
# Half a unit of the ninth place, and what sixteen digits of a double lose on the way.
CLOSE = 6e-10

quantile = F(NormalDist().inv_cdf(0.975))


@st.composite
def rates(draw: st.DrawFn, most: int = 10**7) -> tuple[int, int]:
    """Successes and trials, the edges more often than chance has it."""
    trials = draw(st.integers(1, most) | st.integers(1, 40))
    edges = sorted({0, 1, trials // 2, trials - 1, trials})
    return draw(st.integers(0, trials) | st.sampled_from(edges)), trials


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@cache
def _query(macro: str, names: tuple[str, ...]) -> str:
    columns = ", ".join(f"cast(${name} as bigint) as {name}" for name in names)
    arguments = ", ".join(f"'{name}'" for name in names)
    value = render(f"{{{{ {macro}({arguments}) }}}}")
    return f"select {value} from (select {columns})"


def asked(con: duckdb.DuckDBPyConnection, macro: str, *counts: int | None) -> Any:
    """Return what a macro says of counts, as columns of a table have them."""
    names = ("s", "n", "os", "on_")[: len(counts)]
    given_counts = dict(zip(names, counts, strict=True))
    return con.execute(_query(macro, names), given_counts).fetchall()[0][0]


def wilson(successes: int, trials: int, *, lower: bool) -> Fraction:
    """The p on one side of the seen rate that lies one quantile from it, by bisection."""
    seen = F(successes, trials)
    near, far = seen, F(0) if lower else F(1)
    for _ in range(50):
        middle = (near + far) / 2
        distance = (seen - middle) ** 2 * trials
        if distance < quantile**2 * middle * (1 - middle):
            near = middle
        else:
            far = middle
    return far


def difference(first: tuple[int, int], second: tuple[int, int]) -> tuple[Decimal, Decimal]:
    """Newcombe's interval of the difference, from the bounds above."""

    def decimal(value: Fraction) -> Decimal:
        return D(value.numerator) / D(value.denominator)

    with localcontext(prec=60):
        one, two = (decimal(F(*counts)) for counts in (first, second))
        bounds = [
            [decimal(wilson(*counts, lower=lower)) for lower in (True, False)]
            for counts in (first, second)
        ]
        down = ((one - bounds[0][0]) ** 2 + (bounds[1][1] - two) ** 2).sqrt()
        up = ((bounds[0][1] - one) ** 2 + (two - bounds[1][0]) ** 2).sqrt()
        return one - two - down, one - two + up


@EXAMPLES
@given(rates())
@example((0, 1))
@example((1, 1))
@example((0, 10**7))
@example((10**7, 10**7))
def test_an_interval_is_what_wilson_defines(
    con: duckdb.DuckDBPyConnection, counts: tuple[int, int]
) -> None:
    for macro, lower in (("ratio_lower", True), ("ratio_upper", False)):
        assert asked(con, macro, *counts) == pytest.approx(
            float(wilson(*counts, lower=lower)), abs=CLOSE
        )


@EXAMPLES
@given(rates())
def test_an_interval_holds_its_rate_and_mirrors_the_failures(
    con: duckdb.DuckDBPyConnection, counts: tuple[int, int]
) -> None:
    successes, trials = counts
    low, high = asked(con, "ratio_lower", *counts), asked(con, "ratio_upper", *counts)
    assert 0 <= low <= successes / trials + CLOSE
    assert successes / trials - CLOSE <= high <= 1
    assert low < high
    assert (low == 0) == (successes == 0)
    assert (high == 1) == (successes == trials)
    assert asked(con, "ratio_upper", trials - successes, trials) == pytest.approx(
        1 - low, abs=2 * CLOSE
    )


# Published worked examples of the method (Newcombe, Statistics in Medicine 17, 1998).
@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals_are_met_to_their_last_digit(
    con: duckdb.DuckDBPyConnection, successes: int, trials: int, low: float, high: float
) -> None:
    assert round(asked(con, "ratio_lower", successes, trials), 4) == low
    assert round(asked(con, "ratio_upper", successes, trials), 4) == high


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 10), -0.2775, 0.2775),
    ],
)
def test_published_differences_are_met_to_their_last_digit(
    con: duckdb.DuckDBPyConnection,
    first: tuple[int, int],
    second: tuple[int, int],
    low: float,
    high: float,
) -> None:
    assert round(asked(con, "ratio_difference_lower", *first, *second), 4) == low
    assert round(asked(con, "ratio_difference_upper", *first, *second), 4) == high


@EXAMPLES
@given(rates(), rates())
@example((30, 30), (30, 30))
@example((0, 30), (30, 30))
def test_a_difference_and_its_verdict_follow_from_the_definition(
    con: duckdb.DuckDBPyConnection, first: tuple[int, int], second: tuple[int, int]
) -> None:
    low, high = difference(first, second)
    assert asked(con, "ratio_difference_lower", *first, *second) == pytest.approx(
        float(low), abs=CLOSE
    )
    assert asked(con, "ratio_difference_upper", *first, *second) == pytest.approx(
        float(high), abs=CLOSE
    )
    assert asked(con, "ratio_difference", *first, *second) == pytest.approx(
        float(F(*first) - F(*second)), abs=CLOSE
    )
    # Within the last digits of a double of the border, both verdicts are as good.
    assume(min(abs(low), abs(high)) > D("1e-12"))
    wanted = "higher" if low > 0 else "lower" if high < 0 else "not_distinguishable"
    if min(first[1], second[1]) < 30:
        wanted = "too_few_trials"
    assert asked(con, "ratio_verdict", *first, *second) == wanted


@EXAMPLES
@given(rates(), rates())
def test_a_verdict_turns_with_the_order_and_equal_rates_never_differ(
    con: duckdb.DuckDBPyConnection, first: tuple[int, int], second: tuple[int, int]
) -> None:
    turned = {"higher": "lower", "lower": "higher"}
    verdict = asked(con, "ratio_verdict", *first, *second)
    assert asked(con, "ratio_verdict", *second, *first) == turned.get(verdict, verdict)
    if F(*first) == F(*second):
        assert verdict in ("not_distinguishable", "too_few_trials")
    same = asked(con, "ratio_verdict", *first, *first)
    assert same in ("not_distinguishable", "too_few_trials")


@pytest.mark.parametrize(
    ("successes", "trials"), [(None, 5), (1, None), (0, 0), (-1, 5), (6, 5), (0, -1)]
)
def test_counts_that_make_no_rate_have_no_interval_and_no_verdict(
    con: duckdb.DuckDBPyConnection, successes: int | None, trials: int | None
) -> None:
    assert asked(con, "ratio_lower", successes, trials) is None
    assert asked(con, "ratio_upper", successes, trials) is None
    for counts in ((successes, trials, 50, 100), (50, 100, successes, trials)):
        for macro in (
            "ratio_difference", "ratio_difference_lower", "ratio_difference_upper", "ratio_verdict",
        ):  # fmt: skip
            assert asked(con, macro, *counts) is None


def test_what_the_fewest_trials_are_said_to_mean_is_so(con: duckdb.DuckDBPyConnection) -> None:
    spans = {
        n: round(asked(con, "ratio_upper", n // 2, n) - asked(con, "ratio_lower", n // 2, n), 2)
        for n in (30, 100, 400)
    }
    assert spans == {30: 0.34, 100: 0.19, 400: 0.1}
    differing = [n for n in range(16, 31) if asked(con, "ratio_verdict", n, 30, 15, 30) == "higher"]
    assert round((differing[0] - 15) / 30, 2) == 0.27
    assert asked(con, "ratio_verdict", 29, 29, 0, 29) == "too_few_trials"
    assert asked(con, "ratio_verdict", 30, 30, 0, 30) == "higher"


def test_equal_rates_are_told_apart_in_about_one_of_twenty_comparisons(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """The chance of a wrong verdict, summed over every outcome of two samples; no dice."""
    trials = 40
    sql = render("{{ ratio_verdict('s', 'n', 'os', 'n') }}")
    found = con.execute(
        f"select s, os, {sql} = 'not_distinguishable' from (select s::bigint as s,"
        f" os::bigint as os, {trials}::bigint as n from range({trials + 1}) as a(s),"
        f" range({trials + 1}) as b(os))"
    ).fetchall()
    for rate in (F(1, 10), F(1, 2), F(9, 10)):
        chance = [
            float(comb(trials, k) * rate**k * (1 - rate) ** (trials - k)) for k in range(trials + 1)
        ]
        wrong = sum(chance[s] * chance[os] for s, os, is_same in found if not is_same)
        assert 0.02 < wrong < 0.06


def test_overlapping_intervals_may_still_differ(con: duckdb.DuckDBPyConnection) -> None:
    first, second = (60, 100), (45, 100)
    assert asked(con, "ratio_lower", *first) < asked(con, "ratio_upper", *second)
    assert asked(con, "ratio_verdict", *first, *second) == "higher"
