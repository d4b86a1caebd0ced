"""RudderStack events, and the identities that its calls and Segment's connect."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.assets.staged_events import edges, held_anywhere, key, staged
from tests.conftest import Landing

MODEL = "stg_rudderstack__events"
SOURCE = "rudderstack_tracks"


def _call(**values: Any) -> dict[str, Any]:
    return {
        "messageId": "m1",
        "type": "track",
        "event": "Answer Accepted",
        "channel": "web",
        "rudderId": "r-1",
        "originalTimestamp": "2026-03-01T10:00:00.000Z",
        "sentAt": "2026-03-01T10:00:01.000Z",
        "receivedAt": "2026-03-01T10:05:01.000Z",
        "timestamp": "2026-03-01T10:05:00.000Z",
        "anonymousId": "browser-1",
        **values,
    }


def test_the_documented_payload_loads_on_its_clients_clock(landing: Landing, samples: Path) -> None:
    document = json.loads((samples / "outcomes/rudderstack/js_sample_payload.json").read_text())
    landing.drop_lines(f"{SOURCE}/a.jsonl.gz", document)
    assert staged(
        landing,
        MODEL,
        "source_event_id, event_name, user_key, anonymous_key, time_basis, occurred_at::varchar",
        SOURCE,
    ) == [
        (
            "1578564113557-af022c68-429e-4af4-b99b-2b9174056383",
            "Product Reviewed",
            None,
            key("78c53c15-32a1-4b65-adac-bec2d7bb8fab"),
            "client_clock",
            "2020-01-09 10:01:53.558",
        )
    ]
    assert held_anywhere(landing, "Sample Review Body") == []


def test_the_properties_of_a_track_call_become_its_links_and_its_amount(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        _call(
            userId="u1",
            context={"groupId": "acme", "sessionId": 1772359200},
            properties={
                "task_id": "t1",
                "task_type": "summary",
                "ticket_id": 88,
                "trace_id": "tr1",
                "feature": "search",
                "success": False,
                "attempt_no": 2,
                "revenue": "19.90",
                "value": 3.5,
                "currency": "eur",
            },
        ),
        _call(messageId="m2", properties={"value": 4}),
        _call(messageId="m3", properties={"value": "typed by someone", "session_id": "s9"}),
        _call(messageId="m4", type="page"),
    )
    assert staged(
        landing,
        MODEL,
        "task_id, task_type, ticket_id, trace_id, session_id, tenant, feature, outcome_status,"
        " attempt_no, value_number, value_amount, value_currency, user_key, is_test",
        SOURCE,
    ) == [
        (
            *("t1", "summary", "88", "tr1", "1772359200", "acme", "search", "failure"),
            *(2, Decimal("3.5"), Decimal("19.9"), "EUR", key("u1"), False),
        ),
        (*([None] * 9), Decimal(4), Decimal(4), None, None, False),
        (*([None] * 4), "s9", *([None] * 8), False),
    ]
    assert landing.rows("select count(*) from raw.quarantine") == [(0,)]
    assert held_anywhere(landing, "typed by someone") == []


def test_a_missing_timestamp_is_corrected_by_the_clients_delay(landing: Landing) -> None:
    """Received five minutes after it was sent by a clock that is five minutes behind."""
    late = _call(messageId="m2", timestamp=None)
    unreceived = _call(messageId="m3", timestamp=None, receivedAt=None)
    landing.drop_lines(f"{SOURCE}/a.jsonl", _call(), late, unreceived)
    assert staged(landing, MODEL, "occurred_at, received_at, time_basis", SOURCE) == [
        ("2026-03-01 10:05:00", "2026-03-01 10:05:01", "skew_corrected"),
        ("2026-03-01 10:05:00", "2026-03-01 10:05:01", "skew_corrected"),
        ("2026-03-01 10:00:00", None, "client_clock"),
    ]


def test_a_message_sent_twice_keeps_the_copy_received_last(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        _call(event="second", receivedAt="2026-03-02T00:00:00Z"),
        _call(event="first"),
        _call(event="other", messageId="m2"),
    )
    assert staged(landing, MODEL, "source_event_id, event_name", SOURCE) == [
        ("m1", "second"),
        ("m2", "other"),
    ]


def test_a_file_landed_again_with_corrections_replaces_its_messages(landing: Landing) -> None:
    landing.drop_lines(f"{SOURCE}/a.jsonl", _call(), _call(messageId="m2"))
    landing.ingest(SOURCE)
    landing.pending()
    restated = _call(properties={"feature": "chat"}, timestamp="2026-03-04T10:05:00.000Z")
    landing.drop_lines(f"{SOURCE}/restated.jsonl", restated)
    assert staged(landing, MODEL, "source_event_id, feature, occurred_at", SOURCE) == [
        ("m2", None, "2026-03-01 10:05:00"),
        ("m1", "chat", "2026-03-04 10:05:00"),
    ]
    assert landing.pending() == ["2026-03-01", "2026-03-04"]


def test_a_faulty_call_is_quarantined_and_the_rest_loads(landing: Landing) -> None:
    landing.drop(
        f"{SOURCE}/a.jsonl",
        "\n".join(
            [
                json.dumps(_call()),
                json.dumps(_call(messageId=None)),
                json.dumps(_call(messageId="m3", timestamp="yesterday")),
                json.dumps(_call(messageId="m4", properties={"revenue": "ten"})),
                json.dumps(_call(messageId="m5", properties={"task_id": {"id": 1}})),
                '{"messageId": "m6", "type": "tra',
            ]
        ),
    )
    report = landing.ingest(SOURCE)
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (6, 1, 5)
    assert landing.faults() == [
        (2, "message_id", "missing_value", None),
        (3, "occurred_at", "bad_timestamp", "text of 9 characters"),
        (4, "amount", "not_a_number", "text of 3 characters"),
        (5, "task_id", "not_a_scalar", "text of 10 characters"),
        (6, None, "malformed_row", None),
    ]


def test_no_traits_no_texts_and_no_ids_are_stored(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        _call(
            type="identify",
            userId="canary.person@example.com",
            traits={"email": "canary.person@example.com", "name": "canary-name"},
            context={"ip": "canary-ip", "traits": {"name": "canary-name"}},
            properties={"comment": "canary-comment about the answer"},
        ),
        _call(messageId="m2", event=None, userId=["canary-list"]),
    )
    landing.ingest(SOURCE)
    for canary in ("canary.person", "canary-name", "canary-ip", "canary-comment", "canary-list"):
        assert held_anywhere(landing, canary) == [], canary


@pytest.mark.parametrize("tool", ["segment", "rudderstack"])
def test_calls_connect_anonymous_ids_users_and_aliases(landing: Landing, tool: str) -> None:
    alias = {"type": "alias", "timestamp": "2026-03-05T00:00:00Z"}
    landing.drop_lines(
        f"{tool}_tracks/a.jsonl",
        _call(messageId="1", type="identify", userId="u1", timestamp="2026-03-02T00:00:00Z"),
        _call(messageId="2", userId="u1", timestamp="2026-03-01T00:00:00Z"),
        _call(messageId="3", type="page"),
        _call(messageId="4", userId="u2", anonymousId=None),
        _call(messageId="5", **alias, previousId="browser-1", userId="u9"),
        _call(messageId="6", **alias, previousId="old-account", userId="u9"),
        _call(messageId="7", **alias, previousId="u9", userId="u9"),
    )
    assert edges(landing, f"stg_{tool}__identity_edges", f"{tool}_tracks") == {
        ("anonymous", key("browser-1"), "user", key("u1"), "identify", "2026-03-01 00:00:00"),
        ("anonymous", key("browser-1"), "user", key("u9"), "alias", "2026-03-05 00:00:00"),
        ("user", key("old-account"), "user", key("u9"), "alias", "2026-03-05 00:00:00"),
    }


@pytest.mark.parametrize("nobody", ["anonymous", "None", "NULL", "undefined", "0", " guest "])
def test_an_id_that_names_nobody_joins_no_one(landing: Landing, nobody: str) -> None:
    landing.drop_lines(
        "segment_tracks/a.jsonl",
        _call(userId=nobody),
        _call(messageId="m2", userId=nobody, anonymousId="browser-2"),
    )
    assert edges(landing, "stg_segment__identity_edges", "segment_tracks") == set()
    assert landing.rows("select count(user_key), count(anonymous_key) from raw.segment_tracks") == [
        (0, 2)
    ]


def test_segments_documented_calls_load_and_connect(landing: Landing, samples: Path) -> None:
    folder = samples / "outcomes/segment"
    texts = [(folder / f"{name}_examples.txt").read_text() for name in ("identify", "alias")]
    documents = [json.loads(part) for text in texts for part in text.split("\n---\n")]
    whole = [document for document in documents if "messageId" in document]
    landing.drop_lines("segment_tracks/a.jsonl", *whole)
    assert edges(landing, "stg_segment__identity_edges", "segment_tracks") == {
        (
            *("anonymous", key("507f191e810c19729de860ea"), "user", key("97980cfea0067")),
            *("identify", "2015-02-23 22:28:55.111"),
        ),
        (
            *("user", key("39239-239239-239239-23923"), "user", key("507f191e81")),
            *("alias", "2015-02-23 22:28:55.111"),
        ),
    }


def test_a_rudderstack_file_in_a_folder_of_another_name_is_recognised(landing: Landing) -> None:
    call = _call()
    del call["timestamp"]
    landing.drop_lines("cdp/a.jsonl", call)
    assert landing.ingest(SOURCE).rows_loaded == 1
