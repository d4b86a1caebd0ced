"""Zendesk ticket metric events: JSON pages of the incremental export, cursor or time based."""

from __future__ import annotations

from typing import Any

from dagster_project.lib.columns import Column
from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources.base import PageFormat, PageRows, Source, counts, texts
from dagster_project.sources.json_values import nested, scalar


def _row(event: dict[str, Any]) -> dict[str, str | None]:
    return {
        "event_id": scalar(event.get("id")),
        "ticket_id": scalar(event.get("ticket_id")),
        "metric": scalar(event.get("metric")),
        "instance_id": scalar(event.get("instance_id")),
        "type": scalar(event.get("type")),
        "occurred_at": scalar(event.get("time")),
        "is_deleted": scalar(event.get("deleted")),
        "calendar_minutes": scalar(nested(event, "status", "calendar")),
        "business_minutes": scalar(nested(event, "status", "business")),
        "sla_policy_id": scalar(nested(event, "sla", "policy", "id")),
    }


def parse(document: Any, file_name: str) -> PageRows:
    """Turn one page of metric events into rows."""
    del file_name
    page = PageRows()
    for part in document if isinstance(document, list) else [document]:
        events = part.get("ticket_metric_events") if isinstance(part, dict) else None
        if not isinstance(events, list):
            raise FileRejectedError(
                "not a page of the ticket metric event export: "
                'it has no "ticket_metric_events" list'
            )
        for event in events:
            page.rows.append(
                _row(event) if isinstance(event, dict) else {"_fault_code": "malformed_row"}
            )
    page.declared_empty = not page.rows
    return page


def recognises(document: Any) -> bool:
    """Say whether a document of unknown origin is a page of ticket metric events."""
    return isinstance(document, dict) and isinstance(document.get("ticket_metric_events"), list)


SOURCE = Source(
    name="zendesk_metric_events",
    raw_table="zendesk_metric_events",
    policy="events",
    columns=(
        Column("event_id", required=True),
        Column("ticket_id", required=True),
        Column("metric", required=True),
        Column("instance_id"),
        Column("type", required=True),
        Column("occurred_at", "timestamp", required=True),
        Column("is_deleted", "boolean"),
        *counts("calendar_minutes", "business_minutes"),
        *texts("sla_policy_id"),
    ),
    keys=("event_id", "ticket_id", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("event_id",),
    pages=PageFormat(parse, recognises),
)
