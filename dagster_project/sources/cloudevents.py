"""CloudEvents in JSON: one event per line, a single event, or a batch (a list).

`source` and `id` together name an event. Of the payload only named keys of an object are read; a
payload that is text or binary is an event without properties.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import Layout, Source, texts
from dagster_project.sources.row_pages import LINKS, links, row_pages

MARKS = frozenset({"id", "source", "specversion", "type"})

COLUMNS = (
    Column("event_id", required=True),
    Column("event_source", required=True),
    Column("event_type", required=True),
    Column("specversion", required=True),
    Column("occurred_at", "timestamp", required=True),
    Column("recorded_at", "timestamp"),
    Column("subject", "free_text"),
    Column("user_key", "user"),
    Column("anonymous_key", "user"),
    *LINKS,
    *texts("session_id", "trace_id", "traceparent"),
    Column("success", "boolean"),
    Column("amount", "money"),
    Column("currency"),
    Column("tags", "json_list"),
)

BINDINGS = (
    bind("event_id", "id"),
    bind("event_source", "source"),
    bind("event_type", "type"),
    bind("specversion"),
    # `time` may be left out; the extension says when a middleman recorded the event.
    bind("occurred_at", "time", "recordedtime"),
    bind("recorded_at", "recordedtime"),
    bind("subject"),
    bind("user_key", "data.user_id", "data.userId"),
    bind("anonymous_key", "data.anonymous_id", "data.anonymousId"),
    *links("data"),
    bind("session_id", "data.session_id"),
    bind("trace_id", "data.trace_id"),
    bind("traceparent"),
    bind("success", "data.success"),
    bind("amount", "data.revenue", "data.value", "data.amount"),
    bind("currency", "data.currency"),
    bind("tags", "data.tags"),
)

SOURCE = Source(
    name="cloudevents",
    raw_table="cloudevents",
    policy="events",
    columns=COLUMNS,
    keys=("event_id", "event_source", "event_type", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("event_source", "event_id"),
    layouts=(Layout(formats=("jsonl",), bindings=BINDINGS, marks=MARKS),),
    pages=row_pages("CloudEvents", COLUMNS, BINDINGS, (MARKS,)),
)
