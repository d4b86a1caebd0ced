"""What a cost per successful task is made of, and what moved it: laws on random cohorts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rendering import model, render

model, render = cache(model), cache(render)
D, F = Decimal, Fraction
ATTO, UNIT = D(1).scaleb(-18), D(1).scaleb(-12)
EXAMPLES = settings(max_examples=25, deadline=None)
EFFECTS = [
    "price", "tier", "mix", "tokens_per_attempt", "other_charges", "attempts_per_task",
    "success_rate",
]  # fmt: skip
METERS = ["input_uncached_tokens", "output_tokens"]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def rounded(value: Fraction, unit: Decimal) -> Decimal:
    """Half away from zero, by Python's own decimals."""
    with localcontext(prec=90):
        return (D(value.numerator) / D(value.denominator)).quantize(unit, rounding=ROUND_HALF_UP)


@EXAMPLES
@given(
    st.integers(-(10**28), 10**28) | st.sampled_from([0, 1, -1]),
    st.integers(0, 9 * 10**18) | st.sampled_from([0, 1, 10**12]),
    st.integers(-1, 9 * 10**18) | st.sampled_from([0, 1, 2, 3, 10**12]),
)
@example(units=1, times=1, per=2)
@example(units=10**28 - 1, times=10**12, per=10**12 - 1)
def test_a_scaled_amount_is_rounded_once_at_its_last_place(
    con: duckdb.DuckDBPyConnection, units: int, times: int, per: int
) -> None:
    wanted = rounded(F(units * times, per) / 10**18, ATTO) if per > 0 else None
    if wanted is not None and abs(wanted) >= 10**20:
        return
    sql = render("{{ exact_scale('amount', 'times', 'per') }}")
    with localcontext(prec=60):
        values = [D(units) * ATTO, times, per]
    (found,) = con.execute(
        f"select {sql} from (select cast(? as decimal(38, 18)) as amount,"
        " cast(? as hugeint) as times, cast(? as hugeint) as per)",
        values,
    ).fetchall()[0]
    assert found == wanted


# ---- the factors of a cohort


def factors(con: duckdb.DuckDBPyConnection, tasks: list[tuple[int, bool, str]]) -> dict[str, Any]:
    """The month's row of tasks given as (attempts, success, cost)."""
    con.execute(
        "create or replace table int_outcome_as_of as select timestamp '2026-10-15' as as_of_at"
    )
    con.execute(
        "create or replace table int_task_outcomes as select 'month' as period_grain,"
        " date '2026-09-01' as period_start, 'review' as class, ?::bigint as concluded_tasks,"
        " ?::bigint as successful_tasks, ?::bigint as attempts",
        [len(tasks), sum(ok for _, ok, _ in tasks), sum(tries for tries, _, _ in tasks)],
    )
    con.execute(
        "create or replace table int_task_costs (usage_date date, concluded_date date,"
        " class varchar, is_matched boolean, scope_rule varchar, usage_rows int,"
        " unpriced_usage_rows int, accrued_usage_rows int, computed_cost_usd decimal(38, 18),"
        " trued_up_cost_usd decimal(38, 18))"
    )
    con.executemany(
        "insert into int_task_costs values"
        " ('2026-09-05', '2026-09-06', 'review', true, null, 1, 0, 0, ?, ?)",
        [[D(cost), D(cost)] for _, _, cost in tasks],
    )
    found = con.execute(
        f"select * from ({model('task_cost_factors')}) where period_grain = 'month'"
    )
    names = [column[0] for column in found.description]
    (row,) = found.fetchall()
    return dict(zip(names, row, strict=True))


def test_four_tasks_with_seven_attempts_cost_seven_cents_per_success_and_not_twelve_or_three(
    con: duckdb.DuckDBPyConnection,
) -> None:
    row = factors(
        con, [(1, True, "0.02"), (2, True, "0.03"), (1, True, "0.03"), (3, False, "0.12")]
    )
    assert [row[n] for n in ("concluded_tasks", "attempts", "successful_tasks")] == [4, 7, 3]
    per_attempt, per_task = row["computed_attempt_unit_cost_usd"], row["attempts_per_task_ratio"]
    per_success = row["computed_successful_task_unit_cost_usd"]
    assert per_success == D("0.066666666667")
    assert float(per_attempt) * per_task / row["task_success_ratio"] == pytest.approx(
        0.0667, abs=5e-5
    )
    assert float(per_attempt) / row["attempt_success_ratio"] == pytest.approx(0.0667, abs=5e-5)
    # mixing attempts per task with the rate of attempts, and leaving the failed task out
    wrong = [float(per_attempt) * per_task / row["attempt_success_ratio"], (0.02 + 0.03 + 0.03) / 3]
    assert [round(value, 4) for value in wrong] == [0.1167, 0.0267]
    shown = [float(value) for value in row.values() if isinstance(value, (Decimal, float))]
    assert not any(abs(value - other) < 5e-4 for value in shown for other in wrong)


@EXAMPLES
@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.booleans(), st.integers(0, 10**20)), min_size=1, max_size=12
    )
)
def test_the_factors_of_a_cohort_multiply_to_its_cost_per_success(
    con: duckdb.DuckDBPyConnection, tasks: list[tuple[int, bool, int]]
) -> None:
    with localcontext(prec=60):
        row = factors(con, [(tries, ok, str(D(units) * ATTO)) for tries, ok, units in tasks])
    cost = F(row["computed_cost_usd"])
    assert cost == F(sum(units for _, _, units in tasks), 10**18)
    count, tries, wins = row["concluded_tasks"], row["attempts"], row["successful_tasks"]
    assert row["computed_attempt_unit_cost_usd"] == rounded(cost / tries, UNIT)
    if not wins:
        assert row["computed_successful_task_unit_cost_usd"] is None
        return
    product = cost / tries * F(tries, count) / F(wins, count)
    assert row["computed_successful_task_unit_cost_usd"] == rounded(product, UNIT)


# ---- what moved it

Key = tuple[str, str, str]
lines = st.dictionaries(
    st.tuples(
        st.sampled_from(["a", "b"]), st.sampled_from(METERS), st.sampled_from(["std", "batch"])
    ),
    st.tuples(st.integers(1, 10**7), st.integers(0, 10**22)),
    max_size=6,
)
cohort = st.tuples(
    lines,
    st.integers(0, 10**20),
    st.integers(1, 50),
    st.integers(0, 50),
    st.integers(1, 50),
).map(
    lambda c: {
        "lines": c[0],
        "other": c[1],
        "tasks": c[2] + c[4],
        "attempts": c[2] + c[3] + c[4],
        "wins": c[4],
    }
)


def walked(old: dict[str, Any], new: dict[str, Any]) -> list[Fraction]:
    """The unit cost after each effect, from the factors themselves, each old or new."""

    def by_meter(lines: dict[Key, tuple[int, int]]) -> dict[tuple[str, str], int]:
        total: dict[tuple[str, str], int] = defaultdict(int)
        for (name, meter, _), (quantity, _) in lines.items():
            total[name, meter] += quantity
        return total

    sides = []
    for side in (old, new):
        meters = by_meter(side["lines"])
        tokens = sum(meters.values())
        sides.append({
            "price": {key: F(cost, quantity) for key, (quantity, cost) in side["lines"].items()},
            "tier": {key: F(quantity, meters[key[:2]]) for key, (quantity, _) in
                     side["lines"].items()},
            "mix": {meter: F(quantity, tokens) for meter, quantity in meters.items()},
            "tokens_per_attempt": F(tokens, side["attempts"]),
            "other_charges": F(side["other"], side["attempts"]),
            "attempts_per_task": F(side["attempts"], side["tasks"]),
            "success_rate": F(side["wins"], side["tasks"]),
        })  # fmt: skip
    was, now = sides
    costs = []
    for step in range(len(EFFECTS) + 1):
        at = {name: now if no < step else was for no, name in enumerate(EFFECTS)}
        # what is bought in one period only keeps its price; a meter bought in one only, its tiers
        price = {**was["price"], **{k: p for k, p in now["price"].items() if at["price"] is now}}
        # nothing bought at all is no mix
        mix = now["mix"] if now["mix"] and at["mix"] is now else was["mix"]
        per_token = F(0)
        for meter, share in mix.items():
            takes_new = meter in now["mix"] and (at["tier"] is now or meter not in was["mix"])
            tiers = now["tier"] if takes_new else was["tier"]
            prices = now["price"] if takes_new and at["price"] is now else price
            per_token += share * sum(
                (part * prices[key] for key, part in tiers.items() if key[:2] == meter), F(0)
            )
        per_attempt = per_token * at["tokens_per_attempt"]["tokens_per_attempt"]
        per_attempt += at["other_charges"]["other_charges"]
        costs.append(
            per_attempt * at["attempts_per_task"]["attempts_per_task"]
            / at["success_rate"]["success_rate"] / 10**18
        )  # fmt: skip
    return costs


@EXAMPLES
@given(cohort, cohort)
def test_the_effects_follow_from_their_factors_and_sum_exactly_to_the_change(
    con: duckdb.DuckDBPyConnection, old: dict[str, Any], new: dict[str, Any]
) -> None:
    con.execute(
        "create or replace table task_cost_factors (period_grain varchar, period_start date,"
        " task_type varchar, cohort varchar, concluded_tasks bigint, attempts bigint,"
        " successful_tasks bigint, computed_successful_task_unit_cost_usd decimal(38, 12),"
        " is_lower_bound boolean, is_provisional boolean)"
    )
    con.execute(
        "create or replace table int_task_meter_costs (concluded_date date, task_type varchar,"
        " model_key varchar, tier varchar, meter varchar, is_token_meter boolean,"
        " quantity decimal(38, 6), cost_usd decimal(38, 18))"
    )
    for day, side in (("2026-08-01", old), ("2026-09-01", new)):
        total = sum(cost for _, cost in side["lines"].values()) + side["other"]
        unit_cost = rounded(F(total, 10**18 * side["wins"]), UNIT)
        con.execute(
            "insert into task_cost_factors values"
            " ('month', ?, 'review', 'concluded', ?, ?, ?, ?, false, false)",
            [day, side["tasks"], side["attempts"], side["wins"], unit_cost],
        )
        rows = [
            [day, *key, True, quantity, D(cost) * ATTO]
            for key, (quantity, cost) in side["lines"].items()
        ]
        if side["other"]:
            rows.append([day, "a", "web_search_calls", "std", False, 1, D(side["other"]) * ATTO])
        if rows:
            con.executemany(
                "insert into int_task_meter_costs"
                " (concluded_date, task_type, model_key, meter, tier, is_token_meter, quantity,"
                " cost_usd) values (?, 'review', ?, ?, ?, ?, ?, ?)",
                rows,
            )
    found = con.execute(
        "select effect, before_unit_cost_usd, after_unit_cost_usd, effect_unit_cost_usd,"
        " previous_unit_cost_usd, new_unit_cost_usd, change_unit_cost_usd"
        f" from ({model('unit_cost_changes')}) order by effect_no"
    ).fetchall()
    assert [row[0] for row in found] == EFFECTS
    previous, last, change = found[0][4:]
    assert found[0][1] == previous
    assert found[-1][2] == last
    assert [row[1] for row in found[1:]] == [row[2] for row in found[:-1]]
    assert sum(row[3] for row in found) == change == last - previous
    wanted = walked(old, new)
    for row, value in zip(found, wanted[1:], strict=True):
        # every amount on the way is rounded at the eighteenth place, the unit cost at the twelfth
        assert abs(F(row[2]) - value) <= F(1, 10**12), row[0]
