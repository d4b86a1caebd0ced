"""Langfuse scores: blob storage export (Parquet, JSON lines, CSV, JSON) and scores API pages.

The export and API v2 hold a number in `value` and a text in `string_value`; API v3 holds one typed
`value` and a `subject`. A CATEGORICAL number is an index and a TEXT number always 0, so neither is
read; a TEXT or CORRECTION text was typed by somebody, so it loads as length and hash.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, RowRule, bind
from dagster_project.sources.base import FileFormat, Layout, Source, texts
from dagster_project.sources.row_pages import LINKS, links, row_pages

EXPORT_MARKS = frozenset({"id", "name", "data_type", "timestamp"})
API_MARKS = frozenset({"id", "name", "dataType", "timestamp"})

COLUMNS = (
    Column("score_id", required=True),
    Column("occurred_at", "timestamp", required=True),
    Column("created_at", "timestamp"),
    Column("updated_at", "timestamp"),
    *texts("project_id", "environment", "trace_id", "observation_id", "session_id"),
    *texts("dataset_run_id", "subject_kind", "subject_id"),
    Column("metric_name", required=True),
    Column("data_type", required=True),
    Column("score", "score"),
    Column("label", "label"),
    Column("text_value", "free_text"),
    Column("comment", "free_text"),
    *texts("score_source", "execution_trace_id"),
    Column("author_key", "user"),
    Column("user_key", "user"),
    *LINKS,
)

BINDINGS = (
    bind("score_id", "id"),
    bind("occurred_at", "timestamp"),
    bind("created_at", "created_at", "createdAt"),
    bind("updated_at", "updated_at", "updatedAt"),
    bind("project_id", "project_id", "projectId"),
    bind("environment"),
    bind("trace_id", "trace_id", "traceId", "subject.traceId"),
    bind("observation_id", "observation_id", "observationId"),
    bind("session_id", "session_id", "sessionId"),
    bind("dataset_run_id", "dataset_run_id", "datasetRunId"),
    bind("subject_kind", "subject.kind"),
    bind("subject_id", "subject.id"),
    bind("metric_name", "name"),
    bind("data_type", "data_type", "dataType"),
    bind("score", "value", transform="where:data_type=NUMERIC|BOOLEAN"),
    bind("label", "string_value", "stringValue", "value", transform="where:data_type=CATEGORICAL"),
    bind(
        "text_value",
        *("string_value", "stringValue", "value"),
        transform="where:data_type=TEXT|CORRECTION",
    ),
    bind("comment"),
    bind("score_source", "source"),
    bind("execution_trace_id", "execution_trace_id", "executionTraceId"),
    bind("author_key", "author_user_id", "authorUserId"),
    bind("user_key", "metadata.user_id"),
    *links("metadata"),
)


def _layout(file_format: FileFormat, marks: frozenset[str]) -> Layout:
    return Layout(formats=(file_format,), bindings=BINDINGS, marks=marks)


SOURCE = Source(
    name="langfuse_scores",
    raw_table="langfuse_scores",
    policy="events",
    columns=COLUMNS,
    keys=("score_id", "metric_name", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("score_id",),
    layouts=(
        _layout("jsonl", EXPORT_MARKS),
        _layout("jsonl", API_MARKS),
        _layout("parquet", EXPORT_MARKS),
        _layout("csv", EXPORT_MARKS),
    ),
    pages=row_pages(
        "Langfuse scores", COLUMNS, BINDINGS, (EXPORT_MARKS, API_MARKS), wrapper="data"
    ),
    rules=(
        RowRule(
            "missing_value",
            "trace_id",
            "a score belongs to a trace, session, observation or dataset run, or it cannot be told"
            " from an experiment; ask API v3 for fields=details,subject,annotation",
            "coalesce(c_trace_id, c_observation_id, c_session_id, c_dataset_run_id, c_subject_id)"
            " is null",
        ),
    ),
)
