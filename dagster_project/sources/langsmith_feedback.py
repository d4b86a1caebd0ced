"""LangSmith feedback: lists of the feedback API, JSON lines or Parquet of its records.

`session_id` is LangSmith's word for the project (or experiment) of the run, never a user's session.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import FileFormat, Layout, Source, texts
from dagster_project.sources.row_pages import LINKS, links, row_pages

MARKS = frozenset({"id", "key", "run_id", "score", "created_at"})

COLUMNS = (
    Column("feedback_id", required=True),
    Column("occurred_at", "timestamp", required=True),
    Column("modified_at", "timestamp"),
    *texts("run_id", "trace_id", "project_id"),
    Column("metric_name", required=True),
    Column("score", "score"),
    Column("label", "label"),
    Column("comment", "free_text"),
    *texts("feedback_source_type", "feedback_group_id", "comparative_experiment_id"),
    Column("author_key", "user"),
    Column("user_key", "user"),
    *LINKS,
)

BINDINGS = (
    bind("feedback_id", "id"),
    bind("occurred_at", "created_at"),
    bind("modified_at"),
    bind("run_id"),
    bind("trace_id"),
    bind("project_id", "session_id"),
    bind("metric_name", "key"),
    bind("score"),
    # A category's name or a number to show; an object or a sentence loads as (text).
    bind("label", "value"),
    bind("comment"),
    bind("feedback_source_type", "feedback_source.type"),
    bind("feedback_group_id"),
    bind("comparative_experiment_id"),
    bind("author_key", "feedback_source.user_id", "feedback_source.ls_user_id"),
    bind("user_key", "extra.user_id", "feedback_source.metadata.user_id"),
    *links("extra", "feedback_source.metadata"),
)


def _layout(file_format: FileFormat) -> Layout:
    return Layout(formats=(file_format,), bindings=BINDINGS, marks=MARKS, dotted_keys=True)


SOURCE = Source(
    name="langsmith_feedback",
    raw_table="langsmith_feedback",
    policy="events",
    columns=COLUMNS,
    keys=("feedback_id", "metric_name", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("feedback_id",),
    layouts=(_layout("jsonl"), _layout("parquet")),
    pages=row_pages("LangSmith feedback", COLUMNS, BINDINGS, (MARKS,)),
)
