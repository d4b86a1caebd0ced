"""Calls logged with the provider's own usage object: CSV, JSON lines or Parquet.

The form that `trueup price` reads. Numbers keep the meaning that the provider gives them; staging
makes them disjoint.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import FileFormat, Layout, Source, counts, texts

OWN_NAMES = {
    "case_id": ("case_id", "call_id"),
    "requested_at": ("ts_utc", "requested_at"),
    "model_requested": ("requested_model", "model_requested"),
    "model_served": ("response_model", "model_served"),
    "geo": ("inference_geo", "geo"),
    "usage": ("usage_native_json",),
    "user_key": ("user",),
}
REQUIRED = ("case_id", "requested_at", "usage")
PLAIN = ("provider", "channel", "service_tier", "processing", "account", "sub_account")
ATTRIBUTION = (
    "api_key_id",
    "feature",
    "team",
    "prompt_template",
    "prompt_version",
    "agent",
    "environment",
    "tenant",
    "session_id",
    "trace_id",
    "task_id",
    "ticket_id",
)


def _layout(file_format: FileFormat) -> Layout:
    return Layout(
        formats=(file_format,),
        bindings=(
            *(bind(name, *paths, in_file=name in REQUIRED) for name, paths in OWN_NAMES.items()),
            *(bind(name, in_file=name == "channel") for name in PLAIN),
            *(bind(name) for name in ATTRIBUTION),
            bind("attempt_no"),
        ),
        marks=frozenset({"usage_native_json", "channel"}),
        embedded=frozenset({"usage_native_json"}),
    )


SOURCE = Source(
    name="usage_records",
    raw_table="usage_records",
    policy="calls",
    columns=(
        Column("case_id", required=True),
        Column("requested_at", "timestamp", required=True),
        *texts("model_requested", "model_served"),
        Column("geo"),
        Column("usage", "usage_object", required=True),
        Column("user_key", "user"),
        Column("provider"),
        Column("channel", required=True),
        *texts(*(name for name in PLAIN if name not in ("provider", "channel"))),
        *texts(*ATTRIBUTION),
        *counts("attempt_no"),
    ),
    keys=("case_id", "requested_at", "channel"),
    day_columns=("requested_at",),
    identity=("case_id",),
    layouts=(_layout("csv"), _layout("jsonl"), _layout("parquet")),
)
