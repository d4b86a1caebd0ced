"""Phoenix annotations of spans, traces and sessions: API pages, JSON lines, Parquet.

A data frame of the client names the metric `annotation_name` and writes `result.score` as one key.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import FileFormat, Layout, Source, texts
from dagster_project.sources.row_pages import LINKS, links, row_pages

API_MARKS = frozenset({"id", "name", "annotator_kind", "created_at"})
FRAME_MARKS = frozenset({"id", "annotation_name", "annotator_kind", "created_at"})

COLUMNS = (
    Column("annotation_id", required=True),
    Column("occurred_at", "timestamp", required=True),
    Column("updated_at", "timestamp"),
    Column("metric_name", required=True),
    *texts("annotator_kind", "annotation_source", "span_id", "trace_id", "session_id"),
    Column("score", "score"),
    Column("label", "label"),
    Column("explanation", "free_text"),
    Column("author_key", "user"),
    Column("user_key", "user"),
    *LINKS,
)

BINDINGS = (
    bind("annotation_id", "id"),
    bind("occurred_at", "created_at"),
    bind("updated_at"),
    bind("metric_name", "name", "annotation_name"),
    bind("annotator_kind"),
    bind("annotation_source", "source"),
    bind("span_id"),
    bind("trace_id"),
    bind("session_id"),
    bind("score", "result.score"),
    bind("label", "result.label"),
    bind("explanation", "result.explanation"),
    bind("author_key", "user_id"),
    bind("user_key", "metadata.user_id"),
    *links("metadata"),
)


def _layout(file_format: FileFormat, marks: frozenset[str]) -> Layout:
    return Layout(formats=(file_format,), bindings=BINDINGS, marks=marks, dotted_keys=True)


SOURCE = Source(
    name="phoenix_annotations",
    raw_table="phoenix_annotations",
    policy="events",
    columns=COLUMNS,
    keys=("annotation_id", "metric_name", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("annotation_id",),
    layouts=(
        _layout("jsonl", API_MARKS),
        _layout("jsonl", FRAME_MARKS),
        _layout("parquet", API_MARKS),
        _layout("parquet", FRAME_MARKS),
    ),
    pages=row_pages(
        "Phoenix annotations", COLUMNS, BINDINGS, (API_MARKS, FRAME_MARKS), wrapper="data"
    ),
)
