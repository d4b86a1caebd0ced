"""OpenTelemetry evaluation results in OTLP JSON: logs, span events, point spans."""

from __future__ import annotations

import base64
import gzip
import json
from decimal import Decimal
from typing import Any

import pytest

from dagster_project.lib.hashing import keyed_hash
from dagster_project.sources.otel_evaluations import hex_id, seconds
from tests.assets.staging_sql import canaries_found, staged
from tests.conftest import HASH_KEY, Landing

D = Decimal
MODEL = "stg_otel__events"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
# 2026-09-01 08:30:00 UTC, and 250 ms 1 us 7 ns.
NANOSECONDS = 1788251400_250001007


def _attributes(**values: Any) -> list[dict[str, Any]]:
    """Attributes by short names; a dot is written as two underscores."""
    kinds = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}
    return [
        {
            "key": key.replace("__", "."),
            "value": {kinds[type(v)]: str(v) if type(v) is int else v},
        }
        for key, v in values.items()
    ]


def _evaluation(name: str = "relevance", **values: Any) -> list[dict[str, Any]]:
    return _attributes(gen_ai__evaluation__name=name, **values)


def _value(number: float) -> dict[str, Any]:
    return {"gen_ai__evaluation__score__value": number}


def _record(attributes: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "timeUnixNano": str(NANOSECONDS),
        "observedTimeUnixNano": str(NANOSECONDS + 10**9),
        "eventName": "gen_ai.evaluation.result",
        "traceId": TRACE,
        "spanId": SPAN,
        "attributes": _evaluation(**_value(0.75)) if attributes is None else attributes,
        **fields,
    }


def _logs(*records: dict[str, Any]) -> dict[str, Any]:
    scope = {"scope": {"name": "judge"}, "logRecords": list(records)}
    return {"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [scope]}]}


def _spans(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "judge"}, "spans": list(spans)}]}]}


def test_a_log_record_reads_subject_score_and_nanoseconds(landing: Landing) -> None:
    attributes = _evaluation(
        **_value(0.75),
        gen_ai__evaluation__score__label="pass",
        gen_ai__conversation__id="conv",
        task_id="k1",
        attempt_no=2,
        user__id="u1",
    )
    landing.drop_lines(
        "otel_evaluations/app/logs.jsonl",
        _logs(_record(attributes), {"eventName": "something.else", "body": {"stringValue": "x"}}),
    )
    assert landing.ingest("otel_evaluations").rows_loaded == 1
    assert staged(
        landing,
        MODEL,
        "account_label, event_name, outcome_type, task_id, session_id, trace_id, user_key,"
        " attempt_no, metric_name, value_number, value_label, evaluator_kind, time_basis, is_test,"
        " occurred_at::varchar, received_at::varchar",
    ) == [
        ("app", "relevance", "evaluation", "k1", "conv", TRACE, keyed_hash("u1", HASH_KEY), 2,
         "relevance", D("0.75"), "pass", None, "utc", False, "2026-09-01 08:30:00.250001",
         "2026-09-01 08:30:01.250001")
    ]  # fmt: skip
    assert landing.rows("select span_id, time_unix_nano, scope_name from raw.otel_evaluations") == [
        (SPAN, str(NANOSECONDS), "judge")
    ]


def test_an_older_record_names_its_event_in_an_attribute(landing: Landing) -> None:
    attributes = [*_evaluation(**_value(1.0)), *_attributes(event__name="gen_ai.evaluation.result")]
    landing.drop_lines("otel_evaluations/a.jsonl", _logs(_record(attributes, eventName=None)))
    landing.ingest("otel_evaluations")
    assert staged(landing, MODEL, "value_number") == [(D(1),)]


def test_a_span_event_belongs_to_its_span_and_a_point_span_to_its_parent(landing: Landing) -> None:
    event = {
        "timeUnixNano": str(NANOSECONDS),
        "name": "gen_ai.evaluation.result",
        "attributes": _evaluation("on_event", **_value(0.5)),
    }
    evaluated = {
        "traceId": TRACE,
        "spanId": SPAN,
        "name": "chat",
        "attributes": _attributes(gen_ai__response__id="r1", task_id="k1"),
        "events": [event, {"name": "exception"}],
    }
    point = {
        "traceId": TRACE,
        "spanId": "00000000000000aa",
        "parentSpanId": SPAN,
        "name": "gen_ai.evaluation.result",
        "startTimeUnixNano": str(NANOSECONDS),
        "attributes": _evaluation("on_span", **_value(0.25)),
    }
    landing.drop_lines("otel_evaluations/spans.jsonl", _spans(evaluated, point))
    landing.ingest("otel_evaluations")
    assert landing.rows(
        "select metric_name, span_id, response_id, task_id from raw.otel_evaluations order by 1"
    ) == [("on_event", SPAN, "r1", "k1"), ("on_span", SPAN, None, None)]


def test_ids_are_hex_whatever_the_exporter_wrote() -> None:
    as_base64 = base64.b64encode(bytes.fromhex(TRACE)).decode()
    for written in (TRACE, TRACE.upper(), f"0x{TRACE}", as_base64):
        assert hex_id(written) == TRACE
    assert hex_id(base64.b64encode(bytes.fromhex(SPAN)).decode()) == SPAN
    assert hex_id("0" * 32) is None
    assert hex_id("") is None
    assert hex_id("own-id") == "own-id"


def test_nanoseconds_become_seconds_without_a_float() -> None:
    assert seconds("1788251400250001007") == "1788251400.250001007"
    assert seconds("7") == "0.000000007"
    assert seconds("0") is None
    assert seconds(None) is None
    assert seconds("soon") == "soon"


def test_an_unknown_event_time_is_the_observed_time(landing: Landing) -> None:
    landing.drop_lines("otel_evaluations/a.jsonl", _logs(_record(timeUnixNano="0")))
    landing.ingest("otel_evaluations")
    assert staged(landing, MODEL, "occurred_at::varchar") == [("2026-09-01 08:30:01.250001",)]


def test_a_result_delivered_twice_counts_once_and_two_judges_count_twice(landing: Landing) -> None:
    other = _evaluation(**_value(0.5))
    landing.drop_lines("otel_evaluations/a.jsonl", _logs(_record(), _record(other)))
    later = _record(observedTimeUnixNano=str(NANOSECONDS + 9 * 10**9))
    landing.drop_lines("otel_evaluations/b.jsonl", _logs(later))
    landing.ingest("otel_evaluations")
    assert sorted(staged(landing, MODEL, "value_number, received_at::varchar")) == [
        (D("0.5"), "2026-09-01 08:30:01.250001"),
        (D("0.75"), "2026-09-01 08:30:01.250001"),
    ]


def test_results_without_a_subject_do_not_collapse_and_a_repeated_file_adds_none(
    landing: Landing,
) -> None:
    alone = _record(traceId="", spanId="")
    landing.drop_lines("otel_evaluations/a.jsonl", _logs(alone, alone), _logs(alone))
    # The file once more, now that a fourth result stands in it.
    landing.drop_lines("otel_evaluations/b.jsonl", _logs(alone, alone, alone, alone))
    assert landing.ingest("otel_evaluations").rows_loaded == 7
    assert len(staged(landing, MODEL, "source_event_id")) == 4
    assert len(set(staged(landing, MODEL, "source_event_id"))) == 4


def test_a_failed_evaluation_has_no_value_and_says_why(landing: Landing) -> None:
    landing.drop_lines(
        "otel_evaluations/a.jsonl", _logs(_record(_evaluation(error__type="timeout")))
    )
    landing.ingest("otel_evaluations")
    assert staged(landing, MODEL, "metric_name, value_number, value_label") == [
        ("relevance", None, None)
    ]
    assert landing.rows("select error_type from raw.otel_evaluations") == [("timeout",)]


@pytest.mark.parametrize("form", ["lines", "gzip", "document", "pretty", "list"])
def test_one_document_or_one_per_line_read_alike(landing: Landing, form: str) -> None:
    first, second = _logs(_record()), _logs(_record(_evaluation("tone", **_value(1.0))))
    both = {"resourceLogs": [*first["resourceLogs"], *second["resourceLogs"]]}
    lines = json.dumps(first) + "\n\n" + json.dumps(second) + "\n"
    contents: dict[str, str | bytes] = {
        "lines": lines,
        "gzip": gzip.compress(lines.encode()),
        "document": json.dumps(both),
        "pretty": json.dumps(both, indent=2),
        "list": json.dumps([first, second]),
    }
    landing.drop("otel_evaluations/a.json", contents[form])
    landing.ingest("otel_evaluations")
    assert sorted(staged(landing, MODEL, "metric_name, value_number")) == [
        ("relevance", D("0.75")),
        ("tone", D(1)),
    ]


def test_a_torn_last_line_is_one_bad_row_and_not_a_bad_file(landing: Landing) -> None:
    text = json.dumps(_logs(*[_record(spanId=f"{n:016x}") for n in range(1, 4)]))
    landing.drop("otel_evaluations/a.jsonl", text + "\n" + text[:200] + "\n")
    report = landing.ingest("otel_evaluations")
    assert (report.rows_loaded, report.rows_quarantined) == (3, 1)
    assert landing.faults() == [(4, None, "malformed_row", None)]


def test_bad_results_go_to_quarantine(landing: Landing) -> None:
    nameless = _attributes(**_value(1.0))
    landing.drop_lines(
        "otel_evaluations/a.jsonl",
        _logs(
            _record(),
            _record(nameless),
            _record(_evaluation(gen_ai__evaluation__score__value="high")),
            _record(timeUnixNano="soon"),
            _record(timeUnixNano=str(NANOSECONDS // 10**6)),
            _record(_evaluation(gen_ai__evaluation__score__value="NaN")),
        ),
    )
    landing.ingest("otel_evaluations")
    assert landing.faults() == [
        (2, "metric_name", "missing_value", None),
        (3, "score", "not_a_number", "text of 4 characters"),
        (4, "occurred_at", "bad_timestamp", "text of 4 characters"),
        (5, "occurred_at", "bad_timestamp", "1788.251400250"),
        (6, "score", "not_a_number", "text of 3 characters"),
    ]


def test_a_file_without_results_is_loaded_with_no_rows_and_other_json_is_rejected(
    landing: Landing,
) -> None:
    landing.drop_lines("otel_evaluations/quiet.jsonl", _logs({"eventName": "x"}), _spans())
    landing.drop("otel_evaluations/metrics.json", {"resourceMetrics": [{"scopeMetrics": []}]})
    landing.drop("otel_evaluations/other.json", {"spans": []})
    report = landing.ingest("otel_evaluations")
    assert (report.files_new, report.files_rejected, report.rows_in) == (2, 1, 0)
    assert "no resourceLogs or resourceSpans" in landing.reason("otel_evaluations/other.json")


def test_no_explanation_body_or_user_is_stored(landing: Landing) -> None:
    attributes = _evaluation(
        **_value(1.0),
        gen_ai__evaluation__explanation="canary-explanation",
        gen_ai__input__messages="canary-prompt",
        user__id="canary-user",
        gen_ai__evaluation__score__label="canary: said in many words",
    )
    landing.drop_lines(
        "otel_evaluations/a.jsonl", _logs(_record(attributes, body={"stringValue": "canary-body"}))
    )
    landing.ingest("otel_evaluations")
    assert canaries_found(landing, "canary") == []
    assert landing.rows("select explanation_length, label from raw.otel_evaluations") == [
        (18, "(text)")
    ]
