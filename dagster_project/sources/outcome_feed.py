"""Every in-house or analytics event feed, through a mapping in reference/mappings/."""

from __future__ import annotations

from dagster_project.lib.columns import Column
from dagster_project.sources.base import Source, counts, texts

SOURCE = Source(
    name="outcome_feed",
    raw_table="outcome_feed",
    policy="events",
    columns=(
        Column("event_id", required=True),
        Column("occurred_at", "timestamp", required=True),
        Column("received_at", "timestamp"),
        *texts("event_name", "outcome_type", "outcome_status", "task_id", "task_type"),
        *texts("ticket_id", "resolution_kind", "session_id", "trace_id"),
        Column("user_key", "user"),
        *texts("tenant", "feature"),
        *counts("attempt_no"),
        Column("value_label"),
        Column("amount", "money"),
        Column("currency"),
        Column("reverses_event_id"),
    ),
    keys=("event_id", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("event_id",),
    is_mapped=True,
)
