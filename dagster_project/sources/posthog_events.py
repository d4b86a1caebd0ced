"""PostHog batch export, events model: JSON lines and Parquet.

Parquet holds the properties as JSON text, JSON lines as an object. Of a survey answer only a number
is kept; what a person wrote loads as length and hash.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import FileFormat, Layout, Source
from dagster_project.sources.product_events import COLUMNS as PROPERTIES
from dagster_project.sources.product_events import from_properties

ANSWERS = "$survey_response"


def _layout(file_format: FileFormat) -> Layout:
    return Layout(
        formats=(file_format,),
        marks=frozenset({"uuid", "event", "distinct_id", "properties", "timestamp"}),
        embedded=frozenset({"properties"}),
        bindings=(
            bind("uuid"),
            bind("event"),
            bind("occurred_at", "timestamp"),
            bind("ingested_at", "created_at"),
            bind("exported_at", "_inserted_at"),
            bind("distinct_key", "distinct_id"),
            bind("device_key", "properties.$device_id"),
            bind("before_key", "properties.$anon_distinct_id"),
            bind("alias_key", "properties.alias"),
            bind("survey_id", "properties.$survey_id"),
            bind("submission_id", "properties.$survey_submission_id"),
            bind("answer", "properties", transform=f"number_at:{ANSWERS}"),
            bind("answer_text", "properties", transform=f"text_at:{ANSWERS}"),
            bind("evaluation_name", "properties.$ai_evaluation_name"),
            bind("evaluation_result", "properties.$ai_evaluation_result"),
            bind("evaluation_score", "properties.$ai_evaluation_numeric_result"),
            bind("evaluation_runtime", "properties.$ai_evaluation_runtime"),
            bind("evaluation_reasoning", "properties.$ai_evaluation_reasoning"),
            bind("metric_name", "properties.$ai_metric_name"),
            bind("metric_value", "properties.$ai_metric_value", transform="word"),
            bind("feedback_text", "properties.$ai_feedback_text"),
            *from_properties(
                "properties",
                session_id=("properties.$ai_session_id", "properties.$session_id"),
                trace_id=("properties.$ai_trace_id",),
                tenant=("properties.$group_0",),
            ),
        ),
    )


SOURCE = Source(
    name="posthog_events",
    raw_table="posthog_events",
    policy="events",
    columns=(
        Column("uuid", required=True),
        Column("event", required=True),
        Column("occurred_at", "timestamp", required=True),
        Column("ingested_at", "timestamp"),
        Column("exported_at", "timestamp"),
        Column("distinct_key", "user"),
        Column("device_key", "user"),
        Column("before_key", "user"),
        Column("alias_key", "user"),
        Column("survey_id"),
        Column("submission_id"),
        Column("answer", "number"),
        Column("answer_text", "free_text"),
        Column("evaluation_name"),
        Column("evaluation_result", "boolean"),
        Column("evaluation_score", "number"),
        Column("evaluation_runtime"),
        Column("evaluation_reasoning", "free_text"),
        Column("metric_name"),
        Column("metric_value"),
        Column("feedback_text", "free_text"),
        *PROPERTIES,
    ),
    keys=("uuid", "event", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("uuid",),
    layouts=(_layout("jsonl"), _layout("parquet")),
)
