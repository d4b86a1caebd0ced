"""PostHog batch exports: events in both formats, thumbs and evaluations, persons."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.assets.staged_events import edges, held_anywhere, key, staged
from tests.conftest import Landing

MODEL = "stg_posthog__events"
SOURCE = "posthog_events"
PERSONS = "posthog_persons"


def _event(number: int, event: str = "answer accepted", /, **properties: Any) -> dict[str, Any]:
    return {
        "uuid": f"019a0000-0000-7000-8000-{number:012d}",
        "event": event,
        "distinct_id": "u1",
        "person_id": "p1",
        "properties": properties,
        "person_properties": {"email": "canary.person@example.com"},
        "elements_chain": "",
        "timestamp": "2026-03-01T10:00:00.123456Z",
        "created_at": "2026-03-01T10:00:05Z",
        "_inserted_at": "2026-03-01T10:01:00Z",
    }


def _at(row: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {**row, **values}


def _survey(number: int, survey: str = "s1", /, **properties: Any) -> dict[str, Any]:
    about = {"$survey_id": survey, "$ai_trace_id": "tr1"}
    return _event(number, "survey sent", **about, **properties)


def _parquet(landing: Landing, place: str, *rows: dict[str, Any]) -> None:
    """Land rows as PostHog writes Parquet: properties as JSON text, zoned timestamps, zstd."""
    folder = landing.settings.home
    folder.mkdir(parents=True, exist_ok=True)
    texts = [
        {name: json.dumps(v) if isinstance(v, dict) else v for name, v in row.items()}
        for row in rows
    ]
    (folder / "made.jsonl").write_text("\n".join(json.dumps(row) for row in texts))
    kinds = dict.fromkeys(rows[0], "VARCHAR")
    kinds.update(
        {
            name: kind
            for name, kind in {
                "timestamp": "TIMESTAMPTZ",
                "created_at": "TIMESTAMPTZ",
                "_inserted_at": "TIMESTAMPTZ",
                "team_id": "BIGINT",
                "person_version": "BIGINT",
                "person_distinct_id_version": "BIGINT",
                "is_deleted": "BOOLEAN",
            }.items()
            if name in kinds
        }
    )
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(
            f"copy (select * from read_json('{folder}/made.jsonl', format = 'newline_delimited',"
            f" columns = {kinds})) to '{folder}/made.parquet' (format parquet, compression zstd)"
        )
    landing.drop(place, (folder / "made.parquet").read_bytes())
    for name in ("made.jsonl", "made.parquet"):
        (folder / name).unlink()


ROWS = (
    _event(
        1,
        **{"$ai_trace_id": "tr1", "$session_id": "s1", "$device_id": "browser-1"},
        task_id="t1",
        success=True,
        revenue=4.5,
        currency="usd",
        comment="canary-comment on the answer",
    ),
    _event(2, **{"$group_0": "acme"}, session_id="own", value="typed canary"),
)


@pytest.mark.parametrize("form", ["json lines", "json texts", "parquet"])
def test_every_form_of_the_export_gives_the_same_events(landing: Landing, form: str) -> None:
    if form == "parquet":
        _parquet(landing, f"{SOURCE}/2026-03-01_events.parquet.zst", *ROWS)
    elif form == "json lines":
        landing.drop_lines(f"{SOURCE}/a.jsonl.gz", *ROWS)
    else:
        texts = [_at(row, properties=json.dumps(row["properties"])) for row in ROWS]
        landing.drop_lines(f"{SOURCE}/a.jsonl", *texts)
    assert staged(
        landing,
        MODEL,
        "source_event_id, event_name, outcome_type, outcome_status, task_id, trace_id, session_id,"
        " user_key, anonymous_key, tenant, value_number, value_amount, value_currency, time_basis,"
        " occurred_at, received_at",
        SOURCE,
    ) == [
        (
            *("019a0000-0000-7000-8000-000000000001", "answer accepted", None, "success", "t1"),
            *("tr1", "s1", key("u1"), key("browser-1"), None, None, Decimal("4.5"), "USD"),
            "client_clock",
            "2026-03-01 10:00:00.123456",
            "2026-03-01 10:00:05",
        ),
        (
            *("019a0000-0000-7000-8000-000000000002", "answer accepted", None, None, None),
            *(None, "own", key("u1"), None, "acme", None, None, None, "client_clock"),
            "2026-03-01 10:00:00.123456",
            "2026-03-01 10:00:05",
        ),
    ]
    assert held_anywhere(landing, "canary") == []


def test_the_documented_events_load_under_the_row_of_an_export(
    landing: Landing, samples: Path
) -> None:
    folder = samples / "outcomes/posthog"
    generation = json.loads((folder / "ai_generation_capture_example.json").read_text())
    thumb = json.loads((folder / "survey_sent_thumbs_example.json").read_text())
    # the question's id is a placeholder as printed
    properties = {
        name.replace("{firstQuestionId}", "q1"): value
        for name, value in thumb["properties"].items()
    }
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        _event(1, generation["event"], **generation["properties"]),
        _event(2, thumb["event"], **properties),
    )
    assert staged(
        landing,
        MODEL,
        "event_name, outcome_type, trace_id, metric_name, value_number, value_label,"
        " evaluator_kind",
        SOURCE,
    ) == [
        ("$ai_generation", None, "d9222e05-8708-41b8-98ea-d4a21849e761", *([None] * 4)),
        (
            *("survey sent", "feedback", "your-generated-trace-id", "your-survey-id"),
            *(Decimal(1), "up", "user"),
        ),
    ]


def test_thumbs_are_feedback_and_a_longer_scale_is_only_a_number(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        _survey(1, **{"$survey_response_q-1": 1}),
        _survey(2, **{"$survey_response_q-1": "2"}),
        _survey(3, **{"$survey_response": 2}),
        _survey(4, "stars", **{"$survey_response_q-9": 1}),
        _survey(5, "stars", **{"$survey_response_q-9": 5}),
        _event(6, "survey sent", **{"$survey_id": "site", "$survey_response": 1}),
        _event(7, "survey shown", **{"$survey_id": "s1", "$ai_trace_id": "tr1"}),
        _survey(8, "open", **{"$survey_response_q-3": "canary-answer in words"}),
    )
    assert staged(
        landing,
        MODEL,
        "outcome_type, metric_name, value_number, value_label, evaluator_kind",
        SOURCE,
    ) == [
        ("feedback", "s1", Decimal(1), "up", "user"),
        ("feedback", "s1", Decimal(2), "down", "user"),
        ("feedback", "s1", Decimal(2), "down", "user"),
        ("feedback", "stars", Decimal(1), None, "user"),
        ("feedback", "stars", Decimal(5), None, "user"),
        ("feedback", "site", Decimal(1), None, "user"),
        (None, None, None, None, None),
        (None, None, None, None, None),
    ]
    assert landing.rows(
        "select answer_text_length, answer_text_hash from raw.posthog_events"
        " where answer_text_length is not null"
    ) == [(22, key("canary-answer in words"))]
    assert held_anywhere(landing, "canary") == []


def test_a_submission_of_two_questions_is_one_feedback(landing: Landing) -> None:
    """The second event of a submission repeats the first answer beside the new one."""
    first = _survey(1, **{"$survey_response": 2, "$survey_submission_id": "sub1"})
    second = _survey(
        2,
        **{
            "$survey_response": 2,
            "$survey_response_1": "it made things up",
            "$survey_submission_id": "sub1",
        },
    )
    third = _survey(3, **{"$survey_response_1": "more words", "$survey_submission_id": "sub1"})
    other = _survey(4, **{"$survey_response": 1, "$survey_submission_id": "sub2"})
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        first,
        _at(second, timestamp="2026-03-01T10:01:00Z"),
        _at(third, timestamp="2026-03-01T10:02:00Z"),
        other,
    )
    assert staged(landing, MODEL, "outcome_type, value_label", SOURCE) == [
        (None, None),
        ("feedback", "down"),
        (None, None),
        ("feedback", "up"),
    ]


def test_evaluations_keep_their_verdict_as_it_is(landing: Landing) -> None:
    """True may be good or bad: a detector's true is a fault found, so no status is derived."""
    judge = {"$ai_evaluation_name": "grounded", "$ai_trace_id": "tr1"}
    by_code = {"$ai_evaluation_result": False, "$ai_evaluation_runtime": "hog"}
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        _event(
            1,
            "$ai_evaluation",
            **judge,
            **{
                "$ai_evaluation_result": True,
                "$ai_evaluation_runtime": "llm_judge",
                "$ai_evaluation_reasoning": "canary-reasoning about the answer",
            },
        ),
        _event(2, "$ai_evaluation", **judge, **by_code),
        _event(3, "$ai_evaluation", **judge, **{"$ai_evaluation_numeric_result": 0.25}),
        _event(4, "$ai_evaluation", **judge, **{"$ai_evaluation_applicable": False}),
        _event(5, "$ai_metric", **{"$ai_metric_name": "quality", "$ai_metric_value": "bad"}),
        _event(6, "$ai_metric", **{"$ai_metric_name": "quality", "$ai_metric_value": "95"}),
        _event(7, "$ai_metric", **{"$ai_metric_name": "why", "$ai_metric_value": "canary text"}),
        _event(8, "$ai_feedback", **{"$ai_feedback_text": "canary-feedback in words"}),
    )
    assert staged(
        landing,
        MODEL,
        "outcome_type, outcome_status, metric_name, value_number, value_label, evaluator_kind",
        SOURCE,
    ) == [
        ("evaluation", None, "grounded", Decimal(1), "true", "llm"),
        ("evaluation", None, "grounded", Decimal(0), "false", "code"),
        ("evaluation", None, "grounded", Decimal("0.25"), None, "llm"),
        ("evaluation", None, "grounded", None, None, "llm"),
        (None, None, "quality", None, "bad", None),
        (None, None, "quality", Decimal(95), None, None),
        (None, None, "why", None, None, None),
        (None, None, None, None, None, None),
    ]
    assert landing.rows(
        "select evaluation_reasoning_length, feedback_text_length from raw.posthog_events"
        " where evaluation_reasoning_hash is not null or feedback_text_hash is not null"
        " order by _row_number"
    ) == [(33, None), (None, 24)]
    assert held_anywhere(landing, "canary") == []


def test_a_uuid_of_two_runs_keeps_the_copy_inserted_last(landing: Landing) -> None:
    newer = _at(_event(1, feature="new"), _inserted_at="2026-03-05T00:00:00Z")
    landing.drop_lines(f"{SOURCE}/live.jsonl", newer, _event(2))
    landing.drop_lines(f"{SOURCE}/backfill.jsonl", _event(1, feature="old"), _event(3))
    assert staged(landing, MODEL, "right(source_event_id, 1), feature", SOURCE) == [
        ("1", "new"),
        ("2", None),
        ("3", None),
    ]


def test_a_restated_file_without_insertion_times_wins_by_arrival(landing: Landing) -> None:
    landing.drop_lines(f"{SOURCE}/a.jsonl", _event(1, feature="old"))
    landing.ingest(SOURCE)
    landing.pending()
    landing.drop_lines(f"{SOURCE}/b.jsonl", _event(1, feature="new"), _event(2))
    assert staged(landing, MODEL, "right(source_event_id, 1), feature", SOURCE) == [
        ("1", "new"),
        ("2", None),
    ]
    assert landing.pending() == ["2026-03-01"]


def test_a_browser_without_a_user_is_anonymous(landing: Landing) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        _at(_event(1, **{"$device_id": "browser-1"}), distinct_id="browser-1"),
        _event(2, **{"$device_id": "browser-1"}),
        _at(_event(3), distinct_id="anonymous"),
    )
    assert staged(landing, MODEL, "user_key, anonymous_key", SOURCE) == [
        (None, key("browser-1")),
        (key("u1"), key("browser-1")),
        (None, None),
    ]


def test_faulty_rows_are_quarantined_with_their_row_and_column(landing: Landing) -> None:
    rows = [
        _event(1),
        _at(_event(2), uuid=None),
        _at(_event(3), timestamp="soon"),
        _event(4, success="maybe"),
        _at(_event(5), properties="{cut off"),
    ]
    landing.drop(f"{SOURCE}/a.jsonl", "\n".join([*map(json.dumps, rows), '{"uuid": "6']))
    report = landing.ingest(SOURCE)
    assert (report.rows_in, report.rows_loaded) == (6, 1)
    assert landing.faults() == [
        (2, "uuid", "missing_value", None),
        (3, "occurred_at", "bad_timestamp", "text of 4 characters"),
        (4, "success", "bad_boolean", "text of 5 characters"),
        (5, "properties", "malformed_row", None),
        (6, None, "malformed_row", None),
    ]


def _person(distinct_id: str, person_id: str, version: int, **values: Any) -> dict[str, Any]:
    return {
        "team_id": 7,
        "distinct_id": distinct_id,
        "person_id": person_id,
        "properties": {"email": "canary.person@example.com"},
        "person_distinct_id_version": version,
        "person_version": 1,
        "created_at": "2024-05-01T00:00:00Z",
        "_inserted_at": "2026-03-02T00:00:00Z",
        "is_deleted": False,
        **values,
    }


@pytest.mark.parametrize("form", ["json lines", "parquet"])
def test_persons_give_the_newest_mapping_of_each_distinct_id(landing: Landing, form: str) -> None:
    landing.drop_lines(f"{SOURCE}/a.jsonl", _event(1, **{"$device_id": "browser-1"}))
    older = (
        _person("browser-1", "p1", 2),
        _person("u1", "p1", 1),
        _person("u2", "p2", 1),
        _person("u3", "p3", 1),
    )
    newer = (_person("u2", "p1", 2), _person("u3", "p3", 1, is_deleted=True, person_version=2))
    if form == "parquet":
        _parquet(landing, f"{PERSONS}/a.parquet", *newer)
        _parquet(landing, f"{PERSONS}/b.parquet", *older)
    else:
        landing.drop_lines(f"{PERSONS}/a.jsonl", *newer)
        landing.drop_lines(f"{PERSONS}/b.jsonl", *older)
    since = ("person", key("p1"), "identify", "2024-05-01 00:00:00")
    assert edges(landing, "stg_posthog__identity_edges", SOURCE, PERSONS) == {
        ("anonymous", key("browser-1"), *since),
        ("user", key("u1"), *since),
        ("user", key("u2"), *since),
    }
    assert held_anywhere(landing, "canary") == []
    # the day of the export, so that a person of 2024 does not have two years computed again
    assert landing.pending() == ["2026-03-01", "2026-03-02"]


def test_identify_alias_and_merge_events_connect_ids_without_a_persons_export(
    landing: Landing,
) -> None:
    landing.drop_lines(
        f"{SOURCE}/a.jsonl",
        _event(1, "$identify", **{"$anon_distinct_id": "browser-1"}),
        _event(2, "$create_alias", alias="u1-old"),
        _event(3, "$merge_dangerously", alias="u2"),
        _event(4, "their own event", alias="a nickname", **{"$anon_distinct_id": "browser-2"}),
    )
    at = "2026-03-01 10:00:00.123456"
    assert edges(landing, "stg_posthog__identity_edges", SOURCE, PERSONS) == {
        ("anonymous", key("browser-1"), "user", key("u1"), "identify", at),
        ("user", key("u1-old"), "user", key("u1"), "alias", at),
        ("user", key("u2"), "user", key("u1"), "merge", at),
    }
