"""Zendesk ticket metric events and satisfaction ratings."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib.hashing import keyed_hash
from tests.assets.staged_events import EVENT_COLUMNS
from tests.assets.staging_sql import canaries_found, described, staged
from tests.conftest import HASH_KEY, Landing

METRICS, RATINGS = "stg_zendesk__metric_events", "stg_zendesk__satisfaction"


def _event(number: int, kind: str, minute: int, **values: Any) -> dict[str, Any]:
    return {
        "id": number,
        "ticket_id": 130,
        "metric": "requester_wait_time",
        "instance_id": 1,
        "type": kind,
        "time": f"2026-03-02T10:{minute:02}:00Z",
        **values,
    }


def _page(*events: Any) -> dict[str, Any]:
    return {"ticket_metric_events": list(events), "meta": {"has_more": False}}


def _rating(**values: Any) -> dict[str, Any]:
    return {
        "id": 62,
        "ticket_id": 208,
        "requester_id": 7881,
        "assignee_id": 135,
        "group_id": 44,
        "score": "good",
        "created_at": "2026-03-01T22:55:29Z",
        "updated_at": "2026-03-02T22:55:29Z",
        "comment": None,
        **values,
    }


@pytest.mark.parametrize(
    ("source", "name"), [("zendesk_metric_events", METRICS), ("zendesk_satisfaction", RATINGS)]
)
def test_zendesk_events_have_the_columns_of_every_event_source(
    landing: Landing, source: str, name: str
) -> None:
    landing.ingest(source)
    assert list(described(landing, name).items()) == list(EVENT_COLUMNS.items())


def test_the_published_metric_event_pages_load_whole(landing: Landing, samples: Path) -> None:
    sample = samples / "outcomes/zendesk/airbyte_test_ticket_metric_events_pages.json"
    for name, page in json.loads(sample.read_text()).items():
        landing.drop(f"zendesk_metric_events/acme/{name}.json", page)
    report = landing.ingest("zendesk_metric_events")
    assert (report.files_new, report.rows_loaded, report.rows_quarantined) == (2, 6, 0)
    assert staged(
        landing, METRICS, "source_event_id, account_label, ticket_id, event_name, outcome_type"
    ) == [
        ("1", "acme", "123", "agent_work_time.measure", None),
        ("2", "acme", "123", "pausable_update_time.measure", None),
        ("3", "acme", "123", "reply_time.measure", None),
        ("4", "acme", "123", "requester_wait_time.activate", "ticket_opened"),
        ("5163373143183", "acme", "130", "reply_time.fulfill", None),
        ("5163373143311", "acme", "130", "requester_wait_time.measure", None),
    ]


def test_a_fulfilled_clock_is_a_solve_and_one_that_runs_again_a_reopen(landing: Landing) -> None:
    landing.drop(
        "zendesk_metric_events/p.json",
        _page(
            _event(1, "activate", 0),
            _event(2, "pause", 5),
            _event(3, "activate", 10),
            _event(4, "fulfill", 20),
            _event(5, "fulfill", 20, metric="resolution_time"),
            _event(6, "fulfill", 20, metric="reply_time"),
            _event(7, "update_status", 20, status={"calendar": 15, "business": 4}),
            _event(8, "activate", 30, instance_id=2),
            _event(9, "fulfill", 40, instance_id=2),
        ),
    )
    landing.ingest("zendesk_metric_events")
    assert staged(
        landing,
        METRICS,
        "source_event_id, outcome_type, metric_name, value_number, occurred_at::varchar",
    ) == [
        ("1", "ticket_opened", None, None, "2026-03-02 10:00:00"),
        ("2", None, None, None, "2026-03-02 10:05:00"),
        ("3", None, None, None, "2026-03-02 10:10:00"),
        ("4", "ticket_resolved", None, None, "2026-03-02 10:20:00"),
        ("5", None, None, None, "2026-03-02 10:20:00"),
        ("6", None, None, None, "2026-03-02 10:20:00"),
        ("7", None, "requester_wait_time_calendar_minutes", Decimal(15), "2026-03-02 10:20:00"),
        ("8", "ticket_reopened", None, None, "2026-03-02 10:30:00"),
        ("9", "ticket_resolved", None, None, "2026-03-02 10:40:00"),
    ]


def test_a_repeated_metric_event_counts_once_and_a_deleted_one_not_at_all(
    landing: Landing,
) -> None:
    landing.drop(
        "zendesk_metric_events/a.json", _page(_event(1, "activate", 0), _event(2, "fulfill", 9))
    )
    landing.drop(
        "zendesk_metric_events/b.json",
        _page(_event(1, "activate", 0, deleted=False), _event(2, "fulfill", 9, deleted=True)),
    )
    landing.ingest("zendesk_metric_events")
    assert staged(landing, METRICS, "source_event_id, outcome_type") == [("1", "ticket_opened")]


def test_the_same_event_id_in_two_accounts_is_two_events(landing: Landing) -> None:
    for account in ("eu", "us"):
        landing.drop(f"zendesk_metric_events/{account}/p.json", _page(_event(1, "fulfill", 0)))
    landing.ingest("zendesk_metric_events")
    assert staged(landing, METRICS, "account_label") == [("eu",), ("us",)]


def test_bad_metric_events_are_quarantined_with_row_column_and_reason(landing: Landing) -> None:
    landing.drop(
        "zendesk_metric_events/p.json",
        _page(
            _event(1, "fulfill", 0),
            _event(2, "fulfill", 0, time="1772445600"),
            _event(3, "fulfill", 0, ticket_id=None),
            "event",
            _event(5, "fulfill", 0, metric={"a": 1}),
            _event(6, "update_status", 0, status={"calendar": -1}),
        ),
    )
    report = landing.ingest("zendesk_metric_events")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (6, 1, 5)
    assert landing.faults() == [
        (2, "occurred_at", "bad_timestamp", "1772445600"),
        (3, "ticket_id", "missing_value", None),
        (4, None, "malformed_row", None),
        (5, "metric", "not_a_scalar", "text of 10 characters"),
        (6, "calendar_minutes", "negative", "-1"),
    ]


def test_a_page_of_another_endpoint_is_rejected_by_name(landing: Landing) -> None:
    landing.drop("zendesk_metric_events/p.json", {"tickets": []})
    landing.drop("zendesk_satisfaction/p.json", {"tickets": []})
    assert landing.ingest("zendesk_metric_events").files_rejected == 1
    assert landing.ingest("zendesk_satisfaction").files_rejected == 1
    assert "ticket_metric_events" in landing.reason("zendesk_metric_events/p.json")
    assert "satisfaction_ratings" in landing.reason("zendesk_satisfaction/p.json")


def test_a_rating_that_was_only_offered_is_no_score(landing: Landing) -> None:
    landing.drop(
        "zendesk_satisfaction/p.json",
        {
            "satisfaction_ratings": [
                _rating(),
                _rating(id=63, score="bad", reason="too slow", reason_id=5),
                _rating(id=64, score="offered"),
                _rating(id=65, score="unoffered"),
            ]
        },
    )
    landing.ingest("zendesk_satisfaction")
    assert staged(
        landing,
        RATINGS,
        "source_event_id, event_name, outcome_type, outcome_status, metric_name, value_number,"
        " value_label, evaluator_kind, ticket_id, anonymous_key, user_key",
    ) == [
        ("62", "satisfaction.good", "feedback", "success", "satisfaction_rating", Decimal(1),
         "good", "human", "208", keyed_hash("7881", HASH_KEY), None),
        ("63", "satisfaction.bad", "feedback", "failure", "satisfaction_rating", Decimal(0),
         "bad", "human", "208", keyed_hash("7881", HASH_KEY), None),
        ("64", "satisfaction.offered", None, None, None, None, None, None, "208",
         keyed_hash("7881", HASH_KEY), None),
        ("65", "satisfaction.unoffered", None, None, None, None, None, None, "208",
         keyed_hash("7881", HASH_KEY), None),
    ]  # fmt: skip


def test_a_late_copy_of_a_rating_replaces_the_offer_and_reopens_its_day(landing: Landing) -> None:
    landing.drop(
        "zendesk_satisfaction/a.json", {"satisfaction_ratings": [_rating(score="offered")]}
    )
    landing.ingest("zendesk_satisfaction")
    landing.pending()
    later = _rating(score="bad", updated_at="2026-03-09T08:00:00Z")
    landing.drop("zendesk_satisfaction/b.json", {"satisfaction_ratings": [later]})
    landing.ingest("zendesk_satisfaction")
    assert landing.pending() == ["2026-03-02", "2026-03-09"]
    assert staged(landing, RATINGS, "value_label, occurred_at::varchar") == [
        ("bad", "2026-03-09 08:00:00")
    ]


def test_no_word_of_a_rating_is_stored(landing: Landing) -> None:
    rating = _rating(comment="canary comment", reason="canary reason")
    landing.drop("zendesk_satisfaction/p.json", {"satisfaction_ratings": [rating]})
    landing.ingest("zendesk_satisfaction")
    assert landing.rows(
        "select comment_length, comment_hash, reason_length from raw.zendesk_satisfaction"
    ) == [(14, keyed_hash("canary comment", HASH_KEY), 13)]
    assert canaries_found(landing, "canary comment", "canary reason") == []


def test_pages_in_a_folder_of_another_name_are_known_by_their_content(landing: Landing) -> None:
    landing.drop("helpdesk/a.json", _page(_event(1, "fulfill", 0)))
    landing.drop("helpdesk/b.json", {"satisfaction_ratings": [_rating()]})
    assert landing.ingest("zendesk_metric_events").rows_loaded == 1
    assert landing.ingest("zendesk_satisfaction").rows_loaded == 1
