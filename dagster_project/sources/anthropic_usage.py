"""Anthropic usage report for messages: API pages."""

from __future__ import annotations

from typing import Any

from dagster_project.lib.columns import Column, RowRule
from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources.base import PageFormat, PageRows, Source, counts, texts
from dagster_project.sources.json_values import buckets, nested, results, scalar

PLAIN = (
    "api_key_id",
    "workspace_id",
    "model",
    "service_tier",
    "context_window",
    "inference_geo",
    "speed",
    "uncached_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)
CACHE_WRITES = {
    "cache_creation_5m_input_tokens": "ephemeral_5m_input_tokens",
    "cache_creation_1h_input_tokens": "ephemeral_1h_input_tokens",
}


def parse(document: Any, file_name: str) -> PageRows:
    """Turn one usage page into rows; an empty bucket becomes one row that says so."""
    del file_name
    page = PageRows()
    if any("uncached_input_tokens" not in result for result in results(document)):
        raise FileRejectedError(
            "a result has no uncached_input_tokens: not a messages usage report"
        )
    for bucket in buckets(document, "Anthropic usage report"):
        start_end = {
            "start_at": scalar(bucket.get("starting_at")),
            "end_at": scalar(bucket.get("ending_at")),
        }
        if not bucket["results"]:
            page.rows.append({**start_end, "is_empty_bucket": "true"})
        for result in bucket["results"]:
            row: dict[str, str | None] = {**start_end, "is_empty_bucket": "false"}
            if isinstance(result, dict):
                row.update({name: scalar(result.get(name)) for name in PLAIN})
                for column, key in CACHE_WRITES.items():
                    row[column] = scalar(nested(result, "cache_creation", key))
                row["web_search_requests"] = scalar(
                    nested(result, "server_tool_use", "web_search_requests")
                )
            else:
                row["_fault_code"] = "malformed_row"
            page.rows.append(row)
    page.declared_empty = not page.rows
    return page


def recognises(document: Any) -> bool:
    """Say whether a document of unknown origin is an Anthropic messages usage report."""
    found = results(document)
    return bool(found) and all("uncached_input_tokens" in result for result in found)


SOURCE = Source(
    name="anthropic_usage",
    raw_table="anthropic_usage",
    policy="aggregate",
    columns=(
        Column("start_at", "timestamp", required=True),
        Column("end_at", "timestamp", required=True),
        Column("is_empty_bucket", "boolean", required=True),
        *texts("api_key_id", "workspace_id", "model", "service_tier", "context_window"),
        *texts("inference_geo", "speed"),
        *counts(
            "uncached_input_tokens",
            "cache_creation_5m_input_tokens",
            "cache_creation_1h_input_tokens",
            "cache_read_input_tokens",
            "output_tokens",
            "web_search_requests",
        ),
    ),
    keys=("start_at", "end_at"),
    day_columns=("start_at",),
    pages=PageFormat(parse, recognises),
    rules=(
        RowRule(
            "missing_value",
            "uncached_input_tokens",
            "a usage row needs uncached_input_tokens",
            "not c_is_empty_bucket and c_uncached_input_tokens is null",
        ),
        RowRule(
            "missing_value",
            "output_tokens",
            "a usage row needs output_tokens",
            "not c_is_empty_bucket and c_output_tokens is null",
        ),
    ),
    windows="buckets",
)
