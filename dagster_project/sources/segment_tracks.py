"""Segment event files: JSON lines. Every type loads; staging keeps type = track."""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import Layout, Source, texts

FROM_PROPERTIES = (
    "feature",
    "task_id",
    "task_type",
    "ticket_id",
    "session_id",
    "trace_id",
    "success",
    "currency",
)

SOURCE = Source(
    name="segment_tracks",
    raw_table="segment_tracks",
    policy="events",
    columns=(
        Column("message_id", required=True),
        Column("type", required=True),
        Column("event"),
        Column("occurred_at", "timestamp", required=True),
        Column("received_at", "timestamp"),
        Column("sent_at", "timestamp"),
        Column("original_timestamp", "timestamp"),
        Column("user_key", "user"),
        Column("anonymous_key", "user"),
        *texts("tenant", "feature", "task_id", "task_type", "ticket_id"),
        *texts("session_id", "trace_id"),
        Column("success", "boolean"),
        Column("amount", "money"),
        Column("currency"),
    ),
    keys=("message_id", "type", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("message_id",),
    layouts=(
        Layout(
            formats=("jsonl",),
            marks=frozenset({"messageId", "type", "timestamp"}),
            bindings=(
                bind("message_id", "messageId"),
                bind("type"),
                bind("event"),
                bind("occurred_at", "timestamp"),
                bind("received_at", "receivedAt"),
                bind("sent_at", "sentAt"),
                bind("original_timestamp", "originalTimestamp"),
                bind("user_key", "userId"),
                bind("anonymous_key", "anonymousId"),
                bind("tenant", "context.groupId"),
                bind("amount", "properties.revenue", "properties.value"),
                *(bind(name, f"properties.{name}") for name in FROM_PROPERTIES),
            ),
        ),
    ),
)
