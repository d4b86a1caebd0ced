"""Staging models on the raw tables of a test, without dbt: what an event source hands on."""

from __future__ import annotations

from typing import Any

from tests.conftest import Landing
from tests.laws.rendering import model

# Every event source hands on the same columns, in this order and of these types.
EVENT_COLUMNS = {
    **dict.fromkeys(("source", "file_id"), "VARCHAR"),
    "row_number": "BIGINT",
    **dict.fromkeys(
        ("account_label", "source_event_id", "event_name", "outcome_type", "outcome_status"),
        "VARCHAR",
    ),
    **dict.fromkeys(("task_id", "task_type", "ticket_id", "resolution_kind"), "VARCHAR"),
    **dict.fromkeys(("session_id", "trace_id", "user_key", "anonymous_key"), "VARCHAR"),
    **dict.fromkeys(("tenant", "feature"), "VARCHAR"),
    "attempt_no": "BIGINT",
    "metric_name": "VARCHAR",
    "value_number": "DECIMAL(38,9)",
    **dict.fromkeys(("value_label", "evaluator_kind"), "VARCHAR"),
    "value_amount": "DECIMAL(38,18)",
    **dict.fromkeys(("value_currency", "time_basis"), "VARCHAR"),
    "is_test": "BOOLEAN",
    **dict.fromkeys(("occurred_at", "received_at"), "TIMESTAMP"),
}


def staged(landing: Landing, name: str, columns: str) -> list[tuple[Any, ...]]:
    """Return columns of a staging model, in the order of its event ids."""
    landing.con.execute("set search_path = 'raw'")
    return landing.rows(f"select {columns} from ({model(name)}) order by source_event_id")


def described(landing: Landing, name: str) -> dict[str, str]:
    """Return {column: type} of a staging model, in order."""
    landing.con.execute("set search_path = 'raw'")
    return {row[0]: row[1] for row in landing.rows(f"describe {model(name)}")}


def canaries_found(landing: Landing, *canaries: str) -> list[str]:
    """Return the canaries that stand in any file of the warehouse."""
    landing.con.execute("checkpoint")
    folder = landing.settings.warehouse.parent
    held = b"".join(path.read_bytes() for path in folder.rglob("*.*"))
    return [canary for canary in canaries if canary.encode() in held]
