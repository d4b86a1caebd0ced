"""Which cost belongs to which outcome: nine calls whose every share is made by hand.

Claude Haiku 4.5 gives 5 USD per million output tokens, so 20,000 tokens are 0.10 USD.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from exports import HAIKU, anthropic_tokens, json_lines
from harness import Home

D = Decimal
OCTOBER = "period_grain = 'month' and period_start = date '2026-10-01'"
# one part in three of 0.10 USD; the first part takes the last digit
THIRD = D("0.033333333333333333")
FIRST_THIRD = D("0.033333333333333334")

CALLS_MAPPING = """\
target,path,constant,transform,note
kind,,call_log,,
format,,jsonl,,
call_id,id,,,
requested_at,at,,,
channel,,anthropic,,
model_served,model,,,
usage,usage,,usage:anthropic_message,
feature,feature,,,
team,team,,,
prompt_template,template,,,
prompt_version,version,,,
user_key,user,,,
session_id,session,,,
trace_id,trace,,,
task_id,task,,,
ticket_id,ticket,,,
attempt_no,attempt,,,
tags,tags,,,
"""
EVENTS_MAPPING = """\
target,path,constant,transform,note
kind,,outcome_feed,,
format,,jsonl,,
event_id,id,,,
occurred_at,at,,,
event_name,name,,,
outcome_type,type,,,
task_id,task,,,
task_type,task_type,,,
ticket_id,ticket,,,
resolution_kind,kind,,,
session_id,session,,,
trace_id,trace,,,
user_key,user,,,
feature,feature,,,
amount,amount,,,
currency,currency,,,
"""
REPORT = {"task_type": "report", "feature": "assistant", "session": "S1"}
EVENTS = [
    {"id": "e1", "at": "2026-10-05T09:00:00Z", "type": "task_succeeded", "task": "T1", "user": "u1",
     **REPORT},
    {"id": "e2", "at": "2026-10-05T10:00:00Z", "type": "task_succeeded", "task": "T2", "user": "u1",
     **REPORT},
    {"id": "e3", "at": "2026-10-05T11:00:00Z", "type": "task_failed", "task": "T3", "user": "u3",
     **REPORT},
    {"id": "e4", "at": "2026-10-05T12:00:00Z", "type": "ticket_resolved", "ticket": "201",
     "kind": "ai_confirmed", "trace": "X1", "user": "u4"},
    {"id": "e5", "at": "2026-10-05T12:00:00Z", "type": "conversion", "name": "purchase",
     "user": "u2", "amount": "30", "currency": "USD"},
    {"id": "e6", "at": "2026-10-05T13:00:00Z", "type": "conversion", "name": "purchase",
     "user": "u5", "amount": "20", "currency": "EUR"},
]  # fmt: skip


def call(call_id: str, tokens: int, at: str = "2026-10-05T08:00:00Z", **more: object) -> dict:
    """One call that costs 5 USD per million of its output tokens."""
    row = {"id": call_id, "at": at, "model": HAIKU, "usage": anthropic_tokens(0, tokens)}
    return {**row, "feature": "assistant", **more}


def calls(ticket_trace: str | None = "X1") -> list[dict]:
    """The nine calls, 0.62 USD together."""
    return [
        call("k1", 20_000, task="T1", user="u1", attempt=1, template="summary", version="v1",
             tags=["b", "a", "a", "aa", "write me a poem"], team="core"),
        call("k2", 40_000, task="T1", user="u1", attempt=2, template="summary", version="v2",
             tags=["a"], team="core"),
        call("k3", 20_000, session="S1", user="u1"),
        call("k4", 10_000, trace=ticket_trace, user="u4"),
        call("k5", 8_000, "2026-10-05T10:00:00Z", user="u2"),
        call("k6", 14_000, "2026-10-03T10:00:00Z", user="u2"),
        call("k7", 4_000, "2026-10-05T09:30:00Z", user="u1", feature="search"),
        call("k8", 6_000, "2026-10-05T09:30:00Z", user="u1"),
        call("k9", 2_000, feature=None),
    ]  # fmt: skip


def write(home: Home, rows: list[dict]) -> None:
    home.reference("mappings/assistant_calls", CALLS_MAPPING)
    home.reference("mappings/product_events", EVENTS_MAPPING)
    home.reference(
        "allocation_rules",
        "rule,source_feature,method,target_feature,percent,valid_from,valid_to\n"
        "platform,search,proportional,*,,2026-01-01,\n",
    )
    home.reference("call_tags", "tag\na\nb*\n")
    home.reference(
        "outcome_values",
        "unit,class,value_usd,valid_from,valid_to,doc_ref\n"
        "successful_task,report,1.50,2026-01-01,2026-10-05,before the review\n"
        "successful_task,report,1.25,2026-10-05,,after the review\n"
        "successful_task,*,9,2026-01-01,,\n"
        "resolved_ticket,ai_confirmed,4,,,\n",
    )
    home.drop("assistant_calls/2026-10.jsonl", json_lines(*rows))
    home.drop("product_events/2026-10.jsonl", json_lines(*EVENTS))


@pytest.fixture(scope="module")
def company(home: Home) -> Home:
    write(home, calls())
    home.run()
    return home


def bridge(home: Home, unit: str) -> list[tuple]:
    return home.sql(
        "select split_part(calls.source_call_id, '/', 2), bridge.subject_id, bridge.link_method,"
        " bridge.weight, bridge.computed_cost_usd"
        " from marts.cost_outcome_bridge as bridge"
        " inner join marts.fct_llm_calls as calls on bridge.cost_row_id = calls.usage_row_id"
        f" where bridge.unit = '{unit}' and bridge.subject_id <> 'unattributed' order by all"
    )


def test_a_task_takes_its_own_calls_a_part_of_its_sessions_and_its_users_next(
    company: Home,
) -> None:
    """The search call of the same user is no part: its feature is another. k9 names nobody."""
    assert bridge(company, "successful_task") == [
        ("k1", "T1", "task_id", D(1), D("0.10")),
        ("k2", "T1", "task_id", D(1), D("0.20")),
        ("k3", "T1", "session_id", D("0.333333333333333334"), FIRST_THIRD),
        ("k3", "T2", "session_id", D("0.333333333333333333"), THIRD),
        ("k3", "T3", "session_id", D("0.333333333333333333"), THIRD),
        ("k8", "T2", "user_window", D(1), D("0.03")),
    ]


def test_a_ticket_is_found_by_its_trace_and_a_conversion_by_the_users_last_day(
    company: Home,
) -> None:
    """k6 is two days before the conversion, and no call of u5 led to the second one."""
    assert bridge(company, "resolved_ticket") == [("k4", "201", "trace_id", D(1), D("0.05"))]
    conversions = bridge(company, "conversion")
    assert [(row[0], row[2], row[4]) for row in conversions] == [("k5", "user_window", D("0.04"))]


def test_every_unit_accounts_for_every_cost_row_once(company: Home) -> None:
    rows = company.sql(
        "select unit, cost_row_id from marts.cost_outcome_bridge group by all"
        " having sum(weight) <> 1"
    )
    assert rows == []
    assert company.sql(
        "select unit, sum(computed_cost_usd) from marts.cost_outcome_bridge group by all order by 1"
    ) == [("conversion", D("0.62")), ("resolved_ticket", D("0.62")), ("successful_task", D("0.62"))]


def test_match_rates_say_how_much_each_key_matched(company: Home) -> None:
    rows = company.sql(
        "select link_method, computed_cost_usd, computed_share_ratio from marts.match_rates"
        f" where unit = 'successful_task' and {OCTOBER} order by 1"
    )
    assert rows == [
        ("session_id", D("0.10"), 0.161290323),
        ("task_id", D("0.30"), 0.483870968),
        ("unattributed", D("0.19"), 0.306451613),
        ("user_window", D("0.03"), 0.048387097),
    ]


def test_unit_costs_hold_the_matched_spend_and_all_spend_in_scope(company: Home) -> None:
    """Tasks: 0.43 matched over 2 successes of 3; tickets: 0.05 over 1; conversions: 0.04 over 2."""
    found = {
        mart: company.sql(
            f"select {count}, computed_direct_unit_cost_usd, computed_loaded_unit_cost_usd"
            f" from marts.{mart} where {OCTOBER} and {count} > 0"
        )
        for mart, count in (
            ("cost_per_successful_task", "successful_tasks"),
            ("cost_per_resolved_ticket", "resolved_provisional"),
            ("cost_per_conversion", "conversions_final"),
        )
    }
    assert found == {
        "cost_per_successful_task": [(2, D("0.215"), D("0.31"))],
        "cost_per_resolved_ticket": [(1, D("0.05"), D("0.62"))],
        "cost_per_conversion": [(2, D("0.02"), D("0.31"))],
    }


def test_a_task_belongs_to_the_prompt_version_of_its_dearest_call(company: Home) -> None:
    rows = company.sql(
        "select task_type, prompt_template, prompt_version, computed_cost_usd, concluded_tasks,"
        " successful_tasks from marts.cost_per_successful_task_by_prompt_version"
        f" where {OCTOBER} order by all"
    )
    assert rows == [
        ("report", "summary", "v2", D("0.30") + FIRST_THIRD, 1, 1),
        ("report", "unattributed", "unattributed", D("0.03") + 2 * THIRD, 2, 1),
        ("unattributed", "unattributed", "unattributed", D("0.19"), 0, 0),
    ]


def test_tag_totals_reconcile_to_spend_in_both_views(company: Home) -> None:
    """C61: a call with two tags counts for both in one view and is shared in the other."""
    rows = company.sql(
        "select tag_view, tag, requests, computed_cost_usd from marts.cost_by_tag"
        f" where {OCTOBER} order by all"
    )
    assert rows == [
        ("full", "a", 2, D("0.30")),
        ("full", "b", 1, D("0.10")),
        ("full", "counted_more_than_once", -1, D("-0.10")),
        ("full", "untagged", 7, D("0.32")),
        ("split", "a", 2, D("0.25")),
        ("split", "b", 0, D("0.05")),
        ("split", "untagged", 7, D("0.32")),
    ]


def test_shared_cost_moves_to_its_receivers_and_none_is_lost(company: Home) -> None:
    rows = company.sql(
        "select feature, computed_own_cost_usd, computed_allocated_usd, computed_cost_usd,"
        " computed_unit_cost_usd from marts.cost_per_feature_allocated order by 1"
    )
    assert rows == [
        ("assistant", D("0.59"), D("0.02"), D("0.61"), D("0.087142857143")),
        ("search", D("0.02"), D("-0.02"), D(0), D(0)),
        ("unattributed", D("0.01"), D(0), D("0.01"), None),
    ]


def test_value_beside_cost_gives_margin_and_return_and_an_unknown_value_stays_unknown(
    company: Home,
) -> None:
    """Two reports at 1.25 from that day on, a ticket at 4, a sale of 30 USD; 20 EUR is no USD."""
    rows = company.sql(
        "select feature, outcomes, outcomes_without_value, value_usd, computed_cost_usd,"
        " computed_margin_usd, computed_return_on_cost_ratio from marts.feature_margins order by 1"
    )
    assert rows == [
        ("assistant", 4, 0, D("36.50"), D("0.59"), D("35.91"), 60.86440678),
        ("search", 0, 0, None, D("0.02"), None, None),
        ("unattributed", 1, 1, None, D("0.01"), None, None),
    ]


def test_a_worse_match_rate_never_makes_a_ticket_cheaper(company: Home, make_home) -> None:
    """Without its trace the ticket's own spend is unknown, and the loaded unit cost is the same."""
    other = make_home("without the trace")
    write(other, calls(ticket_trace=None))
    other.compute()
    query = (
        "select computed_direct_unit_cost_usd, computed_loaded_unit_cost_usd, match_coverage_ratio"
        f" from marts.cost_per_resolved_ticket where {OCTOBER} and resolved_provisional = 1"
    )
    assert company.sql(query) == [(D("0.05"), D("0.62"), 0.080645161)]
    assert other.sql(query) == [(D(0), D("0.62"), 0.0)]


def test_a_constant_in_the_session_field_links_nothing(make_home) -> None:
    """101 tasks of one session id: no part of the call is any of theirs."""
    home = make_home("constant session")
    write(home, [call("k1", 20_000, session="none-at-all")])
    home.drop("product_events/more.jsonl", json_lines(*(
        {"id": f"m{n}", "at": "2026-10-05T09:00:00Z", "type": "task_succeeded", "task": f"M{n}",
         "task_type": "report", "session": "none-at-all"} for n in range(101)
    )))  # fmt: skip
    home.compute()
    assert bridge(home, "successful_task") == []


def test_a_window_of_the_users_own_names_the_feature_and_the_hours(make_home) -> None:
    """Search calls may lead to tasks within an hour; of the assistant's own none may."""
    home = make_home("own windows")
    write(home, calls())
    home.reference(
        "attribution_windows",
        "unit,feature,window_hours\nsuccessful_task,search,1\nsuccessful_task,assistant,0\n",
    )
    home.compute()
    by_window = [row[:3] for row in bridge(home, "successful_task") if row[2] == "user_window"]
    assert by_window == [("k7", "T2", "user_window")]
