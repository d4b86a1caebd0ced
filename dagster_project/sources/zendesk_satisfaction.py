"""Zendesk satisfaction ratings: JSON pages of the list endpoint."""

from __future__ import annotations

from typing import Any

from dagster_project.lib.columns import Column
from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources.base import PageFormat, PageRows, Source, texts
from dagster_project.sources.json_values import scalar

PLAIN = (
    "ticket_id",
    "score",
    "created_at",
    "updated_at",
    "assignee_id",
    "group_id",
    "reason_id",
    "reason_code",
    "reason",
    "comment",
)


def _row(rating: dict[str, Any]) -> dict[str, str | None]:
    return {
        "rating_id": scalar(rating.get("id")),
        "requester_key": scalar(rating.get("requester_id")),
        **{name: scalar(rating.get(name)) for name in PLAIN},
    }


def parse(document: Any, file_name: str) -> PageRows:
    """Turn one page of ratings into rows; a rating that was only offered is a row too."""
    del file_name
    page = PageRows()
    for part in document if isinstance(document, list) else [document]:
        ratings = part.get("satisfaction_ratings") if isinstance(part, dict) else None
        if not isinstance(ratings, list):
            raise FileRejectedError(
                'not a page of satisfaction ratings: it has no "satisfaction_ratings" list'
            )
        for rating in ratings:
            page.rows.append(
                _row(rating) if isinstance(rating, dict) else {"_fault_code": "malformed_row"}
            )
    page.declared_empty = not page.rows
    return page


def recognises(document: Any) -> bool:
    """Say whether a document of unknown origin is a page of satisfaction ratings."""
    return isinstance(document, dict) and isinstance(document.get("satisfaction_ratings"), list)


SOURCE = Source(
    name="zendesk_satisfaction",
    raw_table="zendesk_satisfaction",
    policy="events",
    columns=(
        Column("rating_id", required=True),
        Column("ticket_id", required=True),
        Column("score", required=True),
        Column("created_at", "timestamp"),
        Column("updated_at", "timestamp", required=True),
        Column("requester_key", "user"),
        *texts("assignee_id", "group_id", "reason_id", "reason_code"),
        Column("reason", "free_text"),
        Column("comment", "free_text"),
    ),
    keys=("rating_id", "ticket_id", "updated_at"),
    day_columns=("updated_at",),
    identity=("rating_id",),
    pages=PageFormat(parse, recognises),
)
