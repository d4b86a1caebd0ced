"""Product and support events: Segment, Zendesk, mapped feeds."""

from __future__ import annotations

from typing import Any

from dagster_project.lib.hashing import keyed_hash
from tests.conftest import HASH_KEY, Landing


def _track(**values: Any) -> dict[str, Any]:
    return {
        "messageId": "m1",
        "type": "track",
        "event": "Task Completed",
        "timestamp": "2026-03-01T10:00:00.123Z",
        "userId": "u1",
        **values,
    }


def test_segment_files_load_every_type_and_read_the_properties(landing: Landing) -> None:
    landing.drop_lines(
        "segment_tracks/a.jsonl.gz",
        _track(
            context={"groupId": "acme"},
            properties={"task_id": "t1", "success": True, "revenue": 12.50, "value": 3, "x": "y"},
        ),
        _track(messageId="m2", properties={"value": "4.20", "currency": "EUR"}),
        _track(messageId="m3", type="identify", event=None, traits={"email": "a@example.com"}),
    )
    assert landing.ingest("segment_tracks").rows_loaded == 3
    assert landing.rows(
        "select message_id, type, occurred_at::varchar, user_key, tenant, task_id, success, amount,"
        " value_number, currency from raw.segment_tracks order by _row_number"
    ) == [
        ("m1", "track", "2026-03-01 10:00:00.123", keyed_hash("u1", HASH_KEY), "acme", "t1", True,
         "12.5", "3", None),
        ("m2", "track", "2026-03-01 10:00:00.123", keyed_hash("u1", HASH_KEY), None, None, None,
         None, "4.20", "EUR"),
        ("m3", "identify", "2026-03-01 10:00:00.123", keyed_hash("u1", HASH_KEY), None, None, None,
         None, None, None),
    ]  # fmt: skip


def _ticket(**values: Any) -> dict[str, Any]:
    return {
        "id": 35,
        "status": "solved",
        "type": "incident",
        "updated_at": "2026-03-02T00:00:00Z",
        "generated_timestamp": 1772323200,
        "requester_id": 901,
        "tags": ["vip", "bot"],
        "subject": "Printer",
        "description": "",
        **values,
    }


def test_a_zendesk_page_reads_metrics_followups_and_hides_its_texts(landing: Landing) -> None:
    landing.drop(
        "zendesk_tickets/p.json",
        {
            "tickets": [
                _ticket(metric_set={"solved_at": "2026-03-01T12:00:00Z", "reopens": 1}),
                _ticket(id=36, via={"channel": "web", "source": {"from": {"ticket_id": 35}}}),
            ],
            "metric_sets": [{"ticket_id": 36, "reopens": 2, "solved_at": None}],
        },
    )
    landing.ingest("zendesk_tickets")
    assert landing.rows(
        "select ticket_id, status, generated_at::varchar, solved_at::varchar, reopens, tags,"
        " followup_source_id, via_channel, requester_key, subject_length, subject_hash,"
        " description_length from raw.zendesk_tickets order by _row_number"
    ) == [
        ("35", "solved", "2026-03-01 00:00:00", "2026-03-01 12:00:00", 1, '["vip", "bot"]', None,
         None, keyed_hash("901", HASH_KEY), 7, keyed_hash("Printer", HASH_KEY), None),
        ("36", "solved", "2026-03-01 00:00:00", None, 2, '["vip", "bot"]', "35", "web",
         keyed_hash("901", HASH_KEY), 7, keyed_hash("Printer", HASH_KEY), None),
    ]  # fmt: skip


def test_an_explicitly_empty_ticket_page_is_loaded_with_no_rows(landing: Landing) -> None:
    landing.drop("zendesk_tickets/p.json", {"tickets": [], "end_of_stream": True})
    report = landing.ingest("zendesk_tickets")
    assert (report.files_new, report.files_rejected, report.rows_in) == (1, 0, 0)


def test_a_newer_version_of_a_ticket_makes_the_older_ones_day_pending(landing: Landing) -> None:
    landing.drop("zendesk_tickets/a.json", {"tickets": [_ticket()]})
    landing.ingest("zendesk_tickets")
    assert landing.pending() == ["2026-03-02"]
    newer = _ticket(status="open", updated_at="2026-03-09T00:00:00Z")
    landing.drop("zendesk_tickets/b.json", {"tickets": [newer]})
    landing.ingest("zendesk_tickets")
    assert landing.pending() == ["2026-03-02", "2026-03-09"]


def test_a_mapped_event_feed_loads_into_the_outcome_feed(landing: Landing) -> None:
    landing.mapping(
        "scores",
        "kind,,outcome_feed,",
        "event_id,id,,",
        "occurred_at,at,,epoch_ms",
        "event_name,name,,lower",
        "user_key,who,,lower",
        "amount,amount,,",
    )
    line = {"id": 1, "at": 1772323200000, "name": "WON", "who": "Ada@Example.com", "amount": 5}
    landing.drop_lines("scores/a.jsonl", line)
    landing.ingest("outcome_feed")
    assert landing.rows(
        "select event_id, occurred_at::varchar, event_name, user_key, amount, _source"
        " from raw.outcome_feed"
    ) == [
        ("1", "2026-03-01 00:00:00", "won", keyed_hash("ada@example.com", HASH_KEY), "5", "scores")
    ]
