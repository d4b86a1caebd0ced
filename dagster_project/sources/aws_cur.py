"""AWS Cost and Usage Report 2.0 (Data Exports), CSV or Parquet.

Amounts are the unblended ones, which sum to the invoice: net amounts hold discounts that stand on
lines of their own as well. The identity of a person (line_item_iam_principal) and tags stay out.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import Layout, Source, texts

PLAIN = (
    ("billing_entity", "bill_billing_entity"),
    ("bill_type", "bill_bill_type"),
    ("invoice_id", "bill_invoice_id"),
    ("payer_account_id", "bill_payer_account_id"),
    ("usage_account_id", "line_item_usage_account_id"),
    ("product_code", "line_item_product_code"),
    ("usage_type", "line_item_usage_type"),
    ("operation", "line_item_operation"),
    ("pricing_unit", "pricing_unit"),
    ("region", "product_region_code"),
)
MONEY = (
    ("usage_amount", "line_item_usage_amount"),
    ("unblended_rate", "line_item_unblended_rate"),
    ("public_rate", "pricing_public_on_demand_rate"),
)

SOURCE = Source(
    name="aws_cur",
    raw_table="aws_cur",
    policy="aggregate",
    columns=(
        Column("usage_start_at", "timestamp", required=True),
        Column("usage_end_at", "timestamp"),
        Column("period_start_at", "timestamp", required=True),
        Column("line_item_type", required=True),
        Column("unblended_cost", "money", required=True),
        Column("currency", required=True),
        *texts(*(name for name, _ in PLAIN)),
        *texts("description", "product_name", "service_name"),
        *(Column(name, "money") for name, _ in MONEY),
    ),
    keys=("usage_start_at", "unblended_cost"),
    day_columns=("usage_start_at",),
    layouts=(
        Layout(
            formats=("csv", "parquet"),
            marks=frozenset({"line_item_unblended_cost", "bill_billing_period_start_date"}),
            bindings=(
                bind("usage_start_at", "line_item_usage_start_date", in_file=True),
                bind("usage_end_at", "line_item_usage_end_date"),
                bind("period_start_at", "bill_billing_period_start_date", in_file=True),
                bind("line_item_type", "line_item_line_item_type", in_file=True),
                bind("unblended_cost", "line_item_unblended_cost", in_file=True),
                bind("currency", "line_item_currency_code", in_file=True),
                *(bind(name, path) for name, path in (*PLAIN, *MONEY)),
                bind("description", "line_item_line_item_description"),
                bind("product_name", "product", transform="key:product_name"),
                bind("service_name", "product", transform="key:servicename"),
            ),
        ),
    ),
)
