"""Google Cloud billing export (a BigQuery table): JSON lines, Parquet or flat CSV.

A CSV cannot hold records, so there their parts stand as service_description, invoice_month …
Labels and tags stay out.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import Layout, Source

PLAIN = (
    ("billing_account_id", "billing_account_id"),
    ("service_name", "service.description"),
    ("sku_id", "sku.id"),
    ("sku_name", "sku.description"),
    ("project_id", "project.id"),
    ("location", "location.location"),
    ("currency", "currency"),
    ("cost_type", "cost_type"),
    ("invoice_month", "invoice.month"),
    ("usage_unit", "usage.unit"),
    ("pricing_unit", "usage.pricing_unit"),
)
MONEY = (
    ("usage_amount", "usage.amount"),
    ("pricing_amount", "usage.amount_in_pricing_units"),
)
BINDINGS = (
    bind("usage_start_at", "usage_start_time", in_file=True),
    bind("usage_end_at", "usage_end_time"),
    bind("cost", in_file=True),
    *(bind(name, path, path.replace(".", "_")) for name, path in (*PLAIN, *MONEY)),
    bind("credits"),
)

SOURCE = Source(
    name="gcp_billing",
    raw_table="gcp_billing",
    policy="aggregate",
    columns=(
        Column("usage_start_at", "timestamp", required=True),
        Column("usage_end_at", "timestamp"),
        Column("cost", "money", required=True),
        *(Column(name, required=name in ("currency", "invoice_month")) for name, _ in PLAIN),
        *(Column(name, "money") for name, _ in MONEY),
        Column("credits", "json_list"),
    ),
    keys=("usage_start_at", "cost"),
    day_columns=("usage_start_at",),
    layouts=(
        Layout(
            formats=("jsonl", "json", "csv", "parquet"),
            marks=frozenset({"billing_account_id", "usage_start_time", "cost"}),
            bindings=BINDINGS,
        ),
    ),
)
