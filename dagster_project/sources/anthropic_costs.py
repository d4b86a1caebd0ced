"""Anthropic cost report: API pages. Amounts are decimal texts in CENTS and stay so."""

from __future__ import annotations

from typing import Any

from dagster_project.lib.columns import Column, RowRule
from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources.base import PageFormat, PageRows, Source, texts
from dagster_project.sources.json_values import buckets, results, scalar

PLAIN = (
    "currency",
    "workspace_id",
    "description",
    "cost_type",
    "model",
    "token_type",
    "service_tier",
    "context_window",
    "inference_geo",
)


def parse(document: Any, file_name: str) -> PageRows:
    """Turn one cost page into rows; an empty bucket becomes one row that says so."""
    del file_name
    page = PageRows()
    if any("amount" not in result for result in results(document)):
        raise FileRejectedError("a result has no amount: not a cost report")
    for bucket in buckets(document, "Anthropic cost report"):
        start_end = {
            "start_at": scalar(bucket.get("starting_at")),
            "end_at": scalar(bucket.get("ending_at")),
        }
        if not bucket["results"]:
            page.rows.append({**start_end, "is_empty_bucket": "true"})
        for result in bucket["results"]:
            row: dict[str, str | None] = {**start_end, "is_empty_bucket": "false"}
            if isinstance(result, dict):
                row["amount_cents"] = scalar(result.get("amount"))
                row.update({name: scalar(result.get(name)) for name in PLAIN})
            else:
                row["_fault_code"] = "malformed_row"
            page.rows.append(row)
    page.declared_empty = not page.rows
    return page


def recognises(document: Any) -> bool:
    """Say whether a document of unknown origin is an Anthropic cost report."""
    found = results(document)
    return (
        bool(found)
        and all("amount" in r and "workspace_id" in r for r in found)
        and not any("object" in result for result in found)
    )


SOURCE = Source(
    name="anthropic_costs",
    raw_table="anthropic_costs",
    policy="aggregate",
    columns=(
        Column("start_at", "timestamp", required=True),
        Column("end_at", "timestamp", required=True),
        Column("is_empty_bucket", "boolean", required=True),
        Column("amount_cents", "money"),
        *texts("currency", "workspace_id", "description", "cost_type", "model", "token_type"),
        *texts("service_tier", "context_window", "inference_geo"),
    ),
    keys=("start_at", "end_at"),
    day_columns=("start_at",),
    pages=PageFormat(parse, recognises),
    rules=(
        RowRule(
            "missing_value",
            "amount_cents",
            "a cost row needs amount",
            "not c_is_empty_bucket and c_amount_cents is null",
        ),
    ),
    windows="buckets",
)
