"""Google Cloud billing export (a BigQuery table): JSON lines, Parquet or flat CSV.

A CSV cannot hold records, so there their parts stand as service_description, invoice_month …
Labels and tags stay out.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, RowRule, bind
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
    bind("credits", transform="as_json"),
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
    rules=(
        RowRule(
            "not_allowed_value",
            "invoice_month",
            "an invoice month is written 202609",
            "not regexp_full_match(c_invoice_month, '20[0-9]{2}(0[1-9]|1[0-2])')",
        ),
        RowRule(
            "not_a_number",
            "credits",
            "credits must be a JSON list of records with an amount",
            "case when c_credits is null then false"
            " when not json_valid(c_credits) or json_type(c_credits) <> 'ARRAY' then true"
            " else len(list_filter(json_extract_string(c_credits, '$[*].amount'),"
            " lambda amount: try_cast(amount as decimal(33, 18)) is null)) > 0"
            " or len(json_extract_string(c_credits, '$[*].amount')) <> json_array_length(c_credits)"
            " end",
        ),
    ),
    layouts=(
        Layout(
            formats=("jsonl", "json", "csv", "parquet"),
            marks=frozenset({"billing_account_id", "usage_start_time", "cost"}),
            bindings=BINDINGS,
        ),
    ),
)
