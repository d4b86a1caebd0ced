"""Mixpanel raw export: JSON lines of an event name and its properties.

Every product event of any tool has these two keys, so the form is known by its folder alone.
`time` is in seconds, or in milliseconds where the export was asked for them. An id that Mixpanel
made for a device stands in `distinct_id` behind "$device:".
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import Layout, Source
from dagster_project.sources.product_events import COLUMNS as PROPERTIES
from dagster_project.sources.product_events import from_properties

DEVICE = "$device:"

SOURCE = Source(
    name="mixpanel_events",
    raw_table="mixpanel_events",
    policy="events",
    columns=(
        Column("event", required=True),
        Column("occurred_at", "timestamp", required=True),
        Column("processed_at", "timestamp"),
        Column("insert_key", "user"),
        Column("distinct_key", "user"),
        Column("is_device", "boolean"),
        Column("user_key", "user"),
        Column("device_key", "user"),
        *PROPERTIES,
    ),
    keys=("event", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("event", "distinct_key", "insert_key"),
    layouts=(
        Layout(
            formats=("jsonl",),
            bindings=(
                bind("event"),
                bind("occurred_at", "properties.time", transform="epoch_s_or_ms"),
                bind("processed_at", "properties.mp_processing_time_ms", transform="epoch_ms"),
                bind("insert_key", "properties.$insert_id"),
                bind("distinct_key", "properties.distinct_id", transform=f"strip:{DEVICE}"),
                bind("is_device", "properties.distinct_id", transform=f"starts:{DEVICE}"),
                bind("user_key", "properties.$user_id"),
                bind("device_key", "properties.$device_id"),
                *from_properties("properties", session_id=("properties.$session_id",)),
            ),
        ),
    ),
)
