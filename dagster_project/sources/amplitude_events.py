"""Amplitude raw events: the JSON lines of the Export API and of the bucket exports.

Times have no zone and are UTC. The product writes `$insert_id` and may put a user id into it, so it
loads as a keyed hash like the ids themselves.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import Layout, Source
from dagster_project.sources.product_events import COLUMNS as PROPERTIES
from dagster_project.sources.product_events import from_properties

SOURCE = Source(
    name="amplitude_events",
    raw_table="amplitude_events",
    policy="events",
    columns=(
        Column("insert_key", "user"),
        Column("device_key", "user"),
        Column("uuid"),
        Column("project_id"),
        Column("event_type", required=True),
        Column("occurred_at", "timestamp", required=True),
        Column("client_event_at", "timestamp"),
        Column("uploaded_at", "timestamp"),
        Column("user_key", "user"),
        Column("person_key", "user"),
        Column("amplitude_session_id"),
        *PROPERTIES,
    ),
    keys=("event_type", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("device_key", "insert_key"),
    layouts=(
        Layout(
            formats=("jsonl",),
            marks=frozenset({"event_type", "event_time", "amplitude_id", "server_upload_time"}),
            bindings=(
                bind("insert_key", "$insert_id"),
                bind("device_key", "device_id"),
                bind("uuid"),
                bind("project_id", "app"),
                bind("event_type"),
                bind("occurred_at", "event_time"),
                bind("client_event_at", "client_event_time"),
                bind("uploaded_at", "server_upload_time", "server_received_time"),
                bind("user_key", "user_id"),
                bind("person_key", "amplitude_id"),
                bind("amplitude_session_id", "session_id"),
                *from_properties("event_properties", amount=("event_properties.$revenue",)),
            ),
        ),
    ),
)
