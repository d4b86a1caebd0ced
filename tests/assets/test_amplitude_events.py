"""Amplitude raw events and merged ids: key, clock, sessions, the persons behind ids."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.assets.staged_events import edges, held_anywhere, key, staged
from tests.conftest import Landing

MODEL = "stg_amplitude__events"
SOURCE = "amplitude_events"


def _event(**values: Any) -> dict[str, Any]:
    return {
        "$insert_id": "i1",
        "device_id": "d1",
        "uuid": "00000000-aaaa-4000-8000-000000000001",
        "app": 77,
        "event_type": "Answer Accepted",
        "event_time": "2026-03-01 10:00:00.123000",
        "client_event_time": "2026-03-01 09:59:00.123000",
        "server_received_time": "2026-03-01 10:00:05.000000",
        "server_upload_time": "2026-03-01 10:00:06.000000",
        "amplitude_id": 9001,
        "user_id": "u1",
        "session_id": 1772359200000,
        **values,
    }


def test_the_real_export_line_loads_in_utc_without_a_session(
    landing: Landing, samples: Path
) -> None:
    place = landing.settings.landing / SOURCE / "a.json"
    place.parent.mkdir(parents=True)
    shutil.copyfile(samples / "outcomes/amplitude/export_api_one_event.jsonl", place)
    device = key("f48913e6-c106-5429-a296-9f9588859c3b")
    assert staged(
        landing,
        MODEL,
        "source_event_id, event_name, session_id, user_key, anonymous_key, time_basis, occurred_at,"
        " received_at",
        SOURCE,
    ) == [
        (
            f"636686:{device}:{key('Property Drop Purchased:2')}",
            "Property Drop Purchased",
            None,
            key("2b59c518-dc2b-43f6-9444-85a84d5b1e1f"),
            device,
            "naive_assumed_utc",
            "2025-07-01 16:34:54.837000",
            "2025-07-01 17:14:33.149000",
        )
    ]


def test_named_event_properties_are_read_and_the_rest_stays_outside(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/acme/a.json.gz",
        _event(
            event_properties={
                "task_id": "t1",
                "trace_id": "tr1",
                "success": True,
                "$revenue": 12.5,
                "currency": "usd",
                "comment": "canary-comment on the answer",
            },
            user_properties={"email": "canary.person@example.com"},
            ip_address="canary-ip",
        ),
        _event(**{"$insert_id": "canary.person@example.com:17"}, user_id="canary.person@x.org"),
    )
    assert staged(
        landing,
        MODEL,
        "account_label, task_id, trace_id, outcome_status, value_amount, value_currency,"
        " session_id, is_test",
        SOURCE,
    ) == [
        ("acme", "t1", "tr1", "success", Decimal("12.5"), "USD", "1772359200000", False),
        ("acme", None, None, None, None, None, "1772359200000", False),
    ]
    for canary in ("canary-comment", "canary.person", "canary-ip"):
        assert held_anywhere(landing, canary) == [], canary


def test_the_key_is_device_and_insert_id_and_the_first_uploaded_copy_stands(
    landing: Landing,
) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.json",
        _event(event_type="kept", server_upload_time="2026-03-01 10:00:06.000000"),
        _event(event_type="repeated", server_upload_time="2026-03-01 11:00:06.000000"),
        _event(event_type="other device", device_id="d2"),
        _event(event_type="other project", app=78),
    )
    assert staged(landing, MODEL, "event_name", SOURCE) == [
        ("kept",),
        ("other device",),
        ("other project",),
    ]


def test_without_insert_id_or_device_an_event_keeps_its_uuid_and_stays_apart(
    landing: Landing,
) -> None:
    uuids = [f"00000000-aaaa-4000-8000-00000000000{n}" for n in range(1, 5)]
    landing.drop_lines(
        f"{SOURCE}/a.json",
        _event(**{"$insert_id": None}, uuid=uuids[0]),
        _event(**{"$insert_id": None}, uuid=uuids[1]),
        _event(device_id=None, uuid=uuids[2]),
        _event(device_id=None, uuid=uuids[3]),
    )
    assert staged(landing, MODEL, "source_event_id", SOURCE) == [(uuid,) for uuid in uuids]


def test_events_without_any_id_stay_apart_and_an_overlapping_export_adds_none(
    landing: Landing,
) -> None:
    nameless = _event(**{"$insert_id": None}, uuid=None)
    later = _event(**{"$insert_id": None}, uuid=None, event_time="2026-03-01 11:00:00")
    landing.drop_lines(f"{SOURCE}/a.json", nameless, nameless)
    landing.drop_lines(f"{SOURCE}/b.json", nameless, nameless, later)
    assert len(staged(landing, MODEL, "source_event_id", SOURCE)) == 3
    assert landing.rows(
        "select count(*), count(distinct source_event_id) from staging.stg_amplitude__events"
    ) == [(3, 3)]


def test_times_without_a_zone_are_utc_in_both_spellings(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.json",
        _event(event_time="2026-03-08 02:30:00"),
        _event(**{"$insert_id": "i2"}, event_time="2026-03-08T02:30:00.500000"),
    )
    assert staged(landing, MODEL, "occurred_at", SOURCE) == [
        ("2026-03-08 02:30:00",),
        ("2026-03-08 02:30:00.500000",),
    ]


def test_a_late_file_with_the_same_event_replaces_it_and_reopens_both_days(
    landing: Landing,
) -> None:
    landing.drop_lines(f"{SOURCE}/a.json", _event(), _event(**{"$insert_id": "i2"}))
    landing.ingest(SOURCE)
    landing.pending()
    restated = _event(event_time="2026-02-27 10:00:00", event_properties={"feature": "chat"})
    landing.drop_lines(f"{SOURCE}/b.json", restated)
    assert staged(landing, MODEL, "feature, occurred_at::date::varchar", SOURCE) == [
        (None, "2026-03-01"),
        ("chat", "2026-02-27"),
    ]
    assert landing.pending() == ["2026-02-27", "2026-03-01"]


def test_faulty_lines_are_quarantined_with_their_row_and_column(landing: Landing) -> None:
    landing.drop(
        f"{SOURCE}/a.json",
        "\n".join(
            [
                json.dumps(_event()),
                json.dumps(_event(event_time=None)),
                json.dumps(_event(event_time="1970-01-01 00:00:00")),
                json.dumps(_event(event_properties={"success": "perhaps"})),
                "[1, 2]",
            ]
        ),
    )
    report = landing.ingest(SOURCE)
    assert (report.rows_in, report.rows_loaded) == (5, 1)
    assert landing.faults() == [
        (2, "occurred_at", "missing_value", None),
        (3, "occurred_at", "bad_timestamp", "1970-01-01 00:00:00"),
        (4, "success", "bad_boolean", "text of 7 characters"),
        (5, None, "malformed_row", None),
    ]


def test_persons_join_users_and_the_devices_of_their_anonymous_events_only(
    landing: Landing,
) -> None:
    """A device that two users share connects neither of them with the other."""
    landing.drop_lines(
        f"{SOURCE}/a.json",
        _event(user_id=None, amplitude_id=1, device_id="shared"),
        _event(user_id="u1", amplitude_id=2, device_id="shared", event_time="2026-03-02 00:00:00"),
        _event(user_id="u2", amplitude_id=3, device_id="shared", event_time="2026-03-03 00:00:00"),
        _event(user_id="u2", amplitude_id=3, device_id="phone", event_time="2026-03-01 00:00:00"),
    )
    landing.drop_lines(
        "amplitude_merged_ids/-77_2026-03-02_1.json.gz",
        {
            "scope": 77,
            "merge_time": 1772409600000,
            "merge_server_time": 1772409601000,
            "amplitude_id": 1,
            "merged_amplitude_id": 2,
        },
    )
    assert edges(landing, "stg_amplitude__identity_edges", SOURCE, "amplitude_merged_ids") == {
        ("anonymous", key("shared"), "person", key("1"), "identify", "2026-03-01 10:00:00.123"),
        ("user", key("u1"), "person", key("2"), "identify", "2026-03-02 00:00:00"),
        ("user", key("u2"), "person", key("3"), "identify", "2026-03-01 00:00:00"),
        ("person", key("1"), "person", key("2"), "merge", "2026-03-02 00:00:00"),
    }


def test_merged_ids_in_the_events_folder_are_refused_by_name(landing: Landing) -> None:
    merge = {"merge_server_time": 1772409601000, "amplitude_id": 1, "merged_amplitude_id": 2}
    landing.drop_lines(f"{SOURCE}/-77_2026-03-02_1.json", merge)
    assert landing.ingest(SOURCE).files_rejected == 1
    assert "event_type" in landing.reason(f"{SOURCE}/-77_2026-03-02_1.json")


def test_events_that_a_mapping_once_loaded_leave_the_outcome_feed(landing: Landing) -> None:
    """Regression: the same file would count twice, as a mapped feed and as a built-in source."""
    landing.drop_lines(f"{SOURCE}/a.json", _event())
    landing.ingest(SOURCE)
    file_id = landing.rows("select file_id from raw.landed_files")[0][0]
    landing.con.execute("update raw.landed_files set raw_table = 'outcome_feed'")
    landing.con.execute("delete from raw.amplitude_events")
    landing.con.execute(
        "insert into raw.outcome_feed (_file_id, _row_number, _source, _account, event_id,"
        " occurred_at) values ($id, 1, 'amplitude_events', 'default', 'x', '2026-03-01')",
        {"id": file_id},
    )
    report = landing.ingest(SOURCE)
    assert landing.rows("select count(*) from raw.outcome_feed") == [(0,)]
    assert landing.rows("select count(*) from raw.amplitude_events") == [(1,)]
    assert "loads into amplitude_events from now on" in report.warnings[0]
    assert landing.ingest("outcome_feed").files_withdrawn == 0
    assert landing.rows("select raw_table from raw.landed_files") == [("amplitude_events",)]
