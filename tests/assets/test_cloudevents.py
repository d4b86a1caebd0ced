"""CloudEvents: source and id name an event, whatever way it arrives."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib.hashing import keyed_hash
from tests.assets.staging_sql import canaries_found, staged
from tests.conftest import HASH_KEY, Landing

D = Decimal
MODEL = "stg_cloudevents__events"


def _event(**values: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "e1",
        "source": "/billing/eu",
        "type": "shop.order.paid.v1",
        "time": "2026-09-01T10:30:00.25+02:00",
        "data": {"task_id": "k1", "success": True, "amount": 12.5, "currency": "eur"},
        **values,
    }


def test_the_example_of_the_specification_loads(landing: Landing, samples: Path) -> None:
    path = landing.settings.landing / "cloudevents/example.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(samples / "outcomes/otel_cloudevents/cloudevents_example.json", path)
    assert landing.ingest("cloudevents").rows_loaded == 1
    assert staged(
        landing, MODEL, "source_event_id, event_name, occurred_at::varchar, task_id, value_amount"
    ) == [
        (
            "https://github.com/cloudevents/spec/pull A234-1234-1234",
            "com.github.pull_request.opened",
            "2018-04-05 17:31:00",
            None,
            None,
        )
    ]
    assert landing.rows("select subject_length from raw.cloudevents") == [(3,)]


def test_an_event_reads_its_named_properties_and_leaves_the_meaning_to_the_rules(
    landing: Landing,
) -> None:
    data = {
        **_event()["data"],
        "user_id": "u1",
        "anonymous_id": "a1",
        "tenant": "acme",
        "feature": "chat",
        "task_type": "order",
        "ticket_id": 35,
        "session_id": "conv",
        "attempt_no": 2,
        "tags": ["x", "y"],
        "unread": "z",
    }
    landing.drop_lines("cloudevents/app/a.jsonl", _event(data=data))
    landing.ingest("cloudevents")
    assert staged(
        landing,
        MODEL,
        "account_label, source_event_id, event_name, outcome_type, outcome_status, task_id,"
        " task_type, ticket_id, session_id, user_key, anonymous_key, tenant, feature, attempt_no,"
        " value_amount, value_currency, occurred_at::varchar, received_at, time_basis, is_test",
    ) == [
        ("app", "/billing/eu e1", "shop.order.paid.v1", None, "success", "k1", "order", "35",
         "conv", keyed_hash("u1", HASH_KEY), keyed_hash("a1", HASH_KEY), "acme", "chat", 2,
         D("12.5"), "EUR", "2026-09-01 08:30:00.25", None, "utc", False)
    ]  # fmt: skip
    assert landing.rows("select tags from raw.cloudevents") == [('["x","y"]',)]


def test_source_and_id_together_are_the_key(landing: Landing) -> None:
    landing.drop_lines(
        "cloudevents/a.jsonl",
        _event(),
        _event(),
        _event(source="/billing/us"),
        _event(id="e2"),
    )
    # Sent again by a middleman that says when it recorded the event.
    landing.drop_lines("cloudevents/b.jsonl", _event(recordedtime="2026-09-02T00:00:00Z"))
    landing.ingest("cloudevents")
    assert staged(landing, MODEL, "source_event_id, received_at::varchar") == [
        ("/billing/eu e1", "2026-09-02 00:00:00"),
        ("/billing/eu e2", None),
        ("/billing/us e1", None),
    ]


@pytest.mark.parametrize("form", ["lines", "batch", "single", "pretty"])
def test_lines_batches_and_single_events_read_alike(landing: Landing, form: str) -> None:
    contents = {
        "lines": json.dumps(_event()) + "\n",
        "batch": json.dumps([_event()]),
        "single": json.dumps(_event()),
        "pretty": json.dumps(_event(), indent=2),
    }
    landing.drop("cloudevents/a.json", contents[form])
    landing.ingest("cloudevents")
    assert staged(landing, MODEL, "source_event_id, task_id, outcome_status, value_amount") == [
        ("/billing/eu e1", "k1", "success", D("12.5"))
    ]


@pytest.mark.parametrize("data", ["<paid/>", None, [1, 2], 5, {"amount": None}])
def test_a_payload_without_properties_is_still_an_event(landing: Landing, data: Any) -> None:
    landing.drop("cloudevents/a.jsonl", json.dumps(_event(data=data)) + "\n")
    landing.drop("cloudevents/b.json", [_event(id="e2", data=data)])
    report = landing.ingest("cloudevents")
    assert (report.rows_loaded, report.rows_quarantined) == (2, 0)
    assert staged(landing, MODEL, "task_id, outcome_status, value_amount") == [(None,) * 3] * 2


def test_the_trace_comes_from_the_payload_or_from_the_tracing_extension(landing: Landing) -> None:
    parent = "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"
    landing.drop_lines(
        "cloudevents/a.jsonl",
        _event(traceparent=parent),
        _event(id="e2", traceparent=parent, data={"trace_id": "own"}),
        _event(id="e3", traceparent="broken"),
    )
    landing.ingest("cloudevents")
    assert staged(landing, MODEL, "source_event_id, trace_id") == [
        ("/billing/eu e1", "0af7651916cd43dd8448eb211c80319c"),
        ("/billing/eu e2", "own"),
        ("/billing/eu e3", None),
    ]


def test_an_event_without_time_is_dated_when_it_was_recorded(landing: Landing) -> None:
    landing.drop_lines(
        "cloudevents/a.jsonl",
        _event(time=None, recordedtime="2026-09-02T00:00:00Z"),
        _event(id="e2", time=None),
    )
    landing.ingest("cloudevents")
    assert staged(landing, MODEL, "occurred_at::varchar") == [("2026-09-02 00:00:00",)]
    assert landing.faults() == [(2, "occurred_at", "missing_value", None)]


def test_bad_events_go_to_quarantine(landing: Landing) -> None:
    landing.drop_lines(
        "cloudevents/a.jsonl",
        _event(),
        _event(id=None),
        _event(data={"amount": "12,50"}),
        _event(data={"success": "perhaps"}),
        _event(data={"task_id": {"a": 1}}),
        _event(time="yesterday"),
    )
    landing.ingest("cloudevents")
    assert landing.faults() == [
        (2, "event_id", "missing_value", None),
        (3, "amount", "not_a_number", "text of 5 characters"),
        (4, "success", "bad_boolean", "text of 7 characters"),
        (5, "task_id", "not_a_scalar", "text of 10 characters"),
        (6, "occurred_at", "bad_timestamp", "text of 9 characters"),
    ]


def test_money_keeps_every_written_digit(landing: Landing) -> None:
    text = json.dumps(_event()).replace("12.5", "0.123456789012345678")
    landing.drop("cloudevents/a.jsonl", text + "\n")
    landing.drop("cloudevents/b.json", "[" + text.replace('"e1"', '"e2"') + "]")
    landing.ingest("cloudevents")
    assert staged(landing, MODEL, "value_amount") == [(D("0.123456789012345678"),)] * 2


def test_a_list_of_something_else_is_rejected(landing: Landing) -> None:
    landing.drop("cloudevents/a.json", [{"event": "x"}])
    assert landing.ingest("cloudevents").files_rejected == 1
    assert "no entry has the keys id, source, specversion, type" in landing.reason(
        "cloudevents/a.json"
    )


def test_no_subject_user_or_unnamed_property_is_stored(landing: Landing) -> None:
    data = {"user_id": "canary-user", "note": "canary-note", "email": "canary@example.com"}
    landing.drop_lines("cloudevents/a.jsonl", _event(subject="canary-subject", data=data))
    landing.drop("cloudevents/b.json", [_event(id="e2", data="canary-payload")])
    assert landing.ingest("cloudevents").rows_loaded == 2
    assert canaries_found(landing, "canary") == []


def test_a_folder_of_another_name_is_recognised_by_its_content(landing: Landing) -> None:
    landing.drop_lines("events_of_mine/a.jsonl", _event())
    landing.drop("events_of_mine/b.json", json.dumps(_event(id="e2"), indent=1))
    assert landing.ingest("cloudevents").rows_loaded == 2
