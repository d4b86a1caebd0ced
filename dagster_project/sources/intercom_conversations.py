"""Intercom conversations: pages of the list and search endpoints, and conversation objects.

One row per conversation, and one per conversation part where the export has parts (the list and
search endpoints leave them out).
"""

from __future__ import annotations

from typing import Any

from dagster_project.lib.columns import Column, RowRule
from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources.base import PageFormat, PageRows, Source, counts, texts
from dagster_project.sources.json_values import nested, objects, scalar, scalar_list

Row = dict[str, str | None]

# What the customer's own code may write into custom_attributes to link a conversation.
LINKS = ("tenant", "feature", "task_id", "task_type", "session_id", "trace_id")

# The other author types are teammates and bots.
CONTACT_TYPES = ("contact", "user", "lead")


def _names(tags: Any) -> str | None:
    return scalar_list([tag.get("name") for tag in objects(nested(tags, "tags"))])


def _linked(conversation: dict[str, Any]) -> str | None:
    linked = objects(nested(conversation, "linked_objects", "data"))
    return scalar_list([f"{scalar(item.get('type'))}:{scalar(item.get('id'))}" for item in linked])


def _contacts(conversation: dict[str, Any]) -> dict[str, str | None]:
    """Return {contact id: the customer's own id of that contact}, the first author first."""
    contacts = {
        str(scalar(item.get("id"))): scalar(item.get("external_id"))
        for item in objects(nested(conversation, "contacts", "contacts"))
        if item.get("id") is not None
    }
    author = str(scalar(nested(conversation, "source", "author", "id")))
    return {author: contacts[author], **contacts} if author in contacts else contacts


def _common(conversation: dict[str, Any], contacts: dict[str, str | None]) -> Row:
    """Return what a conversation's row and the rows of its parts have in common."""
    requester = next(iter(contacts), None)
    attributes = conversation.get("custom_attributes")
    return {
        "conversation_id": scalar(conversation.get("id")),
        "conversation_updated_at": scalar(conversation.get("updated_at")),
        "requester_key": contacts.get(requester or "") or requester,
        "ai_source_type": scalar(nested(conversation, "ai_agent", "source_type")),
        **{name: scalar(nested(attributes, name)) for name in LINKS},
    }


def _conversation(conversation: dict[str, Any], contacts: dict[str, str | None]) -> Row:
    requester = next(iter(contacts), None)
    agent = conversation.get("ai_agent")
    rating = conversation.get("conversation_rating")
    statistics = conversation.get("statistics")
    return {
        **_common(conversation, contacts),
        "record_type": "conversation",
        "occurred_at": scalar(conversation.get("updated_at")),
        "created_at": scalar(conversation.get("created_at")),
        "state": scalar(conversation.get("state")),
        "is_open": scalar(conversation.get("open")),
        "user_key": contacts.get(requester or ""),
        "contact_key": requester,
        "assignee_id": scalar(conversation.get("admin_assignee_id")),
        "team_id": scalar(conversation.get("team_assignee_id")),
        "source_type": scalar(nested(conversation, "source", "type")),
        "delivered_as": scalar(nested(conversation, "source", "delivered_as")),
        "tags": _names(conversation.get("tags")),
        "linked_objects": _linked(conversation),
        "ai_participated": scalar(conversation.get("ai_agent_participated")),
        "ai_last_answer_type": scalar(nested(agent, "last_answer_type")),
        "ai_resolution_state": scalar(nested(agent, "resolution_state")),
        "ai_rating": scalar(nested(agent, "rating")),
        "ai_rated_at": scalar(nested(agent, "updated_at") or nested(agent, "created_at")),
        "ai_rating_remark": scalar(nested(agent, "rating_remark")),
        "rating": scalar(nested(rating, "rating")),
        "rated_at": scalar(nested(rating, "updated_at") or nested(rating, "created_at")),
        "rating_remark": scalar(nested(rating, "remark")),
        "first_close_at": scalar(nested(statistics, "first_close_at")),
        "last_close_at": scalar(nested(statistics, "last_close_at")),
        "last_closed_by_id": scalar(nested(statistics, "last_closed_by_id")),
        "reopens": scalar(nested(statistics, "count_reopens")),
        "title": scalar(conversation.get("title")),
        "subject": scalar(nested(conversation, "source", "subject")),
        "body": scalar(nested(conversation, "source", "body")),
    }


def _part(part: dict[str, Any], common: Row, contacts: dict[str, str | None]) -> Row:
    author_type = scalar(nested(part, "author", "type"))
    author = scalar(nested(part, "author", "id")) if author_type in CONTACT_TYPES else None
    return {
        **common,
        "record_type": "part",
        "occurred_at": scalar(part.get("created_at")),
        "created_at": scalar(part.get("created_at")),
        "part_id": scalar(part.get("id")),
        "part_type": scalar(part.get("part_type")),
        "author_type": author_type,
        "state": scalar(part.get("state")),
        "user_key": contacts.get(author or ""),
        "contact_key": author,
        "body": scalar(part.get("body")),
    }


def _rows(conversation: dict[str, Any]) -> list[Row]:
    contacts = _contacts(conversation)
    rows = [_conversation(conversation, contacts)]
    common = _common(conversation, contacts)
    parts = nested(conversation, "conversation_parts", "conversation_parts")
    for part in parts if isinstance(parts, list) else []:
        rows.append(
            _part(part, common, contacts)
            if isinstance(part, dict)
            else {"_fault_code": "malformed_row"}
        )
    return rows


def _is_conversation(item: Any) -> bool:
    return isinstance(item, dict) and item.get("type") == "conversation" and "id" in item


def parse(document: Any, file_name: str) -> PageRows:
    """Turn pages of conversations, or conversation objects, into rows."""
    del file_name
    page = PageRows()
    for part in document if isinstance(document, list) else [document]:
        listed = part.get("conversations") if isinstance(part, dict) else None
        if not isinstance(listed, list):
            if not _is_conversation(part):
                raise FileRejectedError(
                    'neither a page of Intercom conversations (no "conversations" list) '
                    "nor a conversation"
                )
            listed = [part]
        for conversation in listed:
            if isinstance(conversation, dict):
                page.rows += _rows(conversation)
            else:
                page.rows.append({"_fault_code": "malformed_row"})
    page.declared_empty = not page.rows
    return page


def recognises(document: Any) -> bool:
    """Say whether a document of unknown origin is a page of conversations, or a conversation."""
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, dict):
        return False
    is_page = first.get("type") == "conversation.list"
    return (is_page and isinstance(first.get("conversations"), list)) or (
        _is_conversation(first) and "state" in first and "contacts" in first
    )


TIMES = (
    "occurred_at",
    "created_at",
    "conversation_updated_at",
    "first_close_at",
    "last_close_at",
    "ai_rated_at",
    "rated_at",
)

SOURCE = Source(
    name="intercom_conversations",
    raw_table="intercom_conversations",
    policy="events",
    columns=(
        Column("record_type", required=True, allowed=("conversation", "part")),
        Column("conversation_id", required=True),
        *texts("part_id", "part_type", "author_type"),
        Column("occurred_at", "timestamp", required=True),
        Column("created_at", "timestamp"),
        Column("conversation_updated_at", "timestamp"),
        Column("state"),
        Column("is_open", "boolean"),
        Column("user_key", "user"),
        Column("contact_key", "user"),
        Column("requester_key", "user"),
        *texts("assignee_id", "team_id", "source_type", "delivered_as", *LINKS),
        Column("tags", "json_list"),
        Column("linked_objects", "json_list"),
        Column("ai_participated", "boolean"),
        *texts("ai_source_type", "ai_last_answer_type", "ai_resolution_state"),
        *counts("ai_rating"),
        Column("ai_rated_at", "timestamp"),
        *counts("rating"),
        Column("rated_at", "timestamp"),
        Column("first_close_at", "timestamp"),
        Column("last_close_at", "timestamp"),
        Column("last_closed_by_id"),
        *counts("reopens"),
        *(
            Column(name, "free_text")
            for name in ("ai_rating_remark", "rating_remark", "title", "subject", "body")
        ),
    ),
    keys=("record_type", "conversation_id", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("conversation_id",),
    pages=PageFormat(parse, recognises, dict.fromkeys(TIMES, "epoch_s")),
    rules=(
        RowRule(
            "missing_value",
            "part_id",
            "a conversation part needs an id",
            "c_record_type = 'part' and c_part_id is null",
        ),
    ),
)
