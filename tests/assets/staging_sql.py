"""Staging models on the raw tables of a test, without dbt: what an event source hands on."""

from __future__ import annotations

from typing import Any

from tests.conftest import Landing
from tests.laws.rendering import model


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
