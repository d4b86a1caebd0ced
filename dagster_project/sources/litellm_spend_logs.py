"""LiteLLM proxy spend logs: JSON lines, CSV or Parquet of LiteLLM_SpendLogs."""

from __future__ import annotations

from dagster_project.lib.columns import Binding, Column, bind
from dagster_project.sources.base import FileFormat, Layout, Source, counts, texts

USAGE = "metadata.additional_usage_values"


def _bindings() -> tuple[Binding, ...]:
    plain = (
        "call_type",
        "api_key",
        "spend",
        "total_tokens",
        "model_group",
        "custom_llm_provider",
        "team_id",
        "organization_id",
        "session_id",
        "status",
        "messages",
        "response",
    )
    tags = {
        "feature": "feature:",
        "environment": "env:",
        "task_id": "task:",
        "ticket_id": "ticket:",
        "prompt_template": "prompt:",
        "prompt_version": "prompt_version:",
        "agent": "agent:",
        "tenant": "tenant:",
        "attempt_no": "attempt:",
        "is_fallback": "fallback:",
    }
    return (
        bind("request_id", in_file=True),
        bind("started_at", "startTime", in_file=True),
        bind("ended_at", "endTime"),
        bind("model", in_file=True),
        bind("prompt_tokens", in_file=True),
        bind("completion_tokens", in_file=True),
        bind("cache_read_input_tokens", f"{USAGE}.cache_read_input_tokens"),
        bind("cache_creation_input_tokens", f"{USAGE}.cache_creation_input_tokens"),
        bind("cached_tokens", f"{USAGE}.prompt_tokens_details.cached_tokens"),
        bind("reasoning_tokens", f"{USAGE}.completion_tokens_details.reasoning_tokens"),
        bind("api_key_alias", "metadata.user_api_key_alias"),
        bind("attempted_retries", "metadata.attempted_retries"),
        bind("user_key", "user"),
        bind("end_user_key", "end_user"),
        bind("is_cache_hit", "cache_hit"),
        *(bind(name) for name in plain),
        *(bind(name, "request_tags", transform=f"tag:{tag}") for name, tag in tags.items()),
        # what the lines above read has columns of its own
        bind("tags", "request_tags", transform=f"tags:{'|'.join(tags.values())}"),
    )


def _layout(file_format: FileFormat) -> Layout:
    return Layout(
        formats=(file_format,),
        bindings=_bindings(),
        marks=frozenset({"request_id", "startTime", "prompt_tokens", "completion_tokens"}),
        embedded=frozenset({"metadata", "request_tags"}),
    )


SOURCE = Source(
    name="litellm_spend_logs",
    raw_table="litellm_spend_logs",
    policy="calls",
    columns=(
        Column("request_id", required=True),
        *texts("call_type", "api_key", "api_key_alias"),
        Column("spend", "money"),
        *counts("prompt_tokens", "completion_tokens", "total_tokens"),
        *counts("cache_read_input_tokens", "cache_creation_input_tokens"),
        *counts("cached_tokens", "reasoning_tokens"),
        Column("started_at", "timestamp", required=True),
        Column("ended_at", "timestamp"),
        *texts("model", "model_group", "custom_llm_provider"),
        Column("user_key", "user"),
        Column("end_user_key", "user"),
        *texts("team_id", "organization_id", "session_id", "status"),
        Column("is_cache_hit", "boolean"),
        *counts("attempted_retries"),
        *texts("feature", "environment", "task_id", "ticket_id", "prompt_template"),
        *texts("prompt_version", "agent", "tenant"),
        *counts("attempt_no"),
        Column("is_fallback", "boolean"),
        Column("tags", "json_list"),
        Column("messages", "free_text"),
        Column("response", "free_text"),
    ),
    keys=("request_id", "started_at"),
    day_columns=("started_at",),
    identity=("request_id",),
    layouts=(_layout("jsonl"), _layout("csv"), _layout("parquet")),
)
