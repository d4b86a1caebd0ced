"""Track, identify and alias calls: the form that Segment's spec gave and RudderStack shares."""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.product_events import COLUMNS as PROPERTIES
from dagster_project.sources.product_events import from_properties

COLUMNS = (
    Column("message_id", required=True),
    Column("type", required=True),
    Column("event"),
    Column("occurred_at", "timestamp", required=True),
    Column("received_at", "timestamp"),
    Column("sent_at", "timestamp"),
    Column("original_timestamp", "timestamp"),
    Column("user_key", "user"),
    Column("anonymous_key", "user"),
    Column("previous_key", "user"),
    *PROPERTIES,
)

# All but `occurred_at`, which the two tools fill differently.
BINDINGS = (
    bind("message_id", "messageId"),
    bind("type"),
    bind("event"),
    bind("received_at", "receivedAt"),
    bind("sent_at", "sentAt"),
    bind("original_timestamp", "originalTimestamp"),
    bind("user_key", "userId"),
    bind("anonymous_key", "anonymousId"),
    bind("previous_key", "previousId"),
    *from_properties(
        "properties",
        tenant=("context.groupId",),
        session_id=("context.sessionId",),
    ),
)
