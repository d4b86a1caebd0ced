"""GA4 rows of the BigQuery export: named parameters, a composed id, rewritten days."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.assets.staged_events import edges, held_anywhere, key, staged
from tests.conftest import Landing

MODEL = "stg_ga4__events"
SOURCE = "ga4_events"

# 2026-03-01, 10:00:00.000001 UTC; the property's own calendar says 2 March.
AT = 1772359200000001


def _param(name: str, **value: Any) -> dict[str, Any]:
    return {"key": name, "value": value}


def _row(*params: dict[str, Any], **values: Any) -> dict[str, Any]:
    """Return one row as BigQuery writes JSON: 64-bit integers as texts, nulls left out."""
    return {
        "event_date": "20260302",
        "event_timestamp": str(AT),
        "event_name": "answer_accepted",
        "event_params": list(params),
        "event_bundle_sequence_id": "5",
        "user_pseudo_id": "browser.1",
        **values,
    }


PARAMS = (
    _param("task_id", string_value="t1"),
    _param("ticket_id", int_value="88"),
    _param("success", string_value="true"),
    _param("attempt_no", int_value="2"),
    _param("value", double_value=12.5),
    _param("currency", string_value="eur"),
    _param("ga_session_id", int_value="1772359100"),
    _param("page_title", string_value="canary-title of a page"),
)
SEEN = (
    "event_name, task_id, ticket_id, outcome_status, attempt_no, value_number, value_amount,"
    " value_currency, session_id, user_key, anonymous_key, time_basis, is_test, occurred_at,"
    " received_at"
)


def _expected() -> tuple[Any, ...]:
    return (
        *("answer_accepted", "t1", "88", "success", 2, Decimal("12.5"), Decimal("12.5"), "EUR"),
        *("1772359100", key("u1"), key("browser.1"), "utc", False),
        "2026-03-01 10:00:00.000001",
        None,
    )


def test_json_lines_give_the_named_parameters_at_the_utc_microsecond(landing: Landing) -> None:
    landing.drop_lines(f"{SOURCE}/a.json.gz", _row(*PARAMS, user_id="u1"))
    assert staged(landing, MODEL, SEEN, SOURCE) == [_expected()]
    assert held_anywhere(landing, "canary-title") == []


@pytest.mark.parametrize("shape", ["plain", "no float", "wrapped"])
def test_parquet_gives_the_same_as_json_lines(landing: Landing, shape: str) -> None:
    names = {"string_value": "null::varchar", "int_value": "null::bigint"}
    if shape != "no float":
        names["float_value"] = "null::double"
    names["double_value"] = "null::double"

    def record(param: dict[str, Any]) -> str:
        given = {
            name: json.dumps(value).replace('"', "'") for name, value in param["value"].items()
        }
        if "int_value" in given:
            given["int_value"] = given["int_value"].strip("'")
        inside = ", ".join(f"'{name}': {given.get(name, null)}" for name, null in names.items())
        return f"{{'key': '{param['key']}', 'value': {{{inside}}}}}"

    records = ", ".join(
        f"{{'element': {record(p)}}}" if shape == "wrapped" else record(p) for p in PARAMS
    )
    params = f"{{'list': [{records}]}}" if shape == "wrapped" else f"[{records}]"
    made = landing.settings.home / "made.parquet"
    made.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute(
            f"copy (select '20260302' as event_date, {AT}::bigint as event_timestamp,"
            f" 'answer_accepted' as event_name, {params} as event_params,"
            " 5::bigint as event_bundle_sequence_id, 'u1' as user_id,"
            f" 'browser.1' as user_pseudo_id) to '{made}' (format parquet)"
        )
    landing.drop("by_content/a.parquet", made.read_bytes())
    made.unlink()
    assert staged(landing, MODEL, SEEN, SOURCE) == [_expected()]


def test_an_own_session_id_goes_before_googles_and_dollars_before_the_currency(
    landing: Landing,
) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.json",
        _row(*PARAMS, _param("session_id", string_value="s1"), event_value_in_usd=13.75),
        _row(
            _param("value", string_value="high"),
            _param("debug_mode", int_value=1),
            event_timestamp=AT + 1,
        ),
        _row(_param("revenue", int_value=7), _param("value", int_value=3), event_timestamp=AT + 2),
    )
    assert staged(
        landing, MODEL, "session_id, value_amount, value_currency, value_number, is_test", SOURCE
    ) == [
        ("s1", Decimal("13.75"), "USD", Decimal("12.5"), False),
        (None, None, None, None, True),
        (None, Decimal(7), None, Decimal(3), False),
    ]


def test_the_id_is_user_name_moment_and_place_in_the_batch(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.json",
        _row(feature="x"),
        _row(),
        _row(event_bundle_sequence_id="6"),
        _row(batch_page_id="1", batch_ordering_id="1", batch_event_index="1"),
        _row(batch_page_id="1", batch_ordering_id="1", batch_event_index="2"),
        _row(event_name="other"),
        _row(event_timestamp=str(AT + 1)),
        _row(user_pseudo_id="browser.2"),
    )
    staged(landing, MODEL, "source_event_id", SOURCE)
    assert landing.rows(
        "select count(*), count(distinct source_event_id) from staging.stg_ga4__events"
    ) == [(7, 7)]
    assert (f"{key('browser.1')}:answer_accepted:{AT}:5:-:-:-",) in landing.rows(
        "select source_event_id from staging.stg_ga4__events"
    )


def test_users_who_refused_cookies_are_not_collapsed_into_one_event(landing: Landing) -> None:
    refused = _row(user_pseudo_id=None, event_bundle_sequence_id=None)
    landing.drop_lines(f"{SOURCE}/intraday.json", refused, refused)
    landing.drop_lines(f"{SOURCE}/daily.json", refused, refused, refused)
    assert len(staged(landing, MODEL, "source_event_id", SOURCE)) == 3


def test_a_day_that_google_wrote_again_replaces_its_events_and_adds_the_late_ones(
    landing: Landing,
) -> None:
    landing.drop_lines(f"{SOURCE}/events_20260302.json", _row(*PARAMS))
    landing.ingest(SOURCE)
    landing.pending()
    again = _row(_param("task_id", string_value="t1"), _param("feature", string_value="chat"))
    late = _row(event_timestamp=str(AT + 60_000_000))
    landing.drop_lines(f"{SOURCE}/events_20260302_again.json", again, late)
    assert staged(landing, MODEL, "task_id, feature, value_amount", SOURCE) == [
        ("t1", "chat", None),
        (None, None, None),
    ]
    assert landing.pending() == ["2026-03-01"]


def test_faulty_rows_are_quarantined_with_their_row_and_column(landing: Landing) -> None:
    rows = [
        _row(),
        _row(event_timestamp=None),
        # milliseconds where microseconds belong
        _row(event_timestamp="1772359200000"),
        _row(_param("attempt_no", string_value="second")),
        _row(event_params="no records"),
    ]
    landing.drop(f"{SOURCE}/a.json", "\n".join([*map(json.dumps, rows), '{"event_name": ']))
    report = landing.ingest(SOURCE)
    assert (report.rows_in, report.rows_loaded) == (6, 1)
    assert landing.faults() == [
        (2, "occurred_at", "missing_value", None),
        (3, "occurred_at", "bad_timestamp", "1772359200000"),
        (4, "attempt_no", "not_a_number", "text of 6 characters"),
        (5, "event_params", "malformed_row", None),
        (6, None, "malformed_row", None),
    ]


def test_ids_are_hashed_and_connect_a_browser_with_its_user(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.json",
        _row(
            user_id="canary.person@example.com",
            user_properties=[_param("name", string_value="canary-name")],
        ),
        _row(event_name="other"),
    )
    assert edges(landing, "stg_ga4__identity_edges", SOURCE) == {
        (
            *("anonymous", key("browser.1"), "user", key("canary.person@example.com")),
            *("identify", "2026-03-01 10:00:00.000001"),
        )
    }
    assert held_anywhere(landing, "canary") == []
