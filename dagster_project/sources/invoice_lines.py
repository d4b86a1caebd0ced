"""Invoice lines: a CSV that finance fills from the provider's invoice, or the invoice as a PDF."""

from __future__ import annotations

from dagster_project.lib.columns import Column, RowRule, bind
from dagster_project.sources import invoice_pdf
from dagster_project.sources.base import Layout, Source, texts

# purchase: prepaid credits bought; drawdown: what prepaid paid, negative; expiry: prepaid lost.
KINDS = (
    *("usage", "credit", "tax", "fee", "adjustment"),
    *("purchase", "drawdown", "expiry", "commitment", "refund"),
)
NEEDED = ("invoice_id", "channel", "period_start", "period_end", "amount", "currency", "kind")
OPTIONAL = (
    *("account", "issued_on", "description", "model", "meter", "quantity", "unit_price"),
    *("processing", "service_tier", "geo", "total_amount"),
)

SOURCE = Source(
    name="invoice_lines",
    raw_table="invoice_lines",
    policy="invoices",
    columns=(
        Column("invoice_id", required=True),
        Column("channel", required=True),
        Column("account"),
        Column("period_start", "date", required=True),
        Column("period_end", "date", required=True),
        Column("issued_on", "date"),
        *texts("description", "model", "meter"),
        Column("quantity", "money"),
        Column("unit_price", "money"),
        Column("amount", "money", required=True),
        Column("currency", required=True),
        Column("kind", required=True, allowed=KINDS),
        Column("processing", allowed=("realtime", "batch")),
        *texts("service_tier", "geo"),
        Column("total_amount", "money"),
    ),
    keys=("invoice_id", "channel", "period_start", "period_end", "amount"),
    day_columns=("period_start", "period_end"),
    identity=("invoice_id",),
    layouts=(
        Layout(
            formats=("csv",),
            marks=frozenset(NEEDED),
            bindings=(
                *(bind(name, in_file=True) for name in NEEDED),
                *(bind(name) for name in OPTIONAL),
            ),
        ),
    ),
    documents=invoice_pdf.parse,
    rules=(
        RowRule(
            "not_allowed_value",
            "period_end",
            "period_end is before period_start",
            "c_period_end < c_period_start",
        ),
    ),
)
