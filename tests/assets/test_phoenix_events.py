"""Phoenix annotations of spans, traces and sessions, as API pages and as data frames."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.assets.staging_sql import canaries_found, staged
from tests.conftest import Landing

D = Decimal
MODEL = "stg_phoenix__events"


def _annotation(**values: Any) -> dict[str, Any]:
    """One annotation as the API lists it."""
    return {
        "id": "QTox",
        "created_at": "2026-09-01T08:30:00.250000+00:00",
        "updated_at": "2026-09-01T08:30:00.250000+00:00",
        "source": "API",
        "user_id": None,
        "name": "faithful",
        "annotator_kind": "LLM",
        "result": {"label": "yes", "score": 1.0, "explanation": None},
        "metadata": None,
        "identifier": "",
        "span_id": "5f3c0a9e11d2b644",
        **values,
    }


def test_a_page_tells_spans_traces_and_sessions_apart(landing: Landing) -> None:
    landing.drop(
        "phoenix_annotations/page.json",
        {
            "data": [
                _annotation(id="a"),
                _annotation(id="b", span_id=None, trace_id="0af7", annotator_kind="HUMAN"),
                _annotation(id="c", span_id=None, session_id="conv", annotator_kind="CODE"),
            ],
            "next_cursor": None,
        },
    )
    landing.ingest("phoenix_annotations")
    assert staged(
        landing, MODEL, "source_event_id, trace_id, session_id, evaluator_kind, outcome_type"
    ) == [
        ("a", None, None, "llm", "evaluation"),
        ("b", "0af7", None, "human", "feedback"),
        ("c", None, "conv", "code", "evaluation"),
    ]
    assert landing.rows("select span_id from raw.phoenix_annotations where span_id <> ''") == [
        ("5f3c0a9e11d2b644",)
    ]


def test_score_and_label_stand_beside_each_other(landing: Landing) -> None:
    landing.drop_lines(
        "phoenix_annotations/a.jsonl",
        _annotation(id="both", metadata={"task_id": "k1"}),
        _annotation(id="label", result={"label": "no"}),
        _annotation(id="none", name="note", result={"explanation": "a remark"}),
        _annotation(id="score", result={"score": -2, "label": None}),
    )
    landing.ingest("phoenix_annotations")
    assert staged(
        landing, MODEL, "source_event_id, metric_name, value_number, value_label, task_id"
    ) == [
        ("both", "faithful", D(1), "yes", "k1"),
        ("label", "faithful", None, "no", None),
        ("none", "note", None, None, None),
        ("score", "faithful", D(-2), None, None),
    ]


def test_an_annotation_set_again_under_its_identifier_keeps_the_latest(landing: Landing) -> None:
    newer = _annotation(
        result={"score": 0}, created_at="2026-09-01T00:00:00Z", updated_at="2026-09-04T00:00:00Z"
    )
    landing.drop("phoenix_annotations/new.json", {"data": [newer]})
    landing.drop("phoenix_annotations/old.json", {"data": [_annotation()]})
    landing.ingest("phoenix_annotations")
    assert staged(landing, MODEL, "value_number, received_at::varchar, time_basis") == [
        (D(0), "2026-09-04 00:00:00", "utc")
    ]


def test_data_frames_write_dotted_columns_and_another_name(landing: Landing) -> None:
    frame = {
        "span_id": "5f3c0a9e11d2b644",
        "id": "a",
        "annotation_name": "faithful",
        "annotator_kind": "LLM",
        "created_at": "2026-09-01T08:30:00Z",
        "updated_at": "2026-09-01T08:30:00Z",
        "result.score": 0.5,
        "result.label": None,
        "result.explanation": None,
        "metadata.task_id": "k1",
    }
    made = landing.settings.home / "made.parquet"
    made.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([frame]), made)
    landing.drop("phoenix_annotations/a.parquet", made.read_bytes())
    landing.drop_lines("phoenix_annotations/b.jsonl", {**frame, "id": "b"})
    landing.drop("phoenix_annotations/c.json", [{**frame, "id": "c"}])
    assert landing.ingest("phoenix_annotations").rows_loaded == 3
    assert staged(landing, MODEL, "source_event_id, metric_name, value_number, task_id") == [
        ("a", "faithful", D("0.5"), "k1"),
        ("b", "faithful", D("0.5"), "k1"),
        ("c", "faithful", D("0.5"), "k1"),
    ]


def test_bad_annotations_go_to_quarantine(landing: Landing) -> None:
    landing.drop(
        "phoenix_annotations/a.jsonl",
        json.dumps(_annotation())
        + "\n[1]\n"
        + json.dumps(_annotation(id="x", result={"score": "NaN"}))
        + "\n"
        + json.dumps(_annotation(id="y", name=None))
        + "\n",
    )
    landing.ingest("phoenix_annotations")
    assert landing.faults() == [
        (2, None, "malformed_row", None),
        (3, "score", "not_a_number", "text of 3 characters"),
        (4, "metric_name", "missing_value", None),
    ]


def test_no_explanation_identifier_or_annotator_is_stored(landing: Landing) -> None:
    landing.drop_lines(
        "phoenix_annotations/a.jsonl",
        _annotation(
            result={"score": 1, "label": "canary: a label of words", "explanation": "canary-why"},
            user_id="canary-user",
            identifier="canary-identifier",
            metadata={"reviewer": "canary-reviewer"},
        ),
    )
    landing.ingest("phoenix_annotations")
    assert canaries_found(landing, "canary") == []
    assert landing.rows("select explanation_length, label from raw.phoenix_annotations") == [
        (10, "(text)")
    ]
