"""RudderStack event files: JSON lines of Segment's form. Every type loads; staging keeps track.

An event may lack `timestamp`: then its client's own clock stands in, and staging corrects it where
the time of receipt is known. `rudderId` is written by RudderStack's gateway on every event.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import Layout, Source
from dagster_project.sources.track_calls import BINDINGS, COLUMNS

SOURCE = Source(
    name="rudderstack_tracks",
    raw_table="rudderstack_tracks",
    policy="events",
    columns=(*COLUMNS, Column("lacks_timestamp", "boolean")),
    keys=("message_id", "type", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("message_id",),
    layouts=(
        Layout(
            formats=("jsonl",),
            marks=frozenset({"messageId", "type", "rudderId"}),
            bindings=(
                *BINDINGS,
                bind("occurred_at", "timestamp", "originalTimestamp"),
                bind("lacks_timestamp", "timestamp", transform="all_empty"),
            ),
        ),
    ),
)
