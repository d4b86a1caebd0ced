"""Zendesk incremental ticket export: JSON pages, cursor or time based."""

from __future__ import annotations

from typing import Any

from dagster_project.lib.columns import Column
from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources.base import PageFormat, PageRows, Source, counts, texts
from dagster_project.sources.json_values import nested, objects, scalar, scalar_list

PLAIN = (
    "status",
    "priority",
    "created_at",
    "updated_at",
    "external_id",
    "organization_id",
    "assignee_id",
    "group_id",
    "brand_id",
    "subject",
    "description",
)
LISTS = ("followup_ids", "merged_ticket_ids", "tags")


def _row(ticket: dict[str, Any], metrics: dict[str | None, dict[str, Any]]) -> dict[str, Any]:
    metric_set = ticket.get("metric_set") or metrics.get(scalar(ticket.get("id")), {})
    followed = ticket.get("via_followup_source_id")
    if followed is None:
        followed = nested(ticket, "via", "source", "from", "ticket_id")
    return {
        "ticket_id": scalar(ticket.get("id")),
        "ticket_type": scalar(ticket.get("type")),
        "generated_at": scalar(ticket.get("generated_timestamp")),
        "solved_at": scalar(nested(metric_set, "solved_at")),
        "reopens": scalar(nested(metric_set, "reopens")),
        "requester_key": scalar(ticket.get("requester_id")),
        "via_channel": scalar(nested(ticket, "via", "channel")),
        "followup_source_id": scalar(followed),
        "satisfaction_score": scalar(nested(ticket, "satisfaction_rating", "score")),
        **{name: scalar(ticket.get(name)) for name in PLAIN},
        **{name: scalar_list(ticket.get(name)) for name in LISTS},
    }


def parse(document: Any, file_name: str) -> PageRows:
    """Turn one page of tickets into rows; side-loaded metric sets join by ticket id."""
    del file_name
    page = PageRows()
    for part in document if isinstance(document, list) else [document]:
        tickets = part.get("tickets") if isinstance(part, dict) else None
        if not isinstance(tickets, list):
            raise FileRejectedError(
                'not a page of the incremental ticket export: no "tickets" list'
            )
        metrics = {
            scalar(metric.get("ticket_id")): metric for metric in objects(part.get("metric_sets"))
        }
        for ticket in tickets:
            if isinstance(ticket, dict):
                page.rows.append(_row(ticket, metrics))
            else:
                page.rows.append({"_fault_code": "malformed_row"})
    page.declared_empty = not page.rows
    return page


def recognises(document: Any) -> bool:
    """Say whether a document of unknown origin is a page of the incremental ticket export."""
    return isinstance(document, dict) and isinstance(document.get("tickets"), list)


SOURCE = Source(
    name="zendesk_tickets",
    raw_table="zendesk_tickets",
    policy="events",
    columns=(
        Column("ticket_id", required=True),
        Column("status", required=True),
        *texts("ticket_type", "priority"),
        Column("created_at", "timestamp"),
        Column("updated_at", "timestamp", required=True),
        Column("generated_at", "timestamp"),
        Column("solved_at", "timestamp"),
        *counts("reopens"),
        Column("requester_key", "user"),
        *texts("external_id", "organization_id", "assignee_id", "group_id", "brand_id"),
        *texts("via_channel", "followup_source_id"),
        Column("followup_ids", "json_list"),
        Column("merged_ticket_ids", "json_list"),
        Column("tags", "json_list"),
        Column("satisfaction_score"),
        Column("subject", "free_text"),
        Column("description", "free_text"),
    ),
    keys=("ticket_id", "status", "updated_at"),
    day_columns=("updated_at",),
    identity=("ticket_id",),
    pages=PageFormat(parse, recognises, {"generated_at": "epoch_s"}),
)
