"""Tickets of every support tool and of product feeds: one resolution each, whoever tells of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dagster_project.lib.reference import load_reference
from dagster_project.sources import SOURCES
from tests.conftest import Landing
from tests.laws.rendering import DBT, cuts, model

# 2026-03-01 10:00 UTC.
MARCH = 1772359200
DAY = 86400


def _build(landing: Landing, name: str, empty: dict[str, str] | None = None) -> None:
    """Ingest everything and make a model, and what it is made of, as temporary tables.

    `empty`: models to stand without rows, with the columns that are asked of them.
    """
    load_reference(landing.con, landing.settings)
    for source in SOURCES:
        landing.ingest(source)
    landing.con.execute("set search_path = 'raw'")
    done: set[str] = set()
    for table, columns in (empty or {}).items():
        landing.con.execute(f"create or replace temp table {table} ({columns})")
        done.add(table)

    def make(wanted: str) -> None:
        if wanted in done:
            return
        done.add(wanted)
        (path,) = (DBT / "models").rglob(f"{wanted}.sql")
        for needed in re.findall(r"ref\('(\w+)'\)", path.read_text()):
            make(needed)
        landing.con.execute(f"create or replace temp table {wanted} as {model(wanted)}")

    make(name)


def _rules(landing: Landing, *rows: str) -> None:
    header = "source,event_name,property,value,outcome_type,task_type,resolution_kind\n"
    landing.settings.reference.mkdir(parents=True, exist_ok=True)
    path = landing.settings.reference / "outcome_rules.csv"
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")


def _feed(landing: Landing, *lines: dict[str, Any], name: str = "product_log") -> None:
    landing.mapping(
        name,
        "kind,,outcome_feed,",
        "event_id,id,,",
        "occurred_at,at,,",
        "outcome_type,type,,",
        "ticket_id,ticket,,",
        "resolution_kind,kind,,",
        "user_key,user,,",
    )
    landing.drop_lines(f"{name}/{landing.clock}.jsonl", *lines)


def _said(number: int, outcome_type: str, ticket: str, day: str, **values: Any) -> dict[str, Any]:
    at = f"{day}T10:00:00Z"
    return {"id": number, "type": outcome_type, "ticket": ticket, "at": at, **values}


def _zendesk(ticket: int, status: str, day: str, **values: Any) -> dict[str, Any]:
    return {"id": ticket, "status": status, "updated_at": f"{day}T10:00:00Z", **values}


def _clock(number: int, kind: str, day: str, ticket: int = 1) -> dict[str, Any]:
    return {
        "id": number,
        "ticket_id": ticket,
        "metric": "requester_wait_time",
        "type": kind,
        "time": f"{day}T10:00:00Z",
    }


def _resolutions(landing: Landing) -> list[tuple[Any, ...]]:
    _build(landing, "int_ticket_resolutions")
    return landing.rows(
        "select source, ticket_id, resolved_at::date::varchar, resolution_kind, resolution_state,"
        " is_counted from int_ticket_resolutions order by source, ticket_id, resolved_at"
    )


@pytest.fixture
def told(landing: Landing) -> Landing:
    """A home whose feeds have reported until the end of April, so that March has matured."""
    _feed(landing, _said(1, "user_active", "", "2026-04-30", user="u"), name="presence")
    return landing


def test_metric_events_tell_what_happened_before_the_only_exported_version(told: Landing) -> None:
    _rules(told, "zendesk_tickets,,tag,ai_resolved,ticket_resolved,,ai_confirmed")
    ticket = _zendesk(1, "closed", "2026-03-20", tags=["ai_resolved"])
    told.drop("zendesk_tickets/t.json", {"tickets": [ticket]})
    events = [
        _clock(1, "activate", "2026-03-01"),
        _clock(2, "fulfill", "2026-03-02"),
        _clock(3, "activate", "2026-03-03"),
        _clock(4, "fulfill", "2026-03-04"),
    ]
    told.drop("zendesk_metric_events/m.json", {"ticket_metric_events": events})
    assert _resolutions(told) == [
        # the clock does not say who solved it
        ("zendesk_tickets", "1", "2026-03-02", "unknown", "reversed", False),
        ("zendesk_tickets", "1", "2026-03-04", "ai_confirmed", "final", True),
    ]


def test_every_tool_counts_its_resolved_tickets_once(told: Landing) -> None:
    told.drop("zendesk_tickets/t.json", {"tickets": [_zendesk(1, "solved", "2026-03-20")]})
    told.drop(
        "intercom_conversations/c.json",
        {
            "type": "conversation",
            "id": "503",
            "created_at": MARCH,
            "updated_at": MARCH + 2 * DAY,
            "state": "closed",
            "open": False,
            "contacts": {"contacts": [{"id": "c1", "external_id": "u1"}]},
            "ai_agent": {"source_type": "workflow", "resolution_state": "assumed_resolution"},
            "conversation_parts": {
                "conversation_parts": [
                    {
                        "id": 1,
                        "part_type": "close",
                        "created_at": MARCH + DAY,
                        "author": {"type": "bot"},
                    }
                ]
            },
        },
    )
    told.drop(
        "intercom_conversations/preview.json",
        {
            "type": "conversation",
            "id": "504",
            "updated_at": MARCH,
            "state": "closed",
            "contacts": {"contacts": []},
            "ai_agent": {"source_type": "fin_preview", "resolution_state": "confirmed_resolution"},
        },
    )
    stats = {
        "resolved_at": "2026-03-04T10:00:00Z",
        "reopened_at": "2026-03-03T10:00:00Z",
        "closed_at": "2026-03-07T10:00:00Z",
    }
    told.drop(
        "freshdesk_tickets/t.json",
        [{"id": 20, "status": 5, "updated_at": "2026-03-08T10:00:00Z", "stats": stats}],
    )
    told.drop(
        "salesforce_cases/Case.csv",
        "Id,IsDeleted,MasterRecordId,Status,IsClosed,ClosedDate,SystemModstamp\n"
        "500A,false,,Closed,true,2026-03-04T10:00:00.000Z,2026-03-09T08:00:00.000Z\n"
        "500B,false,,Closed,true,2026-03-04T10:00:00.000Z,2026-03-05T08:00:00.000Z\n"
        "500B,true,500A,Closed,true,2026-03-04T10:00:00.000Z,2026-03-06T08:00:00.000Z\n",
    )
    assert _resolutions(told) == [
        ("freshdesk_tickets", "20", "2026-03-04", "human_solved", "final", True),
        ("intercom_conversations", "503", "2026-03-02", "ai_assumed", "final", True),
        ("salesforce_cases", "500A", "2026-03-04", "human_solved", "final", True),
        ("salesforce_cases", "500B", "2026-03-04", "human_solved", "void", True),
        ("zendesk_tickets", "1", "2026-03-20", "human_solved", "final", True),
    ]


def test_events_of_a_feed_resolve_and_reopen_tickets_that_no_tool_exports(told: Landing) -> None:
    _feed(
        told,
        _said(1, "ticket_resolved", "A", "2026-03-02", kind="ai_confirmed"),
        _said(2, "ticket_resolved", "B", "2026-03-02", kind="ai_confirmed"),
        _said(3, "ticket_reopened", "B", "2026-03-05"),
        _said(4, "ticket_resolved", "C", "2026-03-02"),
        _said(5, "ticket_reopened", "C", "2026-03-12"),
        _said(6, "ticket_resolved", "D", "2026-03-02", kind="ai_assumed"),
        _said(7, "ticket_resolved", "D", "2026-03-03", kind="ai_confirmed"),
        _said(8, "ticket_resolved", "", "2026-03-03"),
    )
    assert _resolutions(told) == [
        ("product_log", "A", "2026-03-02", "ai_confirmed", "final", True),
        ("product_log", "B", "2026-03-02", "ai_confirmed", "reversed", True),
        # reopened when it had matured
        ("product_log", "C", "2026-03-02", "unknown", "final", True),
        ("product_log", "D", "2026-03-02", "ai_confirmed", "final", True),
    ]


def test_an_event_about_a_ticket_of_a_tool_counts_no_second_ticket(told: Landing) -> None:
    versions = [_zendesk(1, "open", "2026-03-01"), _zendesk(1, "solved", "2026-03-03")]
    told.drop("zendesk_tickets/t.json", {"tickets": versions})
    _feed(told, _said(1, "ticket_resolved", "1", "2026-03-02", kind="ai_confirmed"))
    assert _resolutions(told) == [
        ("zendesk_tickets", "1", "2026-03-02", "ai_confirmed", "final", True)
    ]


def test_an_id_that_two_tools_have_takes_no_event_of_a_feed(told: Landing) -> None:
    told.drop("zendesk_tickets/t.json", {"tickets": [_zendesk(1, "open", "2026-03-01")]})
    ticket = {"id": 1, "status": 2, "updated_at": "2026-03-01T10:00:00Z"}
    told.drop("freshdesk_tickets/t.json", [ticket])
    _feed(told, _said(1, "ticket_resolved", "1", "2026-03-02", kind="ai_confirmed"))
    assert _resolutions(told) == []


def test_a_bot_that_closes_is_no_person_and_the_kinds_stay_apart(told: Landing) -> None:
    """A workflow closes three conversations: the agent answered two; a teammate closes a fourth."""
    claims = {
        "601": ("bot", "confirmed_resolution"), "602": ("bot", "assumed_resolution"),
        "603": ("bot", None), "604": ("admin", None),
    }  # fmt: skip
    for number, (closer, claim) in claims.items():
        close = {"id": number, "part_type": "close", "created_at": MARCH + DAY}
        told.drop(
            f"intercom_conversations/{number}.json",
            {
                "type": "conversation",
                "id": number,
                "created_at": MARCH,
                "updated_at": MARCH + 2 * DAY,
                "state": "closed",
                "open": False,
                "contacts": {"contacts": []},
                "ai_agent": {"source_type": "workflow", "resolution_state": claim},
                "conversation_parts": {
                    "conversation_parts": [{**close, "author": {"type": closer}}]
                },
            },
        )
    _build(told, "int_ticket_resolutions")
    assert told.rows(
        "select resolution_kind, count(*) from int_ticket_resolutions"
        " where is_counted and resolution_state = 'final' group by 1 order by 1"
    ) == [("ai_assumed", 1), ("ai_confirmed", 1), ("auto_closed", 1), ("human_solved", 1)]


VECTORS = [
    # states, times solved, reopens as transitions, counted, kind of what counts
    (("open", "solved", "open"), 1, 1, 0, None),
    (("open", "solved", "open", "solved"), 2, 1, 1, "human_solved"),
    (("open", "closed"), 1, 0, 1, "closed_unsolved"),
    (("open", "solved", "closed"), 1, 0, 1, "human_solved"),
]


@pytest.mark.parametrize(("states", "wanted"), [(row[0], row[1:]) for row in VECTORS])
def test_the_histories_of_outcomes_8_give_their_solves_and_reopens(
    told: Landing, states: tuple[str, ...], wanted: tuple[Any, ...]
) -> None:
    """One of Fivetran's own counts is wrong for each of the first three; a close is no solve."""
    for day, state in enumerate(states, start=2):
        page = {"tickets": [_zendesk(1, state, f"2026-03-{day:02}")]}
        told.drop(f"zendesk_tickets/{day}.json", page)
    _build(told, "int_ticket_resolutions")
    stands = "is_counted and resolution_state in ('final', 'provisional')"
    assert told.rows(
        f"select count(*), max(reopens), count(*) filter ({stands}),"
        f" any_value(resolution_kind) filter ({stands}) from int_ticket_resolutions"
    ) == [wanted]


def test_what_counts_among_the_outcomes_is_what_the_unit_cost_is_divided_by(told: Landing) -> None:
    told.drop("zendesk_tickets/t.json", {"tickets": [_zendesk(1, "solved", "2026-03-20")]})
    fulfilled = [_clock(1, "fulfill", "2026-03-02"), _clock(2, "fulfill", "2026-03-02", ticket=9)]
    told.drop("zendesk_metric_events/m.json", {"ticket_metric_events": fulfilled})
    _feed(
        told,
        _said(1, "ticket_resolved", "A", "2026-03-02", kind="ai_confirmed"),
        _said(2, "ticket_resolved", "A", "2026-03-03", kind="ai_confirmed"),
        _said(3, "ticket_resolved", "", "2026-03-03"),
    )
    _build(told, "fct_outcomes")
    columns = ", ".join(f"{column} varchar" for column in ("subject_id", "user_key", *cuts()))
    _build(
        told,
        "int_ticket_outcomes",
        {"int_ticket_profiles": columns, "int_user_cohorts": "user_key varchar, cohort varchar"},
    )
    assert told.rows(
        "select resolution_kind, count(*) filter (is_counted), count(*) from fct_outcomes"
        " where outcome_type = 'ticket_resolved' group by 1 order by 1 nulls first"
    ) == [(None, 0, 3), ("ai_confirmed", 1, 3), ("human_solved", 1, 1), ("unknown", 1, 1)]
    assert told.rows(
        "select class, denominator::int from int_ticket_outcomes where period_grain = 'month'"
        " order by class"
    ) == [("ai_confirmed", 1), ("human_solved", 1), ("unknown", 1)]


def test_previews_of_the_ai_agent_are_no_outcome(told: Landing) -> None:
    told.drop(
        "intercom_conversations/preview.json",
        {
            "type": "conversation",
            "id": "504",
            "created_at": MARCH,
            "updated_at": MARCH,
            "state": "closed",
            "contacts": {"contacts": []},
            "ai_agent": {
                "source_type": "fin_preview",
                "resolution_state": "confirmed_resolution",
                "rating": 5,
            },
        },
    )
    _build(told, "fct_outcomes")
    assert told.rows("select count(*) from fct_outcomes where ticket_id = '504'") == [(0,)]
