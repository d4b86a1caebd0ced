"""One module per export format. `SOURCES` lists them all, mapped feeds last."""

from __future__ import annotations

from dagster_project.sources import (
    amplitude_events,
    amplitude_merged_ids,
    anthropic_console_costs,
    anthropic_costs,
    anthropic_usage,
    aws_cur,
    azure_costs,
    call_log,
    cloudevents,
    decisions,
    focus_costs,
    freshdesk_tickets,
    ga4_events,
    gcp_billing,
    intercom_conversations,
    invoice_lines,
    langfuse_scores,
    langsmith_feedback,
    litellm_spend_logs,
    mixpanel_events,
    openai_costs,
    openai_usage,
    otel_evaluations,
    outcome_feed,
    phoenix_annotations,
    posthog_events,
    posthog_persons,
    rudderstack_tracks,
    salesforce_cases,
    segment_tracks,
    usage_records,
    zendesk_metric_events,
    zendesk_satisfaction,
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
        focus_costs,
        aws_cur,
        gcp_billing,
        azure_costs,
        litellm_spend_logs,
        usage_records,
        segment_tracks,
        rudderstack_tracks,
        amplitude_events,
        amplitude_merged_ids,
        mixpanel_events,
        posthog_events,
        posthog_persons,
        ga4_events,
        zendesk_tickets,
        zendesk_metric_events,
        zendesk_satisfaction,
        intercom_conversations,
        freshdesk_tickets,
        salesforce_cases,
        langfuse_scores,
        langsmith_feedback,
        phoenix_annotations,
        otel_evaluations,
        cloudevents,
        invoice_lines,
        decisions,
        call_log,
        outcome_feed,
    )
}

FIXED_SOURCES: dict[str, Source] = {n: s for n, s in SOURCES.items() if not s.is_mapped}
MAPPED_SOURCES: dict[str, Source] = {n: s for n, s in SOURCES.items() if s.is_mapped}

__all__ = ["FIXED_SOURCES", "MAPPED_SOURCES", "SOURCES", "Source"]
