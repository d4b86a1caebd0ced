"""Azure cost export (cost and usage details, actual cost) of an MCA or EA: CSV or Parquet.

Each run states the month to date anew. CSV dates are written 09/30/2026. Tags and additional
information stay out.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import Layout, Source, texts

PLAIN = (
    ("billing_account_id", "BillingAccountId"),
    ("invoice_id", "InvoiceId"),
    ("subscription_id", "SubscriptionId"),
    ("meter_id", "MeterId"),
    ("meter_name", "MeterName"),
    ("meter_category", "MeterCategory"),
    ("meter_subcategory", "MeterSubCategory"),
    ("product", "Product", "ProductName"),
    ("region", "ResourceLocation"),
    ("unit_of_measure", "UnitOfMeasure"),
    ("charge_type", "ChargeType"),
    ("publisher_name", "PublisherName"),
)
MONEY = (
    ("quantity", "Quantity"),
    ("effective_price", "EffectivePrice"),
    ("unit_price", "UnitPrice"),
)

SOURCE = Source(
    name="azure_costs",
    raw_table="azure_costs",
    policy="aggregate",
    columns=(
        Column("used_at", "timestamp", required=True),
        Column("period_start_at", "timestamp"),
        Column("cost", "money", required=True),
        Column("currency", required=True),
        *texts(*(name for name, *_ in PLAIN)),
        *(Column(name, "money") for name, _ in MONEY),
    ),
    keys=("used_at", "cost"),
    day_columns=("used_at",),
    layouts=(
        Layout(
            formats=("csv", "parquet"),
            marks=frozenset({"MeterId", "MeterCategory", "UnitOfMeasure"}),
            bindings=(
                bind("used_at", "Date", "UsageDateTime", transform="us_date", in_file=True),
                bind("period_start_at", "BillingPeriodStartDate", transform="us_date"),
                bind("cost", "CostInBillingCurrency", "Cost", "PreTaxCost", in_file=True),
                bind(
                    "currency",
                    *("BillingCurrency", "BillingCurrencyCode", "Currency"),
                    in_file=True,
                ),
                *(bind(name, *paths) for name, *paths in (*PLAIN, *MONEY)),
            ),
        ),
    ),
)
