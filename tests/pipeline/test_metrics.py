"""Task cohorts from landing to mart, and a semantic layer that says what the marts say.

Claude Haiku 4.5 gives 5 USD per million output tokens, so 20,000 tokens are 0.10 USD.
Reports concluded in September: R1 succeeds, R2 fails twice. 3 attempts, 0.20 USD: 0.20 a success.
In October R3 succeeds at its second attempt, R4 at its first, R5 fails; and a call of 0.10 USD
names only the session of these three. 4 attempts, 0.50 USD: 0.25 a success.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from exports import json_lines
from harness import DBT, Home, dbt_target
from test_attribution import CALLS_MAPPING, EVENTS_MAPPING, call

D = Decimal
REPORT = {"task_type": "report", "feature": "assistant"}
TICKETS = {
    "301": ("human_solved", "2026-09-07"),
    "302": ("ai_confirmed", "2026-09-30"),
    "303": ("ai_assumed", "2026-10-02"),
    "304": ("human_solved", "2026-10-05"),
}


def event(event_id: str, at: str, outcome_type: str, **more: object) -> dict:
    return {"id": event_id, "at": f"{at}T12:00:00Z", "type": outcome_type, **more}


def events() -> list[dict]:
    session = {"session": "S9", **REPORT}
    rows = [
        event("r1", "2026-09-08", "task_succeeded", task="R1", **REPORT),
        event("r2", "2026-09-30", "task_failed", task="R2", **REPORT),
        event("r3", "2026-10-01", "task_succeeded", task="R3", **session),
        event("r4", "2026-10-06", "task_succeeded", task="R4", **session),
        event("r5", "2026-10-07", "task_failed", task="R5", **session),
        event("q1", "2026-10-07", "task_succeeded", task="Q1", task_type="quote", feature="search"),
        event("o1", "2026-10-07", "task_started", task="O1", **REPORT),
        event("c1", "2026-09-09", "conversion", name="purchase", user="u1"),
        event("c2", "2026-10-06", "conversion", name="upgrade", user="u2"),
        # reopened two days later, so it is a trial that failed
        event("x1", "2026-09-09", "ticket_reopened", ticket="301"),
        event("x2", "2026-10-20", "user_active", user="u9"),
    ]  # fmt: skip
    for ticket, (kind, day) in TICKETS.items():
        rows.append(event(f"t{ticket}", day, "ticket_resolved", ticket=ticket, kind=kind))
    # u1 comes back every day; on three days of two weeks there are two users
    for no, day in enumerate(
        ["2026-09-07", "2026-09-08", "2026-09-14", "2026-10-01", "2026-10-02"]
    ):
        rows.append(event(f"a{no}", day, "user_active", user="u1"))
    for no, day in enumerate(["2026-09-08", "2026-09-14", "2026-10-02"]):
        rows.append(event(f"b{no}", day, "user_active", user="u2"))
    return rows


def calls() -> list[dict]:
    at = "{}T10:00:00Z".format
    rows = [
        call("k1", 20_000, at("2026-08-31"), task="R1", attempt=1, user="u1"),
        call("k2", 10_000, at("2026-09-29"), task="R2", attempt=1, user="u2"),
        call("k3", 10_000, at("2026-09-30"), task="R2", attempt=2, user="u2"),
        call("k4", 20_000, at("2026-09-30"), task="R3", attempt=1, user="u1"),
        call("k5", 20_000, at("2026-10-01"), task="R3", attempt=2, user="u1"),
        call("k6", 20_000, at("2026-10-06"), task="R4", attempt=1, user="u2"),
        call("k7", 20_000, at("2026-10-07"), task="R5", attempt=1, user="u2"),
        call("k8", 20_000, at("2026-10-01"), session="S9", user="u1"),
        call("k9", 2_000, at("2026-10-07"), task="Q1", feature="search", user="u1"),
        call("k10", 2_000, at("2026-10-07"), task="O1", feature="search", user="u1"),
        call("k11", 6_000, at("2026-10-08"), feature=None),
    ]
    rows += [
        call(f"t{ticket}", 1_000, at(day), ticket=ticket, user="u2", feature="support")
        for ticket, (_, day) in TICKETS.items()
    ]
    return rows


@pytest.fixture(scope="module")
def asked(home: Home) -> Home:
    home.reference("mappings/assistant_calls", CALLS_MAPPING)
    home.reference("mappings/product_events", EVENTS_MAPPING)
    home.reference(
        "outcome_values",
        "unit,class,value_usd,valid_from,valid_to,doc_ref\nsuccessful_task,report,2,2026-01-01,,note\n",
    )
    home.drop("assistant_calls/2026.jsonl", json_lines(*calls()))
    home.drop("product_events/2026.jsonl", json_lines(*events()))
    home.compute()
    return home


# ---- cohorts


def test_a_cohort_takes_all_cost_of_its_tasks_with_it_and_the_rest_stays_in_its_month(
    asked: Home,
) -> None:
    rows = asked.sql(
        "select period_start, task_type, cohort, concluded_tasks, attempts, successful_tasks,"
        " computed_cost_usd, computed_attempt_unit_cost_usd, computed_successful_task_unit_cost_usd"
        " from marts.task_cost_factors where period_grain = 'month' order by 1, 2, 3"
    )
    september, october = date(2026, 9, 1), date(2026, 10, 1)
    assert rows == [
        # August's call of R1 is September's cost
        (september, "report", "concluded", 2, 3, 1, D("0.2"), D("0.066666666667"), D("0.2")),
        (september, "unattributed", "unattributed", 0, 0, 0, D("0.01"), None, None),
        (october, "quote", "concluded", 1, 1, 1, D("0.01"), D("0.01"), D("0.01")),
        (october, "report", "concluded", 3, 4, 2, D("0.5"), D("0.125"), D("0.25")),
        (october, "report", "open", 0, 0, 0, D("0.01"), None, None),
        (october, "unattributed", "unattributed", 0, 0, 0, D("0.04"), None, None),
    ]


def test_the_change_between_two_months_is_split_to_the_last_digit(asked: Home) -> None:
    rows = asked.sql(
        "select effect, effect_unit_cost_usd, change_unit_cost_usd from marts.unit_cost_changes"
        " where period_grain = 'month' and task_type = 'report' order by effect_no"
    )
    assert {row[0]: row[1] for row in rows} == {
        "price": 0,
        "tier": 0,
        "mix": 0,
        # 40,000 tokens in 3 attempts, then 100,000 in 4: 0.20 would have been 0.375
        "tokens_per_attempt": D("0.175"),
        "other_charges": 0,
        # 3 attempts for 2 tasks, then 4 for 3: 0.375 would have been 1/3
        "attempts_per_task": D("-0.041666666667"),
        # 1 of 2, then 2 of 3
        "success_rate": D("-0.083333333333"),
    }
    assert {row[2] for row in rows} == {D("0.05")}


def test_the_parts_of_a_call_keep_its_tokens_and_its_price(asked: Home) -> None:
    lines = asked.warehouse_sql(
        "select concluded_date, meter, quantity, cost_usd from intermediate.int_task_meter_costs"
        " where task_type = 'report' and concluded_date >= '2026-10-01' order by 1, 2"
    )
    # a third of 20,000 tokens beside 40,000, 20,000 and 20,000 of the tasks' own
    assert [(day, quantity) for day, meter, quantity, _ in lines if meter == "output_tokens"] == [
        (date(2026, 10, 1), D("46666.666667")),
        (date(2026, 10, 6), D("26666.666667")),
        (date(2026, 10, 7), D("26666.666666")),
    ]
    price = D("0.000005")
    assert all(cost == quantity * price for _, meter, quantity, cost in lines if quantity)
    assert sum(cost for *_, cost in lines) == D("0.5")


# ---- the semantic layer

Question = tuple[list[str], list[str]]


@pytest.fixture(scope="module")
def project(asked: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dbt project as `mf` wants it: the manifest in the folder `target` beside the project."""
    folder = tmp_path_factory.mktemp("a project")
    for path in DBT.iterdir():
        if path.name not in ("target", "logs"):
            (folder / path.name).symlink_to(path)
    (folder / "target").mkdir()
    (folder / "target" / "semantic_manifest.json").write_bytes(
        (dbt_target() / "semantic_manifest.json").read_bytes()
    )
    return folder


def variables(home: Home) -> dict[str, str]:
    """What `make metrics` sets; nothing listens at the proxy, so nobody looks for updates."""
    return {
        **os.environ,
        "TRUEUP_WAREHOUSE": str(home.settings.snapshot),
        "TRUEUP_ACCESS_MODE": "read_only",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }


def ask(home: Home, project: Path, questions: list[Question]) -> list[dict[str, Any]]:
    """The answers of MetricFlow, with `exact`: what its SQL says before it is shown as doubles."""
    script = Path(__file__).with_name("metrics_asked.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        cwd=project,
        env=variables(home),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers = json.loads(done.stdout.rpartition("\n[")[2].join(["[", ""]))
    with duckdb.connect(str(home.settings.snapshot), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        for answer in answers:
            answer["exact"] = con.execute(answer["sql"]).fetchall()
    return answers


SPEND = [f"{basis}_spend_usd" for basis in ("computed", "trued_up")]


class Mart(NamedTuple):
    """A unit-cost mart, and the name of its rows in the semantic layer."""

    name: str
    entity: str
    class_column: str
    denominator: str


FEATURES = Mart("cost_per_feature", "feature_period", "feature", "feature_requests")
USERS = Mart("cost_per_active_user", "user_period", "user_class", "active_users")
TASKS = Mart("cost_per_successful_task", "task_period", "task_type", "successful_tasks")
CONVERSIONS = Mart(
    "cost_per_conversion", "conversion_period", "conversion_type",
    "conversions_final + conversions_provisional",
)  # fmt: skip
RESOLVED = Mart(
    "cost_per_resolved_ticket", "ticket_period", "resolution_kind",
    "resolved_final + resolved_provisional",
)  # fmt: skip
Case = tuple[list[str], list[str], str]


def both(count: str, cost: str, ratio: str) -> list[str]:
    """Names of a denominator, and of cost and unit cost on each basis."""
    names = [count]
    for basis in ("computed", "trued_up"):
        names += [cost.format(basis), ratio.format(basis)]
    return names


def direct(mart: Mart, names: list[str], where: str = "true") -> Case:
    """Question and query for the direct figures of a unit."""
    columns = both(mart.denominator, "{}_cost_usd", "{}_direct_unit_cost_usd")
    return names, [f"{mart.entity}__{mart.class_column}"], (
        f"select period_start, {mart.class_column}, {', '.join(columns)} from marts.{mart.name}"
        f" where in_scope and {mart.class_column} <> 'unattributed' and {where}"
    )  # fmt: skip


def loaded(mart: Mart, names: list[str], where: str = "true") -> Case:
    """Question and query for the loaded figures of a unit."""
    columns = both(mart.denominator, "{}_loaded_cost_usd", "{}_loaded_unit_cost_usd")
    return names, [f"{mart.entity}__{mart.class_column}"], (
        f"select period_start, {mart.class_column}, {', '.join(columns)} from marts.{mart.name}"
        f" where computed_loaded_cost_usd is not null and {where}"
    )  # fmt: skip


KINDS = {
    "human": "human_solved",
    "ai_confirmed": "ai_confirmed",
    "ai_assumed": "ai_assumed",
    "unknown_kind": "unknown",
}
DIRECT = [
    direct(FEATURES, both("feature_requests", "feature_{}_cost_usd",
                          "{}_cost_per_feature_request")),
    direct(TASKS, both("successful_tasks", "task_{}_cost_usd", "{}_cost_per_successful_task")),
    direct(CONVERSIONS, both("conversions", "conversion_{}_cost_usd", "{}_cost_per_conversion")),
    *(
        direct(
            RESOLVED,
            both(f"tickets_resolved_{name}", f"ticket_{{}}_cost_usd_{name}",
                 f"{{}}_cost_per_ticket_{name}"),
            f"resolution_kind = '{kind}'",
        )
        for name, kind in KINDS.items()
    ),
]  # fmt: skip
LOADED = [
    loaded(FEATURES, both("feature_requests_month", "feature_{}_loaded_cost_usd_month",
                          "{}_loaded_cost_per_feature_request_month")),
    loaded(TASKS, both("successful_tasks_month", "task_{}_loaded_cost_usd_month",
                       "{}_loaded_cost_per_successful_task_month")),
    loaded(CONVERSIONS, both("conversions_month", "conversion_{}_loaded_cost_usd_month",
                             "{}_loaded_cost_per_conversion_month")),
    *(
        loaded(
            RESOLVED,
            both(f"tickets_resolved_{name}_month", f"ticket_{{}}_loaded_cost_usd_{name}_month",
                 f"{{}}_loaded_cost_per_ticket_{name}_month"),
            f"resolution_kind = '{kind}'",
        )
        for name, kind in KINDS.items()
    ),
]  # fmt: skip

RATES = [
    (["concluded_tasks", "successful_tasks", "task_success_rate"], ["task_period__task_type"],
     "select period_start, task_type, concluded_tasks, successful_tasks, task_success_ratio"
     " from marts.cost_per_successful_task where in_scope and concluded_tasks > 0"),
    (["task_cohort_tasks", "task_cohort_attempts", "task_cohort_successes",
      "task_cohort_computed_cost_usd", "task_cohort_trued_up_cost_usd", "attempts_per_task",
      "computed_cost_per_attempt", "trued_up_cost_per_attempt",
      "computed_cohort_cost_per_successful_task", "trued_up_cohort_cost_per_successful_task"],
     ["task_cohort__task_type"],
     "select period_start, task_type, concluded_tasks, attempts, successful_tasks,"
     " computed_cost_usd, trued_up_cost_usd, attempts_per_task_ratio,"
     " computed_attempt_unit_cost_usd, trued_up_attempt_unit_cost_usd,"
     " computed_successful_task_unit_cost_usd, trued_up_successful_task_unit_cost_usd"
     " from marts.task_cost_factors where cohort = 'concluded'"),
]  # fmt: skip
MONTHLY = [
    *(
        ([f"resolutions_{state}_{name}" for state in ("matured", "reopened")]
         + [f"reopened_rate_{name}"], [],
         "select month, matured_resolutions, reopened_resolutions, reopened_ratio"
         f" from marts.resolution_rates where resolution_kind = '{kind}'")
        for name, kind in KINDS.items()
    ),
    (["outcome_value_usd", "feature_computed_margin_usd", "valued_feature_computed_cost_usd",
      "computed_return_on_cost", "feature_trued_up_margin_usd", "trued_up_return_on_cost"],
     ["margin__feature"],
     "select period_start, feature, value_usd, computed_margin_usd, computed_cost_usd,"
     " computed_return_on_cost_ratio, trued_up_margin_usd, trued_up_return_on_cost_ratio"
     " from marts.feature_margins where value_usd is not null"),
]  # fmt: skip


def cases() -> list[Case]:
    """Every question with the query on the marts that it must equal: key columns, then values."""
    found: list[Case] = []
    for grain in ("day", "week", "month"):
        users = [
            direct(USERS, both(f"active_users_{grain}", f"user_{{}}_cost_usd_{grain}",
                               f"{{}}_cost_per_active_user_{grain}"),
                   "user_class = 'end_user'"),
            loaded(USERS, both(f"active_users_{grain}", f"user_{{}}_loaded_cost_usd_{grain}",
                               f"{{}}_loaded_cost_per_active_user_{grain}"),
                   "user_class = 'end_user'"),
        ]  # fmt: skip
        months = LOADED if grain == "month" else []
        found += [
            (names, [f"metric_time__{grain}", *by], f"{query} and period_grain = '{grain}'")
            for names, by, query in [*DIRECT, *RATES, *users, *months]
        ]
        spend = (
            "select period_start, sum(computed_cost_usd), sum(trued_up_cost_usd)"
            f" from marts.cost_per_active_user where period_grain = '{grain}' group by period_start"
        )
        found.append((SPEND, [f"metric_time__{grain}"], spend))
    return [*found, *((names, ["metric_time__month", *by], query) for names, by, query in MONTHLY)]


@pytest.fixture(scope="module")
def answers(asked: Home, project: Path) -> list[dict[str, Any]]:
    return ask(asked, project, [(names, by) for names, by, _ in cases()])


def keyed(rows: list[tuple[Any, ...]], keys: int) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Rows by their keys, days as dates; a group that holds nothing is no row."""

    def plain(value: Any) -> Any:
        return value.date() if isinstance(value, datetime) else value

    found = {tuple(map(plain, row[:keys])): row[keys:] for row in rows if any(row[keys:])}
    assert len(found) == sum(any(row[keys:]) for row in rows)
    return found


@pytest.mark.parametrize(
    "no", range(len(cases())), ids=lambda no: "-".join(cases()[no][1]) + f"-{no}"
)
def test_what_the_semantic_layer_says_is_what_the_mart_says(
    asked: Home, answers: list[dict[str, Any]], no: int
) -> None:
    names, by, query = cases()[no]
    answer = answers[no]
    columns = [name.lower() for name in answer["columns"]]
    # metrics come back in an order of MetricFlow's own
    order = [columns.index(name) for name in [*by, *names]]
    assert len(columns) == len(order)
    wanted = keyed(asked.sql(query), len(by))
    exact = keyed([tuple(row[no] for no in order) for row in answer["exact"]], len(by))
    assert exact.keys() == wanted.keys()
    shown = [[row[no] for no in order[len(by) :]] for row in answer["rows"]]
    for values in exact.values():
        # the same, as doubles
        assert [value if value is None else float(value) for value in values] in shown
    for key, values in wanted.items():
        for name, value, said in zip(names, values, exact[key], strict=True):
            if isinstance(said, float):
                # a unit cost of a mart is rounded at its twelfth place, and a rate at its ninth
                place = 6e-10 if isinstance(value, float) else 6e-13
                assert said == pytest.approx(float(value), rel=5e-10, abs=place), (key, name)
            else:
                assert said == value, (key, name)


def test_every_question_finds_something(asked: Home) -> None:
    """An empty mart would make the comparison above say nothing."""
    empty = {tuple(names) for names, _, query in cases() if not asked.sql(query)}
    # every ticket here says how it was resolved
    assert all("unknown_kind" in names[0] for names in empty)


def test_the_command_says_what_the_mart_says(asked: Home, project: Path, tmp_path: Path) -> None:
    out = tmp_path / "answer.csv"
    done = subprocess.run(
        [str(Path(sys.executable).with_name("mf")), "query",
         "--metrics",
         "successful_tasks,concluded_tasks,task_success_rate,computed_cost_per_attempt",
         "--group-by", "metric_time__month", "--order", "metric_time__month",
         "--where", "{{ TimeDimension('metric_time', 'month') }} >= '2026-10-01'",
         "--csv", str(out), "--quiet"],
        capture_output=True, text=True, cwd=project, env=variables(asked), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with out.open(encoding="utf-8", newline="") as stream:
        (row,) = list(csv.DictReader(stream))
    # four tasks of October with five attempts cost 0.51 USD together, and three succeeded
    assert (row["successful_tasks"], row["concluded_tasks"]) == ("3", "4")
    assert float(row["task_success_rate"]) == pytest.approx(0.75, rel=1e-12)
    assert float(row["computed_cost_per_attempt"]) == pytest.approx(0.51 / 5, rel=1e-12)


def test_users_of_several_periods_are_never_added_up(asked: Home, project: Path) -> None:
    """Two users on two days of a week are two users; the last period of the question counts."""
    names = ["active_users_day", "active_users_week", "active_users_month"]
    (by_month, by_week) = ask(
        asked,
        project,
        [(names[2:], ["metric_time__quarter"]), (names[1:2], ["metric_time__month"])],
    )
    ((_, september), (_, october)) = sorted(by_month["exact"])
    assert (september, october) == (2, 3)
    assert max(count for _, count in by_week["exact"]) == 2


def test_requests_that_a_source_does_not_count_leave_no_unit_cost(
    asked: Home, project: Path
) -> None:
    names = ["feature_requests", "computed_cost_per_feature_request", "feature_computed_cost_usd"]
    with duckdb.connect(str(asked.settings.snapshot)) as con:
        con.execute("create table kept as from marts.cost_per_feature")
        con.execute(
            "update marts.cost_per_feature set feature_requests = null"
            " where feature = 'assistant' and period_start = date '2026-10-01'"
        )
    try:
        (answer,) = ask(
            asked, project, [(names, ["metric_time__month", "feature_period__feature"])]
        )
        found = keyed(answer["exact"], 2)
        requests, unit_cost, cost = found[date(2026, 10, 1), "assistant"]
        assert (requests, unit_cost) == (None, None)
        assert cost > 0
        assert found[date(2026, 9, 1), "assistant"][0] > 0
    finally:
        with duckdb.connect(str(asked.settings.snapshot)) as con:
            con.execute("create or replace table marts.cost_per_feature as from kept")
            con.execute("drop table kept")


def test_weeks_and_months_of_one_day_are_not_summed_with_it(answers: list[dict[str, Any]]) -> None:
    """The spend of a mart with three period grains is asked three times and is one spend."""
    totals = [
        sum(row[1] for row in answer["exact"])
        for answer in answers
        if [name.lower() for name in answer["columns"]][1:] == SPEND
    ]
    assert len(totals) == 3
    assert all(one == other for one, other in pairwise(totals))
