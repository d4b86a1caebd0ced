"""Nightly incremental ticket exports, as Zendesk's cursor API answers them."""

from __future__ import annotations

import json
from typing import Any

from dagster_project.demo import company
from dagster_project.demo.calendar import (
    DAYS,
    MS_PER_SECOND,
    day_at,
    day_ms,
    iso,
)
from dagster_project.demo.tickets import Change, Ticket

AI_ASSIGNEE = 7_000
HUMAN_ASSIGNEES = 8
GROUP = 400
BRAND = 360
FIRST_REQUESTER = 900_000
CHANNELS = ("web", "email", "chat", "email", "web")
PRIORITIES = ("normal", "low", "normal", "high", "normal", "urgent")
TYPES = ("question", "incident", "question", "problem", "question")


def nightly_pages(tickets: list[Ticket]) -> list[tuple[str, str, int]]:
    """One page per night: (day, JSON text, tickets in it).

    A page holds every ticket that changed on that day, in its state at the end of the day. The
    last night ends with a page of its own that holds nothing, as the API does at the stream's end.
    """
    pages = []
    for day in range(DAYS):
        rows = []
        for ticket in tickets:
            state = _state(ticket, day)
            if state is not None:
                rows.append(state)
        rows.sort(key=lambda row: (row["generated_timestamp"], row["id"]))
        pages.append((day_at(day).isoformat(), _page(rows, day), len(rows)))
    last = DAYS - 1
    pages.append((f"{day_at(last).isoformat()}_end", _page([], last), 0))
    return pages


def _page(rows: list[dict[str, Any]], day: int) -> str:
    page = {
        "after_cursor": f"cursor-{day + 1:03d}",
        "before_cursor": None,
        "end_of_stream": True,
        "tickets": rows,
    }
    return json.dumps(page, separators=(",", ":")) + "\n"


def _state(ticket: Ticket, day: int) -> dict[str, Any] | None:
    """The ticket as of the end of a day, or None when nothing happened to it on that day."""
    until = [change for change in ticket.changes if change.at_ms < day_ms(day + 1)]
    if not until or until[-1].at_ms < day_ms(day):
        return None
    last = until[-1]
    updated = max(change.at_ms for change in until if not change.is_system)
    children = [c.number for c in ticket.children if c.created_ms <= last.at_ms]
    number = ticket.number
    return {
        "id": number,
        "url": f"https://quillmark-desk.example/api/v2/tickets/{number}.json",
        "external_id": None, "type": TYPES[number % len(TYPES)],
        "subject": f"Request {number}", "raw_subject": f"Request {number}",
        "description": company.QUESTIONS[number % len(company.QUESTIONS)],
        "priority": PRIORITIES[number % len(PRIORITIES)], "status": last.status,
        "requester_id": FIRST_REQUESTER + ticket.user,
        "submitter_id": FIRST_REQUESTER + ticket.user,
        "assignee_id": _assignee(ticket, last), "group_id": GROUP + number % 3,
        "organization_id": 500 + company.TENANTS.index(company.tenant_of(ticket.user)),
        "brand_id": BRAND, "tags": _tags(ticket, last), "custom_fields": [],
        "via": _via(ticket), "followup_ids": children,
        "satisfaction_rating": _satisfaction(ticket, last),
        "created_at": iso(ticket.created_ms), "updated_at": iso(updated),
        "generated_timestamp": last.at_ms // MS_PER_SECOND,
        "metric_set": {
            "ticket_id": number, "reopens": last.reopens,
            "solved_at": None if last.solved_ms is None else iso(last.solved_ms),
        },
    }  # fmt: skip


def _assignee(ticket: Ticket, last: Change) -> int | None:
    if last.status == "new":
        return None
    return AI_ASSIGNEE if ticket.by_ai else AI_ASSIGNEE + 1 + ticket.number % HUMAN_ASSIGNEES


def _tags(ticket: Ticket, last: Change) -> list[str]:
    tags = ["desk", company.tenant_of(ticket.user)]
    return [*tags, last.resolved_tag] if last.resolved_tag else tags


def _via(ticket: Ticket) -> dict[str, Any]:
    if ticket.parent is not None:
        source = {"from": {"ticket_id": ticket.parent.number}, "rel": "follow_up", "to": {}}
        return {"channel": "email", "source": source}
    channel = CHANNELS[ticket.number % len(CHANNELS)]
    return {"channel": channel, "source": {"from": {}, "rel": None, "to": {}}}


def _satisfaction(ticket: Ticket, last: Change) -> dict[str, str]:
    if last.status != "closed" or ticket.number % 4:
        return {"score": "unoffered"}
    return {"score": "bad" if ticket.number % 28 == 0 else "good"}
