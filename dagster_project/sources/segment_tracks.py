"""Segment event files: JSON lines. Every type loads; staging keeps type = track."""

from __future__ import annotations

from dagster_project.lib.columns import bind
from dagster_project.sources.base import Layout, Source
from dagster_project.sources.track_calls import BINDINGS, COLUMNS

SOURCE = Source(
    name="segment_tracks",
    raw_table="segment_tracks",
    policy="events",
    columns=COLUMNS,
    keys=("message_id", "type", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("message_id",),
    layouts=(
        Layout(
            formats=("jsonl",),
            marks=frozenset({"messageId", "type", "timestamp"}),
            bindings=(*BINDINGS, bind("occurred_at", "timestamp")),
        ),
    ),
)
