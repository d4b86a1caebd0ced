"""Every in-house call log, whatever its own columns, through a mapping in reference/mappings/.

Numbers keep the log's own meaning; `usage_convention` says how staging makes them disjoint.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column
from dagster_project.sources.base import Source, counts, texts

CONVENTIONS = ("disjoint", "inclusive", "inclusive_reasoning_beside")

SOURCE = Source(
    name="call_log",
    raw_table="call_log",
    policy="calls",
    columns=(
        Column("call_id", required=True),
        Column("requested_at", "timestamp", required=True),
        Column("channel", required=True),
        *texts("account", "sub_account", "api_key_id", "provider"),
        *texts("model_requested", "model_served", "service_tier", "processing", "geo"),
        Column("usage_convention", allowed=CONVENTIONS),
        *counts("input_tokens", "cache_read_tokens", "cache_write_tokens"),
        *counts("cache_write_5m_tokens", "cache_write_30m_tokens"),
        *counts("cache_write_1h_tokens", "cache_write_12h_tokens"),
        *counts("output_tokens", "reasoning_tokens", "web_search_calls"),
        Column("reported_cost", "money"),
        *texts("feature", "team", "prompt_template", "prompt_version", "agent", "environment"),
        Column("user_key", "user"),
        *texts("tenant", "session_id", "trace_id", "task_id", "ticket_id"),
        *counts("attempt_no"),
        *texts("status", "finish_reason"),
        Column("latency_ms", "rounded_count"),
        Column("is_retry", "boolean"),
        Column("is_fallback", "boolean"),
        Column("is_cache_hit", "boolean"),
        Column("tags", "json_list"),
        Column("prompt", "free_text"),
        Column("response", "free_text"),
    ),
    keys=("call_id", "requested_at", "channel"),
    day_columns=("requested_at",),
    identity=("call_id",),
    is_mapped=True,
)
