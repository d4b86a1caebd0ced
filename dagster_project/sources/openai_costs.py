"""OpenAI organization costs: API pages and both generations of the dashboard CSV."""

from __future__ import annotations

from typing import Any

from dagster_project.lib.columns import Column, RowRule, bind
from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources.base import Layout, PageFormat, PageRows, Source, texts
from dagster_project.sources.json_values import CONTAINER, buckets, nested, results, scalar

RESULT = "organization.costs.result"

# API and CSV name these alike.
PLAIN = (
    "quantity",
    "quantity_unit",
    "line_item",
    "project_id",
    "api_key_id",
    "organization_id",
    "api_source",
)


def parse(document: Any, file_name: str) -> PageRows:
    """Turn one costs page into rows; an empty bucket becomes one row that says so."""
    del file_name
    page = PageRows()
    strange = [r for r in results(document) if r.get("object") != RESULT]
    if strange:
        kind = scalar(strange[0].get("object"))
        shown = kind if kind not in (None, CONTAINER) else "an object without a name"
        raise FileRejectedError(f"holds {shown}; this folder takes {RESULT}")
    for bucket in buckets(document, "OpenAI costs"):
        start_end = {
            "start_at": scalar(bucket.get("start_time")),
            "end_at": scalar(bucket.get("end_time")),
        }
        if not bucket["results"]:
            page.rows.append({**start_end, "is_empty_bucket": "true"})
        for result in bucket["results"]:
            row: dict[str, str | None] = {**start_end, "is_empty_bucket": "false"}
            if isinstance(result, dict):
                row["amount_value"] = scalar(nested(result, "amount", "value"))
                row["amount_currency"] = scalar(nested(result, "amount", "currency"))
                row["user_key"] = scalar(result.get("user_id"))
                row.update({name: scalar(result.get(name)) for name in PLAIN})
            else:
                row["_fault_code"] = "malformed_row"
            page.rows.append(row)
    page.declared_empty = not page.rows
    return page


def recognises(document: Any) -> bool:
    """Say whether a document of unknown origin is an OpenAI costs page."""
    found = results(document)
    return bool(found) and all(result.get("object") == RESULT for result in found)


SOURCE = Source(
    name="openai_costs",
    raw_table="openai_costs",
    policy="aggregate",
    columns=(
        Column("start_at", "timestamp", required=True),
        Column("end_at", "timestamp", required=True),
        Column("is_empty_bucket", "boolean", required=True),
        Column("amount_value", "money"),
        Column("amount_currency"),
        Column("quantity", "money"),
        *texts("quantity_unit", "line_item", "project_id", "api_key_id"),
        Column("user_key", "user"),
        *texts("organization_id", "api_source"),
    ),
    keys=("start_at", "end_at"),
    day_columns=("start_at",),
    layouts=(
        Layout(
            formats=("csv",),
            marks=frozenset({"start_time", "end_time", "amount_value", "line_item"}),
            bindings=(
                bind("start_at", "start_time", transform="epoch_s", in_file=True),
                bind("end_at", "end_time", transform="epoch_s", in_file=True),
                bind(
                    "is_empty_bucket",
                    *("amount_value", "quantity", "line_item", "project_id", "api_key_id"),
                    transform="all_empty",
                ),
                bind("amount_value", in_file=True),
                bind("amount_currency", in_file=True),
                bind("user_key", "user_id"),
                *(bind(name) for name in PLAIN),
            ),
        ),
    ),
    pages=PageFormat(parse, recognises, {"start_at": "epoch_s", "end_at": "epoch_s"}),
    rules=(
        RowRule(
            "missing_value",
            "amount_value",
            "a cost row needs amount_value",
            "not c_is_empty_bucket and c_amount_value is null",
        ),
        RowRule(
            "ungrouped_total",
            "line_item",
            "a total without line_item beside rows with line_item: adding it counts twice",
            "not c_is_empty_bucket and c_line_item is null"
            " and bool_or(c_line_item is not null) over (partition by c_start_at)",
        ),
    ),
    windows="buckets",
)
