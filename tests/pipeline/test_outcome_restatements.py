"""A closed September whose outcomes change afterwards: every change is a dated line.

Five tickets were solved by people, each with one call of gpt-5 (10,000 in, 1,000 out = 0.0225 USD):
1 on 10 September, 2 on the 28th, 3 on the 29th, 4 on the 30th and 5 on the 20th; T1 and T2
succeeded, two users bought. Zendesk had told everything up to 1 October 12:00, the product's feed
up to 1 October 10:00. Then it was closed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from exports import GPT, json_lines, spend_log, ticket, tickets
from harness import Home, differing_marts

from dagster_project.lib.closing import Author, Decision, decide
from dagster_project.lib.compiled_models import build_model
from dagster_project.lib.dbt_project import compiled_manifest
from dagster_project.lib.publish import publish_snapshot
from dagster_project.lib.warehouse import connect

D = Decimal
SEPTEMBER = "period_grain = 'month' and period_start = date '2026-09-01'"
CALL = D("0.0225")
FEED = """\
target,path,constant,transform,note
kind,,outcome_feed,,
format,,jsonl,,
event_id,id,,,
occurred_at,at,,,
received_at,received,,,
event_name,event,,,
outcome_type,event,,,
outcome_status,status,,,
task_id,task,,,
task_type,type,,,
user_key,user,,,
reverses_event_id,reverses,,,
"""
LINES = (
    "select unit, class, restated_on, cause, outcomes_before, change, outcomes_after"
    " from marts.outcome_restatements order by unit, class, restated_on nulls last, cause"
)
UNITS = (
    "select unit, class, before_unit_cost_usd, after_unit_cost_usd from marts.outcome_restatements"
    " where unit = 'resolved_ticket' order by restated_on"
)
COUNTS = (
    "select unit, class, outcomes from marts.outcome_months where month = date '2026-09-01'"
    " order by all"
)


def event(name: str, day: str, kind: str, **more: Any) -> dict[str, Any]:
    """One line of the product's feed, received when it happened."""
    return {"id": name, "at": f"{day}T10:00:00Z", "event": kind, "type": "answer", **more}


def land_september(home: Home) -> None:
    """Calls, tickets and events as they were known on 1 October."""
    home.reference("mappings/product", FEED)
    home.drop("litellm_spend_logs/2026-09.jsonl", json_lines(*(
        spend_log(f"c{number}", f"2026-09-{day}T09:00:00.000Z", GPT, 10000, 1000,
                  tags=[f"ticket:{number}", "feature:support"])
        for number, day in ((1, 10), (2, 28), (3, 29), (4, 30), (5, 20))
    )))  # fmt: skip
    home.drop("zendesk_tickets/october-1.json", tickets(
        *(ticket(number, "solved", f"2026-09-{day}T10:00:00Z")
          for number, day in ((1, 10), (2, 28), (3, 29), (4, 30), (5, 20))),
        ticket(6, "open", "2026-10-01T12:00:00Z"),
    ))  # fmt: skip
    home.drop("product/october-1.jsonl", json_lines(
        event("done1", "2026-09-12", "task_succeeded", task="T1"),
        event("done2", "2026-09-13", "task_succeeded", task="T2"),
        event("failed2", "2026-09-14", "task_failed", task="T2"),
        event("bought1", "2026-09-15", "conversion", type="purchase", user="u1"),
        event("bought2", "2026-09-16", "conversion", type="purchase", user="u2"),
        event("here1", "2026-09-16", "user_active", user="u1"),
        event("last", "2026-10-01", "user_active", user="u1"),
    ))  # fmt: skip


def land_october(home: Home) -> None:
    """What was known a week later."""
    home.drop("zendesk_tickets/october-8.json", tickets(
        ticket(9, "closed", "2026-10-02T09:00:00Z",
               metric_set={"solved_at": "2026-09-30T20:00:00Z", "reopens": 0}),
        ticket(2, "open", "2026-10-03T09:00:00Z"),
        ticket(7, "open", "2026-10-04T09:00:00Z", created_at="2026-10-04T09:00:00Z",
               via={"channel": "web", "source": {"from": {"ticket_id": 3}, "rel": "follow_up"}}),
        ticket(1, "closed", "2026-10-05T09:00:00Z", merged_ticket_ids=[4]),
        ticket(5, "deleted", "2026-10-06T09:00:00Z"),
    ))  # fmt: skip
    home.drop("product/october-8.jsonl", json_lines(
        event("bought3", "2026-09-30", "conversion", type="purchase", user="u3",
              received="2026-10-02T12:00:00Z"),
        event("undone2", "2026-10-05", "task_failed", task="T2", reverses="done2"),
        event("here3", "2026-09-30", "user_active", user="u3", received="2026-10-02T12:00:00Z"),
        event("here1 too", "2026-09-30", "user_active", user="u1", received="2026-10-02T12:00:00Z"),
        # not received late but landed late: no earlier file reaches the fifth
        event("forgotten", "2026-09-05", "task_succeeded", task="T0"),
        event("money back", "2026-10-07", "conversion", type="purchase", user="u1",
              status="refunded"),
    ))  # fmt: skip


def decision(home: Home, name: Decision) -> list[dict[str, Any]]:
    with home.entered():
        return decide(home.settings, name, Author("A. Controller"), month="2026-09")


@dataclass(frozen=True)
class State:
    """What the marts say after one build."""

    lines: list[tuple[Any, ...]]
    units: list[tuple[Any, ...]]
    counts: dict[tuple[str, str], int]
    checks: dict[str, tuple[int, str]]


MARTS = (
    "outcome_restatements",
    "outcome_months",
    "outcome_sources",
    "outcome_entities",
    "fct_outcomes",
    "period_closes",
    "reconciliation_months",
    "report_data_quality",
)


def look(home: Home) -> State:
    home.load()
    with home.entered(), connect(home.settings.warehouse) as con:
        build_model(con, *MARTS)
    publish_snapshot(home.settings.warehouse, home.settings.snapshot)
    assert invariant(home) == []
    return State(
        home.sql(LINES),
        home.sql(UNITS),
        {row[:2]: row[2] for row in home.sql(COUNTS)},
        {
            row[0]: (row[1], row[2])
            for row in home.sql(
                "select check_name, affected, meaning from marts.report_data_quality"
            )
        },
    )


def invariant(home: Home) -> list[tuple[Any, ...]]:
    """Rows of the dbt test that recorded counts and changes give the counts of the marts."""
    nodes = json.loads(compiled_manifest().read_text(encoding="utf-8"))["nodes"]
    (sql,) = [
        node["compiled_code"]
        for node in nodes.values()
        if node["name"] == "integrity_outcome_restatements_equal_the_marts"
    ]
    return home.warehouse_sql(sql)


@dataclass
class Story:
    """One month, closed, changed, closed again; a state after each step."""

    home: Home
    states: dict[str, State]
    decided: list[dict[str, Any]]
    rebuilt: dict[str, int]
    rebuilt_home: Home


@pytest.fixture(scope="module")
def story(make_home: Callable[[str], Home], tmp_path_factory: pytest.TempPathFactory) -> Story:
    home = make_home("closed month")
    land_september(home)
    states = {"open": look(home)}
    decided = decision(home, "close")
    states["closed"] = look(home)
    land_october(home)
    states["changed"] = look(home)
    again = home.rebuilt(Path(tmp_path_factory.mktemp("rebuilt")) / "home")
    states["rebuilt"] = look(again)
    rebuilt = differing_marts(home, again)
    home.reference(
        "outcome_rules",
        "source,event_name,property,value,outcome_type,task_type,resolution_kind\n"
        "product,conversion,,,conversion,sale,\n",
    )
    states["renamed"] = look(home)
    decided += decision(home, "reopen")
    states["reopened"] = look(home)
    decided += decision(home, "close")
    states["closed again"] = look(home)
    return Story(home, states, decided, rebuilt, again)


def test_a_closing_records_the_denominators_that_were_published(story: Story) -> None:
    """Ticket 2 to 4 are younger than seven days on 1 October 12:00, when the data ends."""
    first = story.decided[0]
    spend = f"{5 * CALL:.18f}"
    assert json.loads(first["outcomes"]) == [
        {"unit": "active_user", "class": "end_user", "final": 1, "provisional": 0,
         "loaded_cost_usd": spend},
        {"unit": "conversion", "class": "purchase", "final": 2, "provisional": 0,
         "loaded_cost_usd": spend},
        {"unit": "resolved_ticket", "class": "human_solved", "final": 2, "provisional": 3,
         "loaded_cost_usd": spend},
        {"unit": "successful_task", "class": "answer", "final": 2, "provisional": 0,
         "loaded_cost_usd": spend},
    ]  # fmt: skip
    assert json.loads(first["outcome_sources"]) == [
        {"source": "product", "account": "default", "known_through_at": "2026-10-01 10:00:00",
         "last_arrival_no": 3},
        {"source": "zendesk_tickets", "account": "default",
         "known_through_at": "2026-10-01 12:00:00", "last_arrival_no": 2},
    ]  # fmt: skip


def test_a_closed_month_without_news_has_no_restatement(story: Story) -> None:
    assert story.states["open"].lines == story.states["closed"].lines == []
    assert story.states["closed"].counts == story.states["open"].counts


TICKETS = [
    (date(2026, 10, 2), "late_outcome", 5, 1, 6),
    (date(2026, 10, 3), "reopened", 6, -1, 5),
    (date(2026, 10, 4), "follow_up", 5, -1, 4),
    (date(2026, 10, 5), "merged", 4, -1, 3),
    (date(2026, 10, 6), "deleted", 3, -1, 2),
]


def test_a_late_reopen_lowers_the_closed_month_and_leaves_a_dated_line(story: Story) -> None:
    """Ticket 9 came late; 2 was reopened, 3 followed up, 4 merged away, 5 deleted: 1 and 9 stay."""
    changed = story.states["changed"]
    assert changed.counts["resolved_ticket", "human_solved"] == 2
    assert [line[2:] for line in changed.lines if line[0] == "resolved_ticket"] == TICKETS


def test_a_refund_a_late_conversion_and_a_success_taken_back_are_dated_lines(story: Story) -> None:
    """The failure of T2 after its success changed nothing; the reversal did."""
    changed = story.states["changed"]
    assert [line[:7] for line in changed.lines if line[0] != "resolved_ticket"] == [
        # u1 was active in September already
        ("active_user", "end_user", date(2026, 10, 2), "late_outcome", 1, 1, 2),
        ("conversion", "purchase", date(2026, 10, 2), "late_outcome", 2, 1, 3),
        ("conversion", "purchase", date(2026, 10, 7), "reversed", 3, -1, 2),
        ("successful_task", "answer", date(2026, 10, 1), "late_outcome", 2, 1, 3),
        ("successful_task", "answer", date(2026, 10, 5), "reversed", 3, -1, 2),
    ]
    assert changed.counts["conversion", "purchase"] == 2
    assert changed.counts["successful_task", "answer"] == 2


def test_unit_costs_before_and_after_share_the_spend_of_the_closing(story: Story) -> None:
    """0.1125 by 5, 6, 5, 4, 3 and 2 tickets."""
    by_count = {
        5: D("0.0225"), 6: D("0.01875"), 4: D("0.028125"), 3: D("0.0375"), 2: D("0.05625"),
    }  # fmt: skip
    wanted = [(by_count[line[2]], by_count[line[4]]) for line in TICKETS]
    assert [row[2:] for row in story.states["changed"].units] == wanted


def test_a_restatement_names_the_outcomes_that_it_is_about(story: Story) -> None:
    ids = story.rebuilt_home.sql(
        "select lines.cause, outcomes.subject_id, outcomes.outcome_status, outcomes.is_counted"
        " from (select cause, unnest(outcome_ids) as outcome_id from marts.outcome_restatements"
        " where unit = 'resolved_ticket') as lines"
        " inner join marts.fct_outcomes as outcomes using (outcome_id) order by all"
    )
    assert ids == [
        ("deleted", "5", "reversed", False),
        ("follow_up", "3", "reversed", False),
        ("late_outcome", "9", "provisional", True),
        ("merged", "4", "reversed", False),
        ("reopened", "2", "reversed", False),
    ]


def test_what_is_taken_back_stays_a_row_beside_what_takes_it_back(story: Story) -> None:
    rows = story.rebuilt_home.sql(
        "select source_event_id, outcome_type, outcome_status, reversed_at::varchar, is_counted"
        " from marts.fct_outcomes where source_event_id in ('bought1', 'money back', 'done2',"
        " 'undone2', 'failed2') order by 1"
    )
    assert rows == [
        ("bought1", "conversion", "reversed", "2026-10-07 10:00:00", False),
        ("done2", "task_succeeded", "reversed", "2026-10-05 10:00:00", False),
        ("failed2", "task_failed", "failure", None, True),
        ("money back", "conversion_reversed", "refunded", None, False),
        ("undone2", "task_reversed", "neutral", None, False),
    ]


def test_a_ticket_or_task_has_its_state_its_links_and_its_part_of_the_cost(story: Story) -> None:
    """Ticket 2 is open again, 3 lives on in 7, 4 went into 1; the calls of T1 and T2 name none."""
    rows = story.rebuilt_home.sql(
        "select subject_type, subject_id, current_status, resolution_state, resolution_kind,"
        " reopen_count_transition, followup_of, merged_into, touches, computed_cost_usd"
        " from marts.outcome_entities order by all"
    )
    human = "human_solved"
    assert rows == [
        ("task", "T0", "success", "final", "answer", 0, None, None, 0, D(0)),
        ("task", "T1", "success", "final", "answer", 0, None, None, 0, D(0)),
        ("task", "T2", "failure", "reversed", "answer", 1, None, None, 0, D(0)),
        ("ticket", "1", "closed", "final", human, 0, None, None, 1, CALL),
        ("ticket", "2", "open", "reversed", human, 1, None, None, 1, CALL),
        ("ticket", "3", "solved", "reversed", human, 0, None, None, 1, CALL),
        ("ticket", "4", "solved", "void", human, 0, None, "1", 1, CALL),
        ("ticket", "5", "deleted", "void", human, 0, None, None, 1, CALL),
        ("ticket", "6", "open", "open", None, 0, None, None, 0, D(0)),
        ("ticket", "7", "open", "open", None, 0, "3", None, 0, D(0)),
        ("ticket", "9", "closed", "provisional", human, 0, None, None, 0, D(0)),
    ]


def test_a_rebuild_from_landing_gives_the_same_restatements(story: Story) -> None:
    assert story.rebuilt == {}
    assert story.states["rebuilt"] == story.states["changed"]


def test_what_nothing_dated_explains_is_a_line_of_its_own(story: Story) -> None:
    """A rule renames every purchase: the two that count leave the class without a date."""
    lines = [line for line in story.states["renamed"].lines if line[0] == "conversion"]
    assert lines == [
        ("conversion", "purchase", None, "rule_or_identity_change", 2, -2, 0),
        ("conversion", "sale", date(2026, 10, 2), "late_outcome", 0, 1, 1),
        ("conversion", "sale", date(2026, 10, 7), "reversed", 1, -1, 0),
        ("conversion", "sale", None, "rule_or_identity_change", 0, 2, 2),
    ]


def test_the_data_quality_report_names_each_restated_month(story: Story) -> None:
    name = "restated_outcomes_2026_09"
    assert name not in story.states["closed"].checks
    affected, meaning = story.states["changed"].checks[name]
    assert affected == 10
    assert meaning.startswith("September 2026 was closed on ")


def test_reopening_and_closing_again_starts_afresh(story: Story) -> None:
    assert story.states["reopened"].lines == []
    assert story.states["closed again"].lines == []
    assert story.states["closed again"].counts == story.states["renamed"].counts


def test_the_invariant_test_sees_a_line_that_is_missing(story: Story) -> None:
    """The dbt test adds recorded and changes and compares them with the marts."""
    home = story.rebuilt_home
    assert invariant(home) == []
    home.write("delete from marts.outcome_restatements where cause = 'reopened'")
    assert invariant(home) == [(date(2026, 9, 1), "resolved_ticket", "human_solved", 1)]
