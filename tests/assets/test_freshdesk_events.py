"""Freshdesk tickets: API pages and the export CSV, their states and events."""

from __future__ import annotations

from typing import Any

import pytest

from dagster_project.lib.hashing import keyed_hash
from tests.assets.staged_events import EVENT_COLUMNS
from tests.assets.staging_sql import canaries_found, described, staged
from tests.conftest import HASH_KEY, Landing
from tests.laws.rendering import model

SOURCE = "freshdesk_tickets"
EVENTS = "stg_freshdesk__events"
VERSIONS = "stg_freshdesk__ticket_versions"

HEADER = (
    "Ticket ID,Subject,Status,Priority,Source,Type,Agent,Group,Created time,Due by Time,"
    "Resolved time,Closed time,Last update time,Initial response time,Tags,Survey results,"
    "Full name,Email,Contact ID,Unique external ID,Trace ID\n"
)


def _ticket(status: int, updated: str, **values: Any) -> dict[str, Any]:
    """A ticket as the tickets endpoint gives it with include=stats."""
    return {
        "id": 20,
        "status": status,
        "priority": 1,
        "source": 2,
        "requester_id": 701,
        "responder_id": 5,
        "company_id": 33,
        "fr_escalated": False,
        "spam": False,
        "created_at": "2026-03-01T08:00:00Z",
        "updated_at": updated,
        "tags": ["billing"],
        "custom_fields": {"cf_trace_id": "tr-1", "cf_colour": "red"},
        "stats": {"resolved_at": None, "reopened_at": None, "closed_at": None},
        **values,
    }


def _stats(**times: str) -> dict[str, Any]:
    return {"stats": {"resolved_at": None, "reopened_at": None, "closed_at": None, **times}}


def _versions(landing: Landing) -> list[tuple[Any, ...]]:
    landing.con.execute("set search_path = 'raw'")
    return landing.rows(
        "select updated_at::varchar, status, solved_at::varchar, reported_reopens"
        f" from ({model(VERSIONS)}) order by updated_at, generated_at nulls first, status"
    )


def test_freshdesk_events_have_the_columns_of_every_event_source(landing: Landing) -> None:
    landing.ingest(SOURCE)
    assert list(described(landing, EVENTS).items()) == list(EVENT_COLUMNS.items())


def test_a_page_a_search_result_a_ticket_and_lines_load_alike(landing: Landing) -> None:
    ticket = _ticket(2, "2026-03-01T09:00:00Z")
    landing.drop(f"{SOURCE}/page.json", [ticket, {**ticket, "id": 21}])
    landing.drop(f"{SOURCE}/search.json", {"results": [ticket], "total": 1})
    landing.drop(f"{SOURCE}/one.json", ticket)
    landing.drop_lines(f"{SOURCE}/lines.jsonl", ticket, {**ticket, "id": 22})
    landing.drop(f"{SOURCE}/none.json", [])
    report = landing.ingest(SOURCE)
    assert (report.files_new, report.files_rejected, report.rows_loaded) == (5, 0, 6)
    assert landing.rows(
        "select ticket_id, status, contact_key, trace_id, tags, company_id, export_form"
        " from raw.freshdesk_tickets order by ticket_id desc limit 1"
    ) == [("22", "2", keyed_hash("701", HASH_KEY), "tr-1", '["billing"]', "33", "api")]


def test_the_times_of_a_ticket_tell_what_happened_between_two_exports(landing: Landing) -> None:
    landing.drop(f"{SOURCE}/1.json", [_ticket(2, "2026-03-01T09:00:00Z")])
    solved = _stats(resolved_at="2026-03-02T10:00:00Z")
    landing.drop(f"{SOURCE}/2.json", [_ticket(4, "2026-03-02T10:00:00Z", **solved)])
    again = _stats(
        resolved_at="2026-03-04T10:00:00Z",
        reopened_at="2026-03-03T10:00:00Z",
        closed_at="2026-03-07T10:00:00Z",
    )
    landing.drop(f"{SOURCE}/3.json", [_ticket(5, "2026-03-08T11:00:00Z", **again)])
    landing.ingest(SOURCE)
    assert _versions(landing) == [
        ("2026-03-01 09:00:00", "open", None, None),
        ("2026-03-02 10:00:00", "solved", "2026-03-02 10:00:00", None),
        ("2026-03-03 10:00:00", "open", None, 1),
        ("2026-03-04 10:00:00", "solved", "2026-03-04 10:00:00", 1),
        ("2026-03-07 10:00:00", "closed", "2026-03-04 10:00:00", 1),
        ("2026-03-08 11:00:00", "closed", "2026-03-04 10:00:00", 1),
    ]
    assert staged(
        landing, EVENTS, "event_name, outcome_type, occurred_at::varchar, trace_id, tenant"
    ) == [
        ("ticket.created", "ticket_opened", "2026-03-01 08:00:00", "tr-1", "33"),
        ("ticket.open", "ticket_reopened", "2026-03-03 10:00:00", "tr-1", "33"),
        ("ticket.solved", "ticket_resolved", "2026-03-02 10:00:00", "tr-1", "33"),
        ("ticket.solved", "ticket_resolved", "2026-03-04 10:00:00", "tr-1", "33"),
    ]


def test_a_time_of_resolution_from_before_the_reopening_says_nothing_of_now(
    landing: Landing,
) -> None:
    left_over = _stats(resolved_at="2026-03-02T10:00:00Z", reopened_at="2026-03-03T10:00:00Z")
    landing.drop(f"{SOURCE}/1.json", [_ticket(2, "2026-03-04T09:00:00Z", **left_over)])
    landing.ingest(SOURCE)
    assert _versions(landing) == [
        ("2026-03-03 10:00:00", "open", None, 1),
        ("2026-03-04 09:00:00", "open", None, 1),
    ]


def test_a_ticket_closed_without_a_time_of_resolution_was_not_solved(landing: Landing) -> None:
    landing.drop(f"{SOURCE}/1.json", [_ticket(5, "2026-03-04T09:00:00Z")])
    spam = _ticket(2, "2026-03-04T09:00:00Z", id=21, spam=True)
    own_status = _ticket(9, "2026-03-05T09:00:00Z", id=22)
    landing.drop(f"{SOURCE}/2.json", [spam, own_status])
    landing.ingest(SOURCE)
    assert _versions(landing) == [
        ("2026-03-04 09:00:00", "closed", None, None),
        ("2026-03-04 09:00:00", "deleted", None, None),
        ("2026-03-05 09:00:00", "9", None, None),
    ]


def test_the_ticket_csv_loads_with_its_local_times_taken_as_utc(landing: Landing) -> None:
    landing.drop(
        f"{SOURCE}/eu/tickets.csv",
        HEADER
        + '20,"canary, subject",Closed,Low,Email,Question,Canary Agent,Tier 1,2026-03-01 08:00:00,'
        "2026-03-03 08:00:00,2026-03-02 09:30:00,2026-03-05 10:00:00,2026-03-05 10:00:01,,"
        '"billing, vip",Happy,Canary Name,canary@example.com,701,user-70,tr-1\n'
        "21,s,Waiting on Customer,Low,Email,,,,2026-03-01 08:00:00,,,,2026-03-05 11:00:00,,,,"
        ",other@example.com,,,\n",
    )
    report = landing.ingest(SOURCE)
    assert (report.rows_loaded, report.rows_quarantined) == (2, 0)
    landing.con.execute("set search_path = 'raw'")
    assert landing.rows(
        "select ticket_id, updated_at::varchar, status, requester_key, tags"
        f" from ({model(VERSIONS)}) order by ticket_id, updated_at, status"
    ) == [
        ("20", "2026-03-02 09:30:00", "solved", keyed_hash("user-70", HASH_KEY),
         '["billing","vip"]'),
        ("20", "2026-03-05 10:00:00", "closed", keyed_hash("user-70", HASH_KEY),
         '["billing","vip"]'),
        ("20", "2026-03-05 10:00:01", "closed", keyed_hash("user-70", HASH_KEY),
         '["billing","vip"]'),
        ("21", "2026-03-05 11:00:00", "waiting on customer",
         keyed_hash("other@example.com", HASH_KEY), None),
    ]  # fmt: skip
    assert staged(
        landing,
        EVENTS,
        "source_event_id, outcome_type, value_label, trace_id, time_basis, anonymous_key",
    )[:3] == [
        ("derived:20:created", "ticket_opened", None, "tr-1", "naive_assumed_utc",
         keyed_hash("701", HASH_KEY)),
        ("derived:20:solved:1772443800", "ticket_resolved", None, "tr-1", "naive_assumed_utc",
         keyed_hash("701", HASH_KEY)),
        ("derived:20:survey", "feedback", "Happy", "tr-1", "naive_assumed_utc",
         keyed_hash("701", HASH_KEY)),
    ]  # fmt: skip
    assert landing.rows(
        f"select from_key, to_key from ({model('stg_freshdesk__identity_edges')})"
    ) == [(keyed_hash("701", HASH_KEY), keyed_hash("user-70", HASH_KEY))]
    assert canaries_found(landing, "canary", "Canary", "other@") == []


def test_repeated_exports_tell_each_state_once_and_the_one_with_times_wins(
    landing: Landing,
) -> None:
    bare = _ticket(4, "2026-03-02T11:00:00Z")
    del bare["stats"]
    landing.drop(f"{SOURCE}/1.json", [bare])
    timed = _ticket(4, "2026-03-02T11:00:00Z", **_stats(resolved_at="2026-03-02T10:00:00Z"))
    landing.drop(f"{SOURCE}/2.json", [timed])
    landing.drop(f"{SOURCE}/3.json", [timed, _ticket(2, "2026-03-01T11:00:00Z", id=21)])
    landing.ingest(SOURCE)
    assert _versions(landing) == [
        ("2026-03-01 11:00:00", "open", None, None),
        ("2026-03-02 10:00:00", "solved", "2026-03-02 10:00:00", None),
        ("2026-03-02 11:00:00", "solved", "2026-03-02 10:00:00", None),
    ]


def test_a_late_version_makes_the_days_of_its_ticket_pending(landing: Landing) -> None:
    landing.drop(f"{SOURCE}/1.json", [_ticket(4, "2026-03-02T11:00:00Z")])
    landing.ingest(SOURCE)
    landing.pending()
    landing.drop(f"{SOURCE}/2.json", [_ticket(2, "2026-03-12T11:00:00Z")])
    landing.ingest(SOURCE)
    assert landing.pending() == ["2026-03-02", "2026-03-12"]


def test_bad_tickets_are_quarantined_with_row_column_and_reason(landing: Landing) -> None:
    landing.drop(
        f"{SOURCE}/p.json",
        [
            _ticket(4, "2026-03-02T11:00:00Z"),
            _ticket(4, "yesterday"),
            {**_ticket(4, "2026-03-02T11:00:00Z"), "status": None},
            "ticket",
            _ticket(4, "2026-03-02T11:00:00Z", spam="perhaps"),
        ],
    )
    report = landing.ingest(SOURCE)
    assert (report.rows_in, report.rows_loaded) == (5, 1)
    assert landing.faults() == [
        (2, "updated_at", "bad_timestamp", "text of 9 characters"),
        (3, "status", "missing_value", None),
        (4, None, "malformed_row", None),
        (5, "is_spam", "bad_boolean", "text of 7 characters"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", [{"id": 1, "email": "x"}], "nothing in it has an id and a status"),
        ("a.csv", "Ticket ID,Subject\n1,s\n", "Status (for status), Last update time"),
        ("a.csv", "Tags,Ticket ID,Tags\n,1,\n", "names a column twice: Tags"),
    ],
)
def test_another_file_is_rejected_with_what_it_lacks(
    landing: Landing, name: str, content: Any, said: str
) -> None:
    landing.drop(f"{SOURCE}/{name}", content)
    assert landing.ingest(SOURCE).files_rejected == 1
    assert said in landing.reason(f"{SOURCE}/{name}")


def test_tickets_in_a_folder_of_another_name_are_known_by_content(landing: Landing) -> None:
    landing.drop("helpdesk/a.json", [_ticket(4, "2026-03-02T11:00:00Z")])
    landing.drop("helpdesk/b.csv", HEADER + "1,s,Open,,,,,,,,,,2026-03-02 10:00:00,,,,,,,,\n")
    assert landing.ingest(SOURCE).rows_loaded == 2
