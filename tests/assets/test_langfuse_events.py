"""Langfuse scores: exports and API pages, one row per score, and no free text."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from dagster_project.lib.hashing import keyed_hash
from tests.assets.staged_events import EVENT_COLUMNS
from tests.assets.staging_sql import canaries_found, described, staged
from tests.conftest import HASH_KEY, Landing

D = Decimal
MODEL = "stg_langfuse__events"
VALUES = "source_event_id, value_number, value_label"


def _score(**values: Any) -> dict[str, Any]:
    """One line of a blob storage export."""
    return {
        "id": "s1",
        "timestamp": "2026-09-01 08:30:00.250000",
        "project_id": "p",
        "environment": "production",
        "trace_id": "t1",
        "observation_id": None,
        "session_id": None,
        "dataset_run_id": None,
        "name": "helpful",
        "value": 0.5,
        "source": "EVAL",
        "comment": None,
        "data_type": "NUMERIC",
        "string_value": None,
        "created_at": "2026-09-01 08:30:01.000000",
        "updated_at": "2026-09-01 08:30:01.000000",
        **values,
    }


def test_every_event_source_hands_on_the_same_columns_in_the_same_order(landing: Landing) -> None:
    landing.ingest("langfuse_scores")
    for name in ("langfuse", "langsmith", "phoenix", "otel", "cloudevents"):
        assert list(described(landing, f"stg_{name}__events").items()) == list(
            EVENT_COLUMNS.items()
        ), name


def test_an_export_line_reads_ids_times_and_its_source(landing: Landing) -> None:
    landing.drop_lines(
        "langfuse_scores/acme/2026-09-01.jsonl.gz",
        _score(metadata={"task_id": "k1", "attempt_no": 2, "feature": "chat", "user_id": "u1"}),
        _score(id="s2", trace_id="", session_id="conv", source="ANNOTATION"),
        _score(id="s3", dataset_run_id="run", source="API"),
    )
    assert landing.ingest("langfuse_scores").rows_loaded == 3
    assert staged(
        landing,
        MODEL,
        "account_label, source_event_id, event_name, outcome_type, task_id, feature, attempt_no,"
        " session_id, trace_id, user_key, metric_name, value_number, value_label, evaluator_kind,"
        " is_test, occurred_at::varchar, received_at::varchar, time_basis",
    ) == [
        ("acme", "s1", "helpful", "evaluation", "k1", "chat", 2, None, "t1",
         keyed_hash("u1", HASH_KEY), "helpful", D("0.5"), None, "llm", False,
         "2026-09-01 08:30:00.25", "2026-09-01 08:30:01", "utc"),
        ("acme", "s2", "helpful", "feedback", None, None, None, "conv", None, None, "helpful",
         D("0.5"), None, "human", False, "2026-09-01 08:30:00.25", "2026-09-01 08:30:01", "utc"),
        ("acme", "s3", "helpful", "evaluation", None, None, None, None, "t1", None, "helpful",
         D("0.5"), None, "api", True, "2026-09-01 08:30:00.25", "2026-09-01 08:30:01", "utc"),
    ]  # fmt: skip


def test_an_index_and_the_zero_of_a_text_are_no_values(landing: Landing) -> None:
    landing.drop_lines(
        "langfuse_scores/a.jsonl",
        _score(id="boolean", data_type="BOOLEAN", value=1),
        _score(id="category", data_type="CATEGORICAL", value=2, string_value="partly right"),
        _score(id="new kind", data_type="SOMETHING", value=7, string_value="what it says"),
        _score(id="number", value=-1.25),
        _score(id="text", data_type="TEXT", value=0, string_value="nice"),
    )
    landing.ingest("langfuse_scores")
    assert staged(landing, MODEL, VALUES) == [
        ("boolean", D(1), "true"),
        ("category", None, "partly right"),
        ("new kind", None, None),
        ("number", D("-1.25"), None),
        ("text", None, None),
    ]
    assert landing.rows(
        "select text_value_length, text_value_hash from raw.langfuse_scores where score_id = 'text'"
    ) == [(4, keyed_hash("nice", HASH_KEY))]


def test_the_boundary_of_two_windows_counts_once_and_the_latest_update_wins(
    landing: Landing,
) -> None:
    at_boundary = _score(id="s9", value=0.9)
    landing.drop_lines("langfuse_scores/08.jsonl", _score(value=0.1), at_boundary)
    landing.drop_lines("langfuse_scores/09.jsonl", at_boundary, _score(id="s10", value=1))
    landing.ingest("langfuse_scores")
    # A late file restates one score; an older copy of it lands last and changes nothing.
    landing.drop_lines(
        "langfuse_scores/late.jsonl", _score(value=0.7, updated_at="2026-09-03 00:00:00.000000")
    )
    landing.drop_lines(
        "langfuse_scores/again.jsonl", _score(value=0.3, updated_at="2026-09-02 00:00:00.000000")
    )
    landing.ingest("langfuse_scores")
    assert staged(landing, MODEL, "source_event_id, value_number, received_at::varchar") == [
        ("s1", D("0.7"), "2026-09-03 00:00:00"),
        ("s10", D(1), "2026-09-01 08:30:01"),
        ("s9", D("0.9"), "2026-09-01 08:30:01"),
    ]


def test_one_id_in_two_accounts_is_two_scores(landing: Landing) -> None:
    landing.drop_lines("langfuse_scores/one/a.jsonl", _score())
    landing.drop_lines("langfuse_scores/two/a.jsonl", _score(value=1))
    landing.ingest("langfuse_scores")
    assert sorted(staged(landing, MODEL, "account_label, value_number")) == [
        ("one", D("0.5")),
        ("two", D(1)),
    ]


def test_pages_of_both_api_generations_say_the_same_as_the_export(landing: Landing) -> None:
    core = {"name": "n", "source": "API", "timestamp": "2026-09-01T10:00:00.000+02:00"}
    times = {"createdAt": "2026-09-01T08:00:01Z", "updatedAt": "2026-09-01T08:00:02Z"}
    second = {**core, **times, "observationId": None, "comment": "x"}
    landing.drop(
        "langfuse_scores/v2.json",
        {
            "data": [
                {**second, "id": "a1", "traceId": "t", "dataType": "NUMERIC", "value": 0.25},
                {**second, "id": "a2", "traceId": "t", "dataType": "BOOLEAN", "value": 0,
                 "stringValue": "False"},
                {**second, "id": "a3", "sessionId": "c", "dataType": "CATEGORICAL", "value": 3,
                 "stringValue": "good", "datasetRunId": None},
            ],
            "meta": {"page": 1, "limit": 50, "totalItems": 3, "totalPages": 1},
        },
    )  # fmt: skip
    third = {**core, **times, "projectId": "p", "environment": "production"}
    landing.drop(
        "langfuse_scores/v3.json",
        {
            "data": [
                {**third, "id": "b1", "dataType": "NUMERIC", "value": 0.25,
                 "subject": {"kind": "observation", "id": "o", "traceId": "t"}},
                {**third, "id": "b2", "dataType": "BOOLEAN", "value": False,
                 "subject": {"kind": "trace", "id": "t"}},
                {**third, "id": "b3", "dataType": "CATEGORICAL", "value": "good",
                 "subject": {"kind": "session", "id": "c"}},
                {**third, "id": "b4", "dataType": "TEXT", "value": "hello",
                 "subject": {"kind": "experiment", "id": "r"}},
            ],
            "meta": {"limit": 100, "cursor": "abc"},
        },
    )  # fmt: skip
    report = landing.ingest("langfuse_scores")
    assert (report.rows_loaded, report.rows_quarantined) == (7, 0)
    columns = f"{VALUES}, trace_id, session_id, is_test, occurred_at::varchar"
    at = "2026-09-01 08:00:00"
    assert staged(landing, MODEL, columns) == [
        ("a1", D("0.25"), None, "t", None, False, at),
        ("a2", D(0), "false", "t", None, False, at),
        ("a3", None, "good", None, "c", False, at),
        ("b1", D("0.25"), None, "t", None, False, at),
        ("b2", D(0), "false", "t", None, False, at),
        ("b3", None, "good", None, "c", False, at),
        ("b4", None, None, None, None, True, at),
    ]


def test_api_rows_as_lines_read_like_a_page(landing: Landing) -> None:
    row = {
        "id": "b2",
        "name": "n",
        "dataType": "CATEGORICAL",
        "timestamp": "2026-09-01T08:00:00Z",
        "value": "good",
        "subject": {"kind": "trace", "id": "t"},
    }
    landing.drop_lines("langfuse_scores/v3.jsonl", row)
    landing.ingest("langfuse_scores")
    assert staged(landing, MODEL, f"{VALUES}, trace_id") == [("b2", None, "good", "t")]


def test_a_parquet_export_reads_like_its_lines(landing: Landing) -> None:
    made = landing.settings.home / "made.parquet"
    made.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute(
            "copy (select 's' || n as id, timestamp '2026-09-01 08:30:00' + n * interval 1 minute"
            " as timestamp, 'p' as project_id, 't' || n as trace_id, null::varchar as session_id,"
            " null::varchar as dataset_run_id, 'm' as name, n / 4 as value, 'EVAL' as source,"
            " 'why' as comment, if(n = 3, 'CATEGORICAL', 'NUMERIC') as data_type,"
            " if(n = 3, 'ok', null) as string_value, timestamp '2026-09-01 09:00:00' as updated_at"
            f" from range(1, 4) as r(n)) to '{made}' (format parquet)"
        )
    landing.drop("langfuse_scores/a.parquet", made.read_bytes())
    assert landing.ingest("langfuse_scores").rows_loaded == 3
    assert staged(landing, MODEL, f"{VALUES}, occurred_at::varchar") == [
        ("s1", D("0.25"), None, "2026-09-01 08:31:00"),
        ("s2", D("0.5"), None, "2026-09-01 08:32:00"),
        ("s3", None, "ok", "2026-09-01 08:33:00"),
    ]
    assert landing.rows("select distinct comment_length from raw.langfuse_scores") == [(3,)]


def test_a_csv_export_reads_like_its_lines(landing: Landing) -> None:
    landing.drop(
        "langfuse_scores/a.csv",
        "id,timestamp,trace_id,name,value,source,comment,data_type,string_value,metadata\n"
        's1,2026-09-01 08:30:00.250000,t1,m,0.75,EVAL,"one, ""two""",NUMERIC,,'
        '"{""task_id"":""k1""}"\n',
    )
    landing.ingest("langfuse_scores")
    assert staged(landing, MODEL, "value_number, task_id, occurred_at::varchar") == [
        (D("0.75"), "k1", "2026-09-01 08:30:00.25")
    ]


def test_bad_rows_go_to_quarantine_with_row_column_and_reason(landing: Landing) -> None:
    good = [_score(id=f"g{n}") for n in range(3)]
    landing.drop(
        "langfuse_scores/a.jsonl",
        "".join(
            line + "\n"
            for line in (
                *(json.dumps(score) for score in good),
                json.dumps(_score(id=None)),
                json.dumps(_score(value="much")),
                '{"id": "cut',
                json.dumps(_score(timestamp="1 September")),
                json.dumps(_score(data_type=None)),
                json.dumps(_score(trace_id={"id": "t"})),
            )
        ),
    )
    report = landing.ingest("langfuse_scores")
    assert (report.rows_in, report.rows_loaded) == (9, 3)
    assert landing.faults() == [
        (4, "score_id", "missing_value", None),
        (5, "score", "not_a_number", "text of 4 characters"),
        (6, None, "malformed_row", None),
        (7, "occurred_at", "bad_timestamp", "text of 11 characters"),
        (8, "data_type", "missing_value", None),
        (9, "trace_id", "not_a_scalar", "text of 10 characters"),
    ]


def test_a_page_without_subjects_is_refused_row_by_row_with_what_to_ask(landing: Landing) -> None:
    row = {"id": "x", "name": "n", "dataType": "NUMERIC", "value": 1,
           "timestamp": "2026-09-01T08:00:00Z"}  # fmt: skip
    landing.drop("langfuse_scores/v3.json", {"data": [row], "meta": {"limit": 50}})
    assert landing.ingest("langfuse_scores").rows_quarantined == 1
    ((reason,),) = landing.rows("select reason from raw.quarantine")
    assert "fields=details,subject,annotation" in reason


def test_a_list_of_something_else_is_rejected_and_an_empty_page_is_not(landing: Landing) -> None:
    landing.drop("langfuse_scores/other.json", {"data": [{"id": "t", "input": "x"}]})
    landing.drop("langfuse_scores/none.json", {"data": [], "meta": {"totalItems": 0}})
    report = landing.ingest("langfuse_scores")
    assert (report.files_rejected, report.files_new, report.rows_in) == (1, 1, 0)
    assert "no entry has the keys data_type, id" in landing.reason("langfuse_scores/other.json")


@pytest.mark.parametrize("form", ["lines", "page"])
def test_no_comment_text_or_author_is_stored(landing: Landing, form: str) -> None:
    planted = _score(
        comment="canary-comment of a person",
        data_type="TEXT",
        string_value="canary-text",
        author_user_id="canary.author@example.com",
        metadata={"note": "canary-note", "user_id": "canary.user@example.com"},
    )
    category = _score(id="s2", data_type="CATEGORICAL", string_value="canary-label of four words")
    if form == "lines":
        landing.drop_lines("langfuse_scores/a.jsonl", planted, category)
    else:
        landing.drop("langfuse_scores/a.json", {"data": [planted, category]})
    landing.ingest("langfuse_scores")
    assert canaries_found(landing, "canary") == []
    assert staged(landing, MODEL, "value_label") == [(None,), ("(text)",)]
    assert landing.rows(
        "select comment_hash, author_key from raw.langfuse_scores where score_id = 's1'"
    ) == [
        (
            keyed_hash("canary-comment of a person", HASH_KEY),
            keyed_hash("canary.author@example.com", HASH_KEY),
        )
    ]
