"""Intercom conversations: parts, the AI agent's resolution states, ratings, and their states."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib.hashing import keyed_hash
from tests.assets.staged_events import EVENT_COLUMNS
from tests.assets.staging_sql import canaries_found, described, staged
from tests.conftest import HASH_KEY, Landing
from tests.laws.rendering import model

SOURCE = "intercom_conversations"
EVENTS = "stg_intercom__events"
VERSIONS = "stg_intercom__ticket_versions"

# 2026-03-01 10:00 UTC.
START = 1772359200
HOUR = 3600


def _part(number: Any, part_type: str, hours: int, author: str = "admin", **values: Any) -> Any:
    return {
        "type": "conversation_part",
        "id": number,
        "part_type": part_type,
        "created_at": START + hours * HOUR,
        "author": {"type": author, "id": "c1" if author == "user" else "9"},
        **values,
    }


def _conversation(hours: int, *parts: Any, **values: Any) -> dict[str, Any]:
    """A conversation as it stood `hours` after its start."""
    return {
        "type": "conversation",
        "id": "503",
        "created_at": START,
        "updated_at": START + hours * HOUR,
        "open": False,
        "state": "closed",
        "source": {"type": "conversation", "author": {"type": "user", "id": "c1"}},
        "contacts": {
            "type": "contact.list",
            "contacts": [{"type": "contact", "id": "c1", "external_id": "user-70"}],
        },
        "tags": {"type": "tag.list", "tags": []},
        "statistics": None,
        "conversation_rating": None,
        "custom_attributes": {},
        "linked_objects": {"type": "list", "data": []},
        "ai_agent": None,
        "ai_agent_participated": False,
        "conversation_parts": {"conversation_parts": list(parts)},
        **values,
    }


def _agent(state: str | None, **values: Any) -> dict[str, Any]:
    return {"ai_agent": {"source_type": "workflow", "resolution_state": state, **values}}


def _ask(landing: Landing, name: str, columns: str, rest: str = "") -> list[tuple[Any, ...]]:
    landing.con.execute("set search_path = 'raw'")
    return landing.rows(f"select {columns} from ({model(name)}) {rest}")


def _versions(landing: Landing) -> list[tuple[Any, ...]]:
    return _ask(
        landing,
        VERSIONS,
        "updated_at::varchar, status, resolution_kind, generated_at is null as from_part",
        "order by updated_at, generated_at nulls first",
    )


def _claims(landing: Landing, columns: str) -> list[tuple[Any, ...]]:
    return _ask(landing, EVENTS, columns, "where event_name = 'ai_agent.resolution_state'")


def test_intercom_events_have_the_columns_of_every_event_source(landing: Landing) -> None:
    landing.ingest(SOURCE)
    assert list(described(landing, EVENTS).items()) == list(EVENT_COLUMNS.items())


@pytest.mark.parametrize("version", ["2.14", "2.16"])
def test_the_published_conversation_loads_with_its_parts(
    landing: Landing, samples: Path, version: str
) -> None:
    sample = samples / f"outcomes/intercom/openapi_{version}_get_conversation_example.json"
    landing.drop(f"{SOURCE}/c.json", sample.read_bytes())
    report = landing.ingest(SOURCE)
    assert (report.rows_in, report.rows_loaded) == (5, 5)
    assert landing.rows(
        "select record_type, part_id, part_type, author_type, state, occurred_at::varchar"
        " from raw.intercom_conversations order by _row_number"
    ) == [
        ("conversation", None, None, None, "closed", "2024-12-18 15:58:31"),
        ("part", "1", "comment", "admin", "open", "2022-09-19 14:20:23"),
        ("part", "2", "custom_action_started", "admin", "open", "2025-02-21 12:44:02"),
        ("part", "3", "conversation_attribute_updated_by_admin", "bot", "open",
         "2025-02-21 12:44:11"),
        ("part", "4", "custom_action_finished", "admin", "closed", "2025-02-21 12:44:17"),
    ]  # fmt: skip
    assert landing.rows(
        "select requester_key, user_key, contact_key, tags, is_open"
        " from raw.intercom_conversations where record_type = 'conversation'"
    ) == [
        (keyed_hash("70", HASH_KEY), keyed_hash("70", HASH_KEY),
         keyed_hash("6762f1261bb69f9f2193bba7", HASH_KEY), '["Test tag"]', False)
    ]  # fmt: skip
    assert _versions(landing) == [("2024-12-18 15:58:31", "solved", None, False)]


def test_list_pages_objects_and_lines_load_alike(landing: Landing) -> None:
    page = {"type": "conversation.list", "conversations": [_conversation(1)], "total_count": 1}
    landing.drop(f"{SOURCE}/page.json", page)
    landing.drop_lines(f"{SOURCE}/lines.jsonl", _conversation(2), _conversation(3))
    landing.drop(f"{SOURCE}/list.json", [_conversation(4)])
    landing.drop(
        f"{SOURCE}/none.json", {"type": "conversation.list", "conversations": [], "pages": {}}
    )
    report = landing.ingest(SOURCE)
    assert (report.files_new, report.files_rejected, report.rows_loaded) == (4, 0, 4)


def test_parts_open_and_close_and_a_snooze_is_neither(landing: Landing) -> None:
    landing.drop(
        f"{SOURCE}/c.json",
        _conversation(
            6,
            _part(1, "comment", 0, "user"),
            _part(2, "snoozed", 1),
            _part(3, "open", 2, "user"),
            _part(4, "close", 3, "bot"),
            _part(5, "assign_and_reopen", 4),
            _part(10, "close", 5),
            custom_attributes={"task_id": "t1", "trace_id": "tr", "feature": "chat", "plan": "x"},
        ),
    )
    landing.ingest(SOURCE)
    assert staged(
        landing,
        EVENTS,
        "source_event_id, event_name, outcome_type, task_id, feature, user_key is not null,"
        " occurred_at::varchar, time_basis",
    ) == [
        ("503:1", "conversation_part.comment", None, "t1", "chat", True,
         "2026-03-01 10:00:00", "utc"),
        ("503:10", "conversation_part.close", "ticket_resolved", "t1", "chat", False,
         "2026-03-01 15:00:00", "utc"),
        ("503:2", "conversation_part.snoozed", None, "t1", "chat", False,
         "2026-03-01 11:00:00", "utc"),
        ("503:3", "conversation_part.open", None, "t1", "chat", True, "2026-03-01 12:00:00", "utc"),
        ("503:4", "conversation_part.close", "ticket_resolved", "t1", "chat", False,
         "2026-03-01 13:00:00", "utc"),
        ("503:5", "conversation_part.assign_and_reopen", "ticket_reopened", "t1", "chat", False,
         "2026-03-01 14:00:00", "utc"),
        ("derived:503:created", "conversation.created", "ticket_opened", "t1", "chat", True,
         "2026-03-01 10:00:00", "utc"),
    ]  # fmt: skip
    assert _versions(landing) == [
        ("2026-03-01 11:00:00", "hold", None, True),
        ("2026-03-01 12:00:00", "open", None, True),
        ("2026-03-01 13:00:00", "solved", None, True),
        ("2026-03-01 14:00:00", "open", None, True),
        ("2026-03-01 15:00:00", "solved", None, True),
        ("2026-03-01 16:00:00", "solved", None, False),
    ]


@pytest.mark.parametrize(
    ("state", "kind", "outcome_type"),
    [
        ("confirmed_resolution", "ai_confirmed", "ticket_resolved"),
        ("assumed_resolution", "ai_assumed", "ticket_resolved"),
        ("procedure_handoff", "procedure_handoff", None),
        # 2.15 and later
        ("escalated", "escalated", None),
        ("negative_feedback", "escalated", None),
        # until 2.14
        ("routed_to_team", "escalated", None),
    ],
)
def test_resolution_states_of_both_generations_keep_their_word_and_get_a_kind(
    landing: Landing, state: str, kind: str, outcome_type: str | None
) -> None:
    landing.drop(f"{SOURCE}/c.json", _conversation(2, **_agent(state)))
    landing.ingest(SOURCE)
    assert _claims(landing, "outcome_type, resolution_kind, value_label, source_event_id") == [
        (outcome_type, kind, state, f"derived:503:{state}:1772366400")
    ]
    assert _versions(landing) == [("2026-03-01 12:00:00", "solved", kind, False)]


def test_an_abandoned_conversation_that_was_closed_is_closed_unsolved(landing: Landing) -> None:
    landing.drop(f"{SOURCE}/c.json", _conversation(2, **_agent("abandoned")))
    landing.ingest(SOURCE)
    assert _versions(landing) == [("2026-03-01 12:00:00", "solved", "closed_unsolved", False)]
    assert _claims(landing, "outcome_type, resolution_kind, value_label") == [
        (None, None, "abandoned")
    ]


def test_a_claim_resolves_before_anybody_closes_and_does_not_outlive_a_reopening(
    landing: Landing,
) -> None:
    claim = _agent("assumed_resolution")
    is_open = {"open": True, "state": "open"}
    landing.drop(f"{SOURCE}/1.json", _conversation(2, **claim, **is_open))
    closed = {"first_close_at": START + 3 * HOUR, "last_close_at": START + 3 * HOUR}
    landing.drop(f"{SOURCE}/2.json", _conversation(4, **claim, statistics=closed))
    landing.drop(f"{SOURCE}/3.json", _conversation(6, **claim, **is_open, statistics=closed))
    again = {
        "first_close_at": START + 3 * HOUR,
        "last_close_at": START + 8 * HOUR,
        "last_closed_by_id": "9",
        "count_reopens": 1,
    }
    landing.drop(f"{SOURCE}/4.json", _conversation(9, **claim, statistics=again))
    landing.ingest(SOURCE)
    assert _versions(landing) == [
        ("2026-03-01 12:00:00", "solved", "ai_assumed", False),
        ("2026-03-01 14:00:00", "solved", "ai_assumed", False),
        ("2026-03-01 16:00:00", "open", None, False),
        ("2026-03-01 19:00:00", "solved", "human_solved", False),
    ]
    # one claim, however many versions repeat it
    assert _claims(landing, "source_event_id") == [("derived:503:assumed_resolution:1772366400",)]


def test_parts_alone_tell_that_a_teammate_closed_again_what_the_agent_had_claimed(
    landing: Landing,
) -> None:
    parts = [_part(1, "close", 1, "bot"), _part(2, "open", 2, "user"), _part(3, "close", 3)]
    landing.drop(f"{SOURCE}/c.json", _conversation(4, *parts, **_agent("assumed_resolution")))
    landing.ingest(SOURCE)
    assert _versions(landing)[-1] == ("2026-03-01 14:00:00", "solved", "human_solved", False)


def test_previews_are_marked_as_tests(landing: Landing) -> None:
    for number, kind in enumerate(("fin_preview", "workflow_preview", "profile", None)):
        agent = _agent("confirmed_resolution", source_type=kind)
        landing.drop(
            f"{SOURCE}/{number}.json",
            _conversation(2, _part(number, "close", 1), id=f"c{number}", **agent),
        )
    landing.ingest(SOURCE)
    assert _ask(
        landing,
        EVENTS,
        "ticket_id, bool_and(is_test), bool_or(is_test)",
        "group by ticket_id order by ticket_id",
    ) == [("c0", True, True), ("c1", True, True), ("c2", False, False), ("c3", False, False)]
    assert set(_ask(landing, VERSIONS, "ticket_id", "where is_test")) == {("c0",), ("c1",)}


def test_ratings_of_the_conversation_and_of_the_agent_are_feedback(landing: Landing) -> None:
    asked, changed = START + HOUR, START + 3 * HOUR
    agent = _agent(None, rating=4, rating_remark="canary one", created_at=asked)
    first = {"rating": 2, "remark": "canary two", "created_at": asked}
    landing.drop(f"{SOURCE}/a.json", _conversation(2, **agent, conversation_rating=first))
    # a later copy of the same rating, and a rating that was asked for and not given
    later = {**first, "rating": 3, "created_at": asked}
    landing.drop(f"{SOURCE}/b.json", _conversation(5, **agent, conversation_rating=later))
    asked_only = {"rating": None, "created_at": changed}
    landing.drop(f"{SOURCE}/c.json", _conversation(2, id="504", conversation_rating=asked_only))
    landing.ingest(SOURCE)
    assert staged(
        landing,
        EVENTS,
        "source_event_id, outcome_type, metric_name, value_number, evaluator_kind,"
        " occurred_at::varchar",
    )[:2] == [
        ("derived:503:ai_agent.rating:1772362800", "feedback", "ai_agent.rating", Decimal(4),
         "human", "2026-03-01 11:00:00"),
        ("derived:503:conversation_rating:1772362800", "feedback", "conversation_rating",
         Decimal(3), "human", "2026-03-01 11:00:00"),
    ]  # fmt: skip
    assert canaries_found(landing, "canary one", "canary two") == []


def test_repeated_exports_give_each_event_once(landing: Landing) -> None:
    parts = [_part(1, "comment", 0, "user"), _part(2, "close", 1)]
    claim = _agent("assumed_resolution")
    for number, hours in enumerate((2, 3, 3, 4)):
        # the same version, once with and once without its parts
        shown = parts if number != 1 else []
        landing.drop(f"{SOURCE}/{number}.json", _conversation(hours, *shown, **claim))
    landing.ingest(SOURCE)
    assert staged(landing, EVENTS, "source_event_id") == [
        ("503:1",),
        ("503:2",),
        ("derived:503:assumed_resolution:1772366400",),
        ("derived:503:created",),
    ]


def test_a_late_file_makes_the_days_of_its_conversation_pending(landing: Landing) -> None:
    landing.drop(f"{SOURCE}/a.json", _conversation(1, _part(1, "close", 0)))
    landing.ingest(SOURCE)
    landing.pending()
    landing.drop(f"{SOURCE}/b.json", _conversation(24 * 8, state="open", open=True))
    landing.ingest(SOURCE)
    assert landing.pending() == ["2026-03-01", "2026-03-09"]


def test_the_first_author_is_the_requester_and_contacts_are_joined_to_own_ids(
    landing: Landing,
) -> None:
    contacts = [{"id": "c9", "external_id": "user-9"}, {"id": "c1", "external_id": "user-70"}]
    landing.drop(
        f"{SOURCE}/c.json",
        _conversation(1, _part(1, "comment", 0, "user"), contacts={"contacts": contacts}),
    )
    nameless = {"contacts": [{"id": "c7", "external_id": None}]}
    landing.drop(f"{SOURCE}/d.json", _conversation(1, id="504", contacts=nameless))
    landing.ingest(SOURCE)
    assert landing.rows(
        "select conversation_id, record_type, requester_key, user_key, contact_key"
        " from raw.intercom_conversations order by 1, 2"
    ) == [
        (
            "503",
            "conversation",
            *([keyed_hash("user-70", HASH_KEY)] * 2),
            keyed_hash("c1", HASH_KEY),
        ),
        ("503", "part", *([keyed_hash("user-70", HASH_KEY)] * 2), keyed_hash("c1", HASH_KEY)),
        ("504", "conversation", keyed_hash("c7", HASH_KEY), None, keyed_hash("c7", HASH_KEY)),
    ]
    assert _ask(
        landing,
        "stg_intercom__identity_edges",
        "from_kind, from_key, to_kind, to_key, edge_type, effective_at::varchar",
    ) == [
        ("anonymous", keyed_hash("c1", HASH_KEY), "user", keyed_hash("user-70", HASH_KEY),
         "identify", "2026-03-01 10:00:00")
    ]  # fmt: skip


def test_bad_rows_are_quarantined_and_the_others_stay(landing: Landing) -> None:
    landing.drop(
        f"{SOURCE}/c.json",
        {
            "type": "conversation.list",
            "conversations": [
                _conversation(1, _part(1, "close", 0), _part(None, "close", 0), "part"),
                _conversation(1, updated_at="2026-03-01T10:00:00Z"),
                _conversation(1, custom_attributes={"feature": {"a": 1}}),
                _conversation(1, id=None),
                _conversation(1, conversation_rating={"rating": "good"}),
                5,
            ],
        },
    )
    report = landing.ingest(SOURCE)
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (9, 2, 7)
    assert landing.faults() == [
        (3, "part_id", "missing_value", None),
        (4, None, "malformed_row", None),
        (5, "occurred_at", "bad_timestamp", "2026-03-01T10:00:00Z"),
        (6, "feature", "not_a_scalar", "text of 10 characters"),
        (7, "conversation_id", "missing_value", None),
        (8, "rating", "not_a_number", "text of 4 characters"),
        (9, None, "malformed_row", None),
    ]


@pytest.mark.parametrize("content", [{"type": "contact", "id": "1"}, {"conversations": 5}, [1]])
def test_another_document_is_rejected(landing: Landing, content: Any) -> None:
    landing.drop(f"{SOURCE}/c.json", content)
    assert landing.ingest(SOURCE).files_rejected == 1
    assert "Intercom" in landing.reason(f"{SOURCE}/c.json")


def test_no_word_of_a_conversation_is_stored(landing: Landing) -> None:
    source = {"author": {"type": "user", "id": "c1", "email": "canary@example.com"},
              "subject": "canary subject", "body": "<p>canary body</p>"}  # fmt: skip
    landing.drop(
        f"{SOURCE}/c.json",
        _conversation(
            1,
            _part(1, "comment", 0, "user", body="<p>canary part</p>"),
            title="canary title",
            source=source,
            custom_attributes={"note": "canary note"},
        ),
    )
    landing.ingest(SOURCE)
    assert landing.rows(
        "select body_length, subject_length, title_length from raw.intercom_conversations"
        " order by _row_number"
    ) == [(18, 14, 12), (18, None, None)]
    assert canaries_found(landing, "canary") == []


def test_conversations_in_a_folder_of_another_name_are_known_by_content(landing: Landing) -> None:
    landing.drop(
        "helpdesk/a.json", {"type": "conversation.list", "conversations": [_conversation(1)]}
    )
    landing.drop("helpdesk/b.json", _conversation(2))
    assert landing.ingest(SOURCE).rows_loaded == 2
