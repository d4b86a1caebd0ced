"""GA4 rows of the BigQuery export, as JSON lines or Parquet.

`event_params` is a repeated record of named values; the wanted names are read from it. Google's id
of a session counts seconds and repeats between users, so a product's own `session_id` goes first.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import FileFormat, Layout, Source
from dagster_project.sources.product_events import COLUMNS as PROPERTIES

PARAMS = (
    "task_id",
    "task_type",
    "ticket_id",
    "trace_id",
    "feature",
    "tenant",
    "success",
    "attempt_no",
    "currency",
)


def _layout(file_format: FileFormat) -> Layout:
    return Layout(
        formats=(file_format,),
        marks=frozenset({"event_timestamp", "event_name", "event_params", "event_date"}),
        bindings=(
            bind("event_name"),
            bind("occurred_at", "event_timestamp", transform="epoch_us"),
            bind("bundle_no", "event_bundle_sequence_id"),
            bind("batch_page_no", "batch_page_id"),
            bind("batch_no", "batch_ordering_id"),
            bind("batch_event_no", "batch_event_index"),
            bind("user_key", "user_id"),
            bind("anonymous_key", "user_pseudo_id"),
            bind("amount_in_usd", "event_value_in_usd"),
            bind("session_id", "event_params", transform="param:session_id,ga_session_id"),
            bind("amount", "event_params", transform="param:revenue,amount"),
            bind("value_number", "event_params", transform="param:value"),
            bind("debug_mode", "event_params", transform="param:debug_mode"),
            *(bind(name, "event_params", transform=f"param:{name}") for name in PARAMS),
        ),
    )


SOURCE = Source(
    name="ga4_events",
    raw_table="ga4_events",
    policy="events",
    columns=(
        Column("event_name", required=True),
        Column("occurred_at", "timestamp", required=True),
        Column("bundle_no"),
        Column("batch_page_no"),
        Column("batch_no"),
        Column("batch_event_no"),
        Column("user_key", "user"),
        Column("anonymous_key", "user"),
        Column("amount_in_usd", "money"),
        Column("debug_mode"),
        *PROPERTIES,
    ),
    keys=("event_name", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("anonymous_key", "event_name", "occurred_at"),
    layouts=(_layout("jsonl"), _layout("parquet")),
)
