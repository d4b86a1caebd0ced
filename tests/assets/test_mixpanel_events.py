"""Mixpanel raw export: clock of old and new projects, the four-part key, devices and users."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.reference import load_reference
from tests.assets.staged_events import edges, held_anywhere, key, staged
from tests.conftest import Landing

MODEL = "stg_mixpanel__events"
SOURCE = "mixpanel_events"

# 2026-03-01, 10:00:00 UTC.
TEN = 1772359200


def _event(event: str = "Answer Accepted", **properties: Any) -> dict[str, Any]:
    return {
        "event": event,
        "properties": {
            "time": TEN,
            "distinct_id": "u1",
            "$insert_id": "i1",
            "mp_processing_time_ms": (TEN + 60) * 1000,
            **properties,
        },
    }


def _zones(landing: Landing, *rows: str) -> None:
    landing.settings.reference.mkdir(parents=True, exist_ok=True)
    text = "source,account,time_zone\n" + "".join(f"{row}\n" for row in rows)
    (landing.settings.reference / "event_time_zones.csv").write_text(text, encoding="utf-8")


def test_the_documented_exports_load_at_their_utc_seconds(landing: Landing, samples: Path) -> None:
    for name in ("docs_example", "airbyte_docstring_example"):
        place = landing.settings.landing / SOURCE / f"{name}.jsonl"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(samples / f"outcomes/mixpanel/export_{name}.jsonl", place)
    columns = "occurred_at, event_name, user_key, time_basis, received_at"
    assert sorted(staged(landing, MODEL, columns, SOURCE)) == [
        ("2020-10-13 17:48:31", "Signed up", None, "utc", "2020-10-13 21:48:31.874000"),
        ("2020-10-15 18:38:41", "Signed up", None, "utc", "2020-10-15 22:38:41.561000"),
        (
            *("2021-06-16 16:28:00", "Viewed E-commerce Page"),
            *(key("1d694fd9-31a5-4b99-9eef-ae63112063ed"), "utc", "2021-06-16 23:28:03.321000"),
        ),
    ]
    assert held_anywhere(landing, "unblockdata.com") == []


def test_named_properties_are_read_also_when_a_connector_made_them_texts(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        _event(task_id="t1", success=True, revenue=7.25, currency="gbp", **{"$session_id": "s1"}),
        _event(
            **{"$insert_id": "i2", "time": str(TEN), "mp_processing_time_ms": str(TEN * 1000)},
            task_id="t2",
            success="false",
            value="3",
            attempt_no="2",
            comment="canary-comment on the answer",
        ),
    )
    assert staged(
        landing,
        MODEL,
        "task_id, outcome_status, value_number, value_amount, value_currency, session_id,"
        " attempt_no, occurred_at",
        SOURCE,
    ) == [
        (
            *("t1", "success", None, Decimal("7.25"), "GBP", "s1", None),
            "2026-03-01 10:00:00",
        ),
        ("t2", "failure", Decimal(3), Decimal(3), None, None, 2, "2026-03-01 10:00:00"),
    ]
    assert held_anywhere(landing, "canary-comment") == []


def test_seconds_and_milliseconds_are_told_apart_by_size(landing: Landing) -> None:
    """An export in milliseconds holds the same events as one in seconds."""
    landing.drop_lines(f"{SOURCE}/seconds.jsonl", _event(), _event(**{"$insert_id": "i2"}))
    landing.drop_lines(
        f"{SOURCE}/milliseconds.jsonl",
        _event(time=TEN * 1000 + 250),
        _event(time=TEN * 1000 + 1750, **{"$insert_id": "i3"}),
    )
    assert staged(landing, MODEL, "occurred_at", SOURCE) == [
        ("2026-03-01 10:00:00",),
        ("2026-03-01 10:00:00.250000",),
        ("2026-03-01 10:00:01.750000",),
    ]


def test_the_copy_that_was_processed_last_wins_among_equal_keys(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        _event(feature="new", mp_processing_time_ms=(TEN + 90) * 1000),
        _event(feature="old"),
        _event("Other event", feature="kept"),
        _event(feature="other user", distinct_id="u2"),
        _event(feature="other second", time=TEN + 1),
        _event(feature="other id", **{"$insert_id": "i2"}),
    )
    assert staged(landing, MODEL, "feature", SOURCE) == [
        ("new",),
        ("kept",),
        ("other user",),
        ("other second",),
        ("other id",),
    ]


def test_without_an_insert_id_no_event_swallows_another(landing: Landing) -> None:
    nameless = _event(**{"$insert_id": None})
    landing.drop_lines(f"{SOURCE}/a.jsonl", nameless, nameless, _event())
    landing.drop_lines(f"{SOURCE}/overlap.jsonl", nameless, nameless)
    assert len(staged(landing, MODEL, "source_event_id", SOURCE)) == 3
    assert landing.rows(
        "select count(*), count(distinct source_event_id) from staging.stg_mixpanel__events"
    ) == [(3, 3)]


def test_a_project_that_keeps_local_time_is_shifted_by_its_zones_own_offset(
    landing: Landing,
) -> None:
    """10:00 in New York is 15:00 UTC on 1 March and, in summer time, 14:00 UTC on 9 March."""
    _zones(landing, f"{SOURCE},old_project,America/New_York")
    both = (_event(), _event(**{"$insert_id": "i2"}, time=TEN + 8 * 86_400))
    landing.drop_lines(f"{SOURCE}/old_project/a.jsonl", *both)
    landing.drop_lines(f"{SOURCE}/new_project/a.jsonl", *both)
    assert staged(landing, MODEL, "account_label, time_basis, occurred_at", SOURCE) == [
        ("old_project", "project_local_shifted", "2026-03-01 15:00:00"),
        ("old_project", "project_local_shifted", "2026-03-09 14:00:00"),
        ("new_project", "utc", "2026-03-01 10:00:00"),
        ("new_project", "utc", "2026-03-09 10:00:00"),
    ]


def test_an_hour_that_summer_times_end_repeats_is_the_later_one(landing: Landing) -> None:
    """01:30 on 1 November 2026 happens twice in New York: at 05:30 and at 06:30 UTC."""
    _zones(landing, f"{SOURCE},default,America/New_York")
    landing.drop_lines(f"{SOURCE}/a.jsonl", _event(time=1793496600))
    assert staged(landing, MODEL, "occurred_at", SOURCE) == [("2026-11-01 06:30:00",)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f"{SOURCE},default,EST5EDT4", "column time_zone: 'EST5EDT4' is not a known time zone"),
        (f"{SOURCE},default,", "column time_zone: a value is required"),
        ("amplitude_events,default,UTC", "'amplitude_events' is not one of mixpanel_events"),
    ],
)
def test_a_zone_that_cannot_be_applied_stops_with_its_row(
    landing: Landing, row: str, said: str
) -> None:
    _zones(landing, row)
    with pytest.raises(ConfigurationError, match=r"event_time_zones.csv row 2") as error:
        load_reference(landing.con, landing.settings)
    assert said in str(error.value)


def test_an_id_made_for_a_device_is_no_user_and_joins_the_device(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        _event(distinct_id="$device:d1"),
        _event(**{"$insert_id": "i2", "$device_id": "d1", "$user_id": "u1"}),
        _event(**{"$insert_id": "i3", "$device_id": "d1"}, distinct_id="$device:d1", time=TEN + 9),
        _event(**{"$insert_id": "i4"}, distinct_id="u7"),
    )
    assert staged(landing, MODEL, "user_key, anonymous_key", SOURCE) == [
        (None, key("d1")),
        (key("u1"), key("d1")),
        (None, key("d1")),
        (key("u7"), None),
    ]
    assert edges(landing, "stg_mixpanel__identity_edges", SOURCE) == {
        ("anonymous", key("d1"), "user", key("u1"), "identify", "2026-03-01 10:00:00")
    }


def test_a_late_export_restates_an_event_and_reopens_its_day(landing: Landing) -> None:
    landing.drop_lines(f"{SOURCE}/a.jsonl", _event())
    landing.ingest(SOURCE)
    landing.pending()
    restated = _event(feature="chat", mp_processing_time_ms=(TEN + 999) * 1000)
    landing.drop_lines(f"{SOURCE}/b.jsonl", restated, _event(time=TEN - 86_400))
    assert staged(landing, MODEL, "feature, occurred_at::date::varchar", SOURCE) == [
        ("chat", "2026-03-01"),
        (None, "2026-02-28"),
    ]
    assert landing.pending() == ["2026-02-28", "2026-03-01"]


def test_faulty_lines_are_quarantined_with_their_row_and_column(landing: Landing) -> None:
    landing.drop(
        f"{SOURCE}/a.jsonl",
        "\n".join(
            [
                json.dumps(_event()),
                json.dumps(_event(time=None)),
                json.dumps(_event(time=5)),
                json.dumps({"properties": {"time": TEN}}),
                json.dumps(_event(attempt_no=-1)),
                "not json",
            ]
        ),
    )
    report = landing.ingest(SOURCE)
    assert (report.rows_in, report.rows_loaded) == (6, 1)
    assert landing.faults() == [
        (2, "occurred_at", "missing_value", None),
        (3, "occurred_at", "bad_timestamp", "5"),
        (4, "event", "missing_value", None),
        (5, "attempt_no", "negative", "-1"),
        (6, None, "malformed_row", None),
    ]


def test_ids_and_texts_are_stored_nowhere(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        _event(
            **{"distinct_id": "canary.person@example.com", "$insert_id": "canary-insert"},
            **{"$user_id": "canary.user", "$device_id": "canary.device", "$email": "canary.mail"},
            value="canary-value typed by someone",
        ),
    )
    landing.ingest(SOURCE)
    assert landing.rows("select count(*) from raw.mixpanel_events") == [(1,)]
    assert held_anywhere(landing, "canary") == []


def test_an_event_with_properties_alone_is_known_by_its_folder_only(landing: Landing) -> None:
    """Any tool's events have these two keys, so content says nothing."""
    landing.drop_lines("some_folder/a.jsonl", _event())
    assert landing.ingest(SOURCE).rows_in == 0
