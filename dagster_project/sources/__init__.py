"""One module per export format. `SOURCES` lists them all, mapped feeds last."""

from __future__ import annotations

from dagster_project.sources import (
    anthropic_console_costs,
    anthropic_costs,
    anthropic_usage,
    call_log,
    decisions,
    invoice_lines,
    litellm_spend_logs,
    openai_costs,
    openai_usage,
    outcome_feed,
    segment_tracks,
    usage_records,
    zendesk_tickets,
)
from dagster_project.sources.base import Source

SOURCES: dict[str, Source] = {
    module.SOURCE.name: module.SOURCE
    for module in (
        openai_usage,
        openai_costs,
        anthropic_usage,
        anthropic_costs,
        anthropic_console_costs,
        litellm_spend_logs,
        usage_records,
        segment_tracks,
        zendesk_tickets,
        invoice_lines,
        decisions,
        call_log,
        outcome_feed,
    )
}

FIXED_SOURCES: dict[str, Source] = {n: s for n, s in SOURCES.items() if not s.is_mapped}
MAPPED_SOURCES: dict[str, Source] = {n: s for n, s in SOURCES.items() if s.is_mapped}

__all__ = ["FIXED_SOURCES", "MAPPED_SOURCES", "SOURCES", "Source"]
