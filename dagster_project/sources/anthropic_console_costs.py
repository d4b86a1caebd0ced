"""Anthropic Console cost export: CSV of 7, 9, 12 or 14 columns. Dollars, rounded per row.

Two rows may agree in every visible column and differ only in dollars: never deduplicate.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import Layout, Source, texts

SINCE_THE_FIRST = ("model", "workspace", "api_key", "usage_type", "token_type", "cost_usd")
ADDED_LATER = (
    "context_window",
    "list_price_usd",
    "cost_type",
    "inference_geo",
    "speed",
    "api_key_id",
    "api_key_status",
)

SOURCE = Source(
    name="anthropic_console_costs",
    raw_table="anthropic_console_costs",
    policy="aggregate",
    columns=(
        Column("start_at", "timestamp", required=True),
        Column("end_at", "timestamp", required=True),
        *texts("model", "workspace", "api_key", "usage_type", "context_window", "token_type"),
        Column("cost_usd", "money", required=True),
        Column("list_price_usd", "money"),
        *texts("cost_type", "inference_geo", "speed", "api_key_id", "api_key_status"),
    ),
    keys=("start_at", "cost_usd"),
    day_columns=("start_at",),
    layouts=(
        Layout(
            formats=("csv",),
            marks=frozenset({"usage_date_utc", "token_type", "cost_usd"}),
            bindings=(
                bind("start_at", "usage_date_utc", transform="day_start", in_file=True),
                bind("end_at", "usage_date_utc", transform="day_end", in_file=True),
                *(bind(name, in_file=True) for name in SINCE_THE_FIRST),
                *(bind(name) for name in ADDED_LATER),
            ),
        ),
    ),
    windows="days",
)
