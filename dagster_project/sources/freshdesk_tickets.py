"""Freshdesk tickets: the ticket export CSV, and JSON pages of the tickets endpoint.

`include=stats` gives the API pages the times of resolution and reopening.
"""

from __future__ import annotations

from typing import Any

from dagster_project.lib.columns import Column, bind, fixed
from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources.base import Layout, PageFormat, PageRows, Source, texts
from dagster_project.sources.json_values import nested, scalar, scalar_list

# What the customer's own code may write into a custom field to link a ticket.
LINKS = ("tenant", "feature", "task_id", "task_type", "session_id", "trace_id")
STATS = ("resolved_at", "reopened_at", "closed_at")
PLAIN = ("status", "created_at", "updated_at", "priority", "type", "group_id", "subject")


def _row(ticket: dict[str, Any]) -> dict[str, str | None]:
    fields = ticket.get("custom_fields")
    requester = ticket.get("requester")
    return {
        "export_form": "api",
        "ticket_id": scalar(ticket.get("id")),
        "contact_key": scalar(ticket.get("requester_id")),
        "user_key": scalar(nested(requester, "unique_external_id")),
        "company_id": scalar(ticket.get("company_id")),
        "assignee_id": scalar(ticket.get("responder_id")),
        "source_type": scalar(ticket.get("source")),
        "is_spam": scalar(ticket.get("spam")),
        "is_deleted": scalar(ticket.get("deleted")),
        "tags": scalar_list(ticket.get("tags")),
        "description": scalar(ticket.get("description_text") or ticket.get("description")),
        **{name: scalar(ticket.get(name)) for name in PLAIN},
        **{name: scalar(nested(ticket, "stats", name)) for name in STATS},
        # Freshdesk puts cf_ before the name of a custom field.
        **{name: scalar(nested(fields, f"cf_{name}") or nested(fields, name)) for name in LINKS},
    }


def _tickets(document: Any) -> list[Any]:
    """Return the tickets of a page (a bare list), a search result, a ticket, or several of them."""
    found: list[Any] = []
    for item in document if isinstance(document, list) else [document]:
        listed = item.get("results") if isinstance(item, dict) else item
        found += listed if isinstance(listed, list) else [item]
    return found


def parse(document: Any, file_name: str) -> PageRows:
    """Turn one page of tickets into rows; JSON lines of pages or tickets will do, too."""
    del file_name
    tickets = _tickets(document)
    if tickets and not any(isinstance(t, dict) and {"id", "status"} <= set(t) for t in tickets):
        raise FileRejectedError(
            'neither a list of Freshdesk tickets, nor a search result with a "results" list, '
            "nor a ticket: nothing in it has an id and a status"
        )
    page = PageRows()
    for ticket in tickets:
        page.rows.append(
            _row(ticket) if isinstance(ticket, dict) else {"_fault_code": "malformed_row"}
        )
    page.declared_empty = not page.rows
    return page


def recognises(document: Any) -> bool:
    """Say whether a document of unknown origin is a list of Freshdesk tickets, or one."""
    first = document[0] if isinstance(document, list) and document else document
    marks = {"id", "status", "requester_id", "responder_id", "fr_escalated"}
    return isinstance(first, dict) and marks <= set(first)


SOURCE = Source(
    name="freshdesk_tickets",
    raw_table="freshdesk_tickets",
    policy="events",
    columns=(
        Column("export_form", required=True, allowed=("api", "csv")),
        Column("ticket_id", required=True),
        Column("status", required=True),
        Column("created_at", "timestamp"),
        Column("updated_at", "timestamp", required=True),
        *(Column(name, "timestamp") for name in STATS),
        Column("user_key", "user"),
        Column("contact_key", "user"),
        *texts("company_id", "assignee_id", "group_id", "source_type", "type", "priority"),
        *texts(*LINKS),
        Column("is_spam", "boolean"),
        Column("is_deleted", "boolean"),
        Column("tags", "json_list"),
        Column("survey_result"),
        Column("subject", "free_text"),
        Column("description", "free_text"),
    ),
    keys=("ticket_id", "status", "updated_at"),
    day_columns=("updated_at",),
    identity=("ticket_id",),
    layouts=(
        Layout(
            formats=("csv",),
            marks=frozenset({"Ticket ID", "Status", "Created time", "Last update time"}),
            bindings=(
                fixed("export_form", "csv"),
                bind("ticket_id", "Ticket ID", in_file=True),
                bind("status", "Status", in_file=True),
                bind("created_at", "Created time"),
                bind("updated_at", "Last update time", in_file=True),
                bind("resolved_at", "Resolved time"),
                bind("closed_at", "Closed time"),
                bind("user_key", "Unique external ID"),
                bind("contact_key", "Contact ID", "Email"),
                bind("source_type", "Source"),
                bind("type", "Type"),
                bind("priority", "Priority"),
                bind("tags", "Tags"),
                bind("survey_result", "Survey results"),
                bind("subject", "Subject"),
                bind("description", "Description"),
                *(bind(name, name, name.replace("_", " "), f"cf_{name}") for name in LINKS),
            ),
        ),
    ),
    pages=PageFormat(parse, recognises),
)
