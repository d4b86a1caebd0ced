"""OpenAI organization usage: API pages (completions, embeddings) and the dashboard CSV."""

from __future__ import annotations

from typing import Any

from dagster_project.lib.columns import Column, RowRule, bind, fixed
from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources.base import Layout, PageFormat, PageRows, Source, counts, texts
from dagster_project.sources.json_values import buckets, results, scalar

ENDPOINTS = {
    "organization.usage.completions.result": "completions",
    "organization.usage.embeddings.result": "embeddings",
}

COUNTERS = (
    "num_model_requests",
    "input_tokens",
    "input_uncached_tokens",
    "input_cached_tokens",
    "input_cache_write_tokens",
    "input_cache_write_30m_tokens",
    "input_cache_write_12h_tokens",
    "output_tokens",
    "input_audio_tokens",
    "input_cached_audio_tokens",
    "output_audio_tokens",
    "input_image_tokens",
    "input_cached_image_tokens",
    "output_image_tokens",
)

# API and CSV name these alike.
PLAIN = ("project_id", "api_key_id", "model", "batch", "service_tier", *COUNTERS)


def parse(document: Any, file_name: str) -> PageRows:
    """Turn one usage page into rows; an empty bucket becomes one row that says so."""
    page = PageRows()
    kinds = {scalar(result.get("object")) for result in results(document)}
    strange = sorted(str(kind) for kind in kinds - set(ENDPOINTS))
    if strange:
        raise FileRejectedError(
            f"holds {strange[0]}; this folder takes organization.usage.completions.result "
            "and organization.usage.embeddings.result"
        )
    # A page of empty buckets alone names no endpoint; then the file's name decides.
    of_page = {ENDPOINTS[str(kind)] for kind in kinds} or {
        "embeddings" if "embedding" in file_name.lower() else "completions"
    }
    for bucket in buckets(document, "OpenAI usage"):
        times = {name: scalar(bucket.get(name)) for name in ("start_time", "end_time")}
        start_end = {"start_at": times["start_time"], "end_at": times["end_time"]}
        if not bucket["results"]:
            for endpoint in sorted(of_page):
                page.rows.append({**start_end, "endpoint": endpoint, "is_empty_bucket": "true"})
        for result in bucket["results"]:
            row: dict[str, str | None] = {**start_end, "is_empty_bucket": "false"}
            if isinstance(result, dict):
                row["endpoint"] = ENDPOINTS[str(result["object"])]
                row["user_key"] = scalar(result.get("user_id"))
                row.update({name: scalar(result.get(name)) for name in PLAIN})
            else:
                row["_fault_code"] = "malformed_row"
            page.rows.append(row)
    page.declared_empty = not page.rows
    return page


def recognises(document: Any) -> bool:
    """Say whether a document of unknown origin is an OpenAI usage page."""
    found = [scalar(result.get("object")) for result in results(document)]
    return bool(found) and all(kind in ENDPOINTS for kind in found)


SOURCE = Source(
    name="openai_usage",
    raw_table="openai_usage",
    policy="aggregate",
    columns=(
        Column("endpoint", required=True),
        Column("start_at", "timestamp", required=True),
        Column("end_at", "timestamp", required=True),
        Column("is_empty_bucket", "boolean", required=True),
        Column("project_id"),
        Column("user_key", "user"),
        *texts("api_key_id", "model"),
        Column("batch", "boolean"),
        Column("service_tier"),
        *counts(*COUNTERS),
    ),
    keys=("endpoint", "start_at", "end_at"),
    day_columns=("start_at",),
    layouts=(
        Layout(
            formats=("csv",),
            marks=frozenset({"start_time", "end_time", "num_model_requests", "input_tokens"}),
            bindings=(
                fixed("endpoint", "completions"),
                # The ISO columns mix zone-less and zoned texts; the epoch columns never do.
                bind("start_at", "start_time", transform="epoch_s", in_file=True),
                bind("end_at", "end_time", transform="epoch_s", in_file=True),
                bind(
                    "is_empty_bucket",
                    *("project_id", "user_id", "api_key_id", "model", *COUNTERS),
                    transform="all_empty",
                ),
                bind("user_key", "user_id"),
                *(bind(name, in_file=name in ("input_tokens", "output_tokens")) for name in PLAIN),
            ),
        ),
    ),
    pages=PageFormat(parse, recognises, {"start_at": "epoch_s", "end_at": "epoch_s"}),
    rules=(
        RowRule(
            "missing_value",
            "input_tokens",
            "a usage row needs input_tokens",
            "not c_is_empty_bucket and c_input_tokens is null",
        ),
    ),
    scope_column="endpoint",
    windows="buckets",
)
