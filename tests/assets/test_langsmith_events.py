"""LangSmith feedback: a project is no session, an experiment is no production."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.lib.hashing import keyed_hash
from tests.assets.staging_sql import canaries_found, staged
from tests.conftest import HASH_KEY, Landing

D = Decimal
MODEL = "stg_langsmith__events"


def _feedback(**values: Any) -> dict[str, Any]:
    """One record of the feedback API."""
    return {
        "id": "f1",
        "created_at": "2026-09-01T08:30:00.250000",
        "modified_at": "2026-09-01T08:30:00.250000",
        "run_id": "r1",
        "trace_id": "t1",
        "session_id": "project-7",
        "key": "correctness",
        "score": 1.0,
        "value": None,
        "comment": None,
        "correction": None,
        "comparative_experiment_id": None,
        "feedback_source": {"type": "model", "metadata": {}, "user_id": None},
        "extra": None,
        **values,
    }


def _from(kind: str, **metadata: Any) -> dict[str, Any]:
    return {"type": kind, "metadata": metadata, "user_id": "judge", "user_name": "Judge Dredd"}


def test_the_session_of_langsmith_is_the_project_and_no_session(landing: Landing) -> None:
    landing.drop("langsmith_feedback/acme/page.json", [_feedback()])
    landing.ingest("langsmith_feedback")
    assert landing.rows("select project_id from raw.langsmith_feedback") == [("project-7",)]
    assert staged(
        landing,
        MODEL,
        "account_label, source_event_id, event_name, session_id, trace_id, metric_name,"
        " value_number, occurred_at::varchar, received_at::varchar, time_basis, is_test",
    ) == [
        ("acme", "f1", "correctness", None, "t1", "correctness", D(1), "2026-09-01 08:30:00.25",
         "2026-09-01 08:30:00.25", "naive_assumed_utc", False)
    ]  # fmt: skip


def test_who_judged_follows_the_source_of_the_feedback(landing: Landing) -> None:
    kinds = ("api", "app", "auto_eval", "evaluator", "model")
    landing.drop_lines(
        "langsmith_feedback/a.jsonl",
        *(_feedback(id=kind, feedback_source=_from(kind)) for kind in kinds),
        _feedback(id="unsaid", feedback_source=None),
    )
    landing.ingest("langsmith_feedback")
    assert staged(landing, MODEL, "source_event_id, evaluator_kind, outcome_type") == [
        ("api", "api", "evaluation"),
        ("app", "human", "feedback"),
        ("auto_eval", "automatic", "evaluation"),
        ("evaluator", "automatic", "evaluation"),
        ("model", "llm", "evaluation"),
        ("unsaid", None, "evaluation"),
    ]


def test_a_score_may_be_a_number_a_truth_or_absent(landing: Landing) -> None:
    records = (
        _feedback(id="absent", score=None, value="mostly right"),
        _feedback(id="false", score=False),
        _feedback(id="number", score=0.125, value={"why": "an object"}),
        _feedback(id="true", score=True, value=5),
    )
    landing.drop_lines("langsmith_feedback/lines.jsonl", *records)
    landing.drop("langsmith_feedback/two/page.json", list(records))
    assert landing.ingest("langsmith_feedback").rows_loaded == 8
    read = staged(landing, MODEL, "account_label, source_event_id, value_number, value_label")
    wanted = [
        ("absent", None, "mostly right"),
        ("false", D(0), None),
        ("number", D("0.125"), "(text)"),
        ("true", D(1), "5"),
    ]
    for account in ("default", "two"):
        assert [row[1:] for row in read if row[0] == account] == wanted


def test_a_comparison_of_experiments_is_a_test(landing: Landing) -> None:
    landing.drop_lines(
        "langsmith_feedback/a.jsonl",
        _feedback(id="compared", comparative_experiment_id="e1"),
        _feedback(id="live"),
    )
    landing.ingest("langsmith_feedback")
    assert staged(landing, MODEL, "source_event_id, is_test") == [
        ("compared", True),
        ("live", False),
    ]


def test_the_latest_change_of_a_feedback_wins_whichever_file_lands_last(landing: Landing) -> None:
    changed = _feedback(score=0, modified_at="2026-09-05T00:00:00+02:00")
    landing.drop_lines("langsmith_feedback/a.jsonl", changed)
    landing.drop_lines("langsmith_feedback/b.jsonl", _feedback(), _feedback(id="f2"))
    landing.ingest("langsmith_feedback")
    assert staged(landing, MODEL, "source_event_id, value_number, received_at::varchar") == [
        ("f1", D(0), "2026-09-04 22:00:00"),
        ("f2", D(1), "2026-09-01 08:30:00.25"),
    ]


def test_links_come_from_extra_or_the_metadata_of_the_source(landing: Landing) -> None:
    landing.drop_lines(
        "langsmith_feedback/a.jsonl",
        _feedback(id="a", extra={"task_id": "k1", "user_id": "u1"}),
        _feedback(id="b", feedback_source=_from("api", task_id="k2", feature="chat")),
    )
    landing.ingest("langsmith_feedback")
    assert staged(landing, MODEL, "task_id, feature, user_key") == [
        ("k1", None, keyed_hash("u1", HASH_KEY)),
        ("k2", "chat", None),
    ]


def test_a_parquet_of_a_data_frame_loads_though_columns_are_all_empty(landing: Landing) -> None:
    made = landing.settings.home / "made.parquet"
    made.parent.mkdir(parents=True, exist_ok=True)
    given = {"feedback_source": _from("model", task_id="k1")}
    records = [_feedback(**given), _feedback(id="f2", score=None, value="bad", **given)]
    pq.write_table(pa.Table.from_pylist(records), made)
    landing.drop("langsmith_feedback/a.parquet", made.read_bytes())
    assert landing.ingest("langsmith_feedback").rows_loaded == 2
    assert staged(landing, MODEL, "value_number, value_label, evaluator_kind, task_id") == [
        (D(1), None, "llm", "k1"),
        (None, "bad", "llm", "k1"),
    ]


def test_bad_records_go_to_quarantine(landing: Landing) -> None:
    landing.drop(
        "langsmith_feedback/page.json",
        [_feedback(), "text", _feedback(id="x", score="high"), _feedback(id="y", created_at=None)],
    )
    landing.ingest("langsmith_feedback")
    assert landing.faults() == [
        (2, None, "malformed_row", None),
        (3, "score", "not_a_number", "text of 4 characters"),
        (4, "occurred_at", "missing_value", None),
    ]


def test_no_comment_correction_or_name_is_stored(landing: Landing) -> None:
    landing.drop_lines(
        "langsmith_feedback/a.jsonl",
        _feedback(
            comment="canary-comment",
            correction={"answer": "canary-correction"},
            value="canary-value that somebody typed",
            feedback_source={
                "type": "app",
                "user_id": "canary-author",
                "user_name": "canary-name",
                "metadata": {"prompt": "canary-prompt"},
            },
        ),
    )
    landing.ingest("langsmith_feedback")
    assert canaries_found(landing, "canary") == []
    assert landing.rows("select comment_length, label from raw.langsmith_feedback") == [
        (14, "(text)")
    ]
