"""Asking the staging models of event sources what they make of landed files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dagster_project.lib.compiled_models import build_model
from dagster_project.lib.hashing import keyed_hash
from dagster_project.lib.reference import load_reference
from tests.conftest import HASH_KEY, Landing

# Every event source stages these columns, in this order.
EVENT_COLUMNS = {
    "source": "VARCHAR",
    "file_id": "VARCHAR",
    "row_number": "BIGINT",
    "account_label": "VARCHAR",
    "source_event_id": "VARCHAR",
    "event_name": "VARCHAR",
    "outcome_type": "VARCHAR",
    "outcome_status": "VARCHAR",
    "task_id": "VARCHAR",
    "task_type": "VARCHAR",
    "ticket_id": "VARCHAR",
    "resolution_kind": "VARCHAR",
    "session_id": "VARCHAR",
    "trace_id": "VARCHAR",
    "user_key": "VARCHAR",
    "anonymous_key": "VARCHAR",
    "tenant": "VARCHAR",
    "feature": "VARCHAR",
    "attempt_no": "BIGINT",
    "metric_name": "VARCHAR",
    "value_number": "DECIMAL(38,9)",
    "value_label": "VARCHAR",
    "evaluator_kind": "VARCHAR",
    "value_amount": "DECIMAL(38,18)",
    "value_currency": "VARCHAR",
    "time_basis": "VARCHAR",
    "is_test": "BOOLEAN",
    "occurred_at": "TIMESTAMP",
    "received_at": "TIMESTAMP",
}
EDGE_COLUMNS = {
    "source": "VARCHAR",
    "account_label": "VARCHAR",
    "file_id": "VARCHAR",
    "row_number": "BIGINT",
    "from_kind": "VARCHAR",
    "from_key": "VARCHAR",
    "to_kind": "VARCHAR",
    "to_key": "VARCHAR",
    "edge_type": "VARCHAR",
    "effective_at": "TIMESTAMP",
}


def key(value: str) -> str:
    """Return an id as the warehouse holds it."""
    return keyed_hash(value, HASH_KEY)


def stage(landing: Landing, model: str, *sources: str) -> None:
    """Ingest the sources and build one staging model over them, with the reference tables."""
    for source in sources:
        landing.ingest(source)
    load_reference(landing.con, landing.settings)
    build_model(landing.con, model)


def staged(landing: Landing, model: str, columns: str, *sources: str) -> list[tuple[Any, ...]]:
    """Return columns of a staging model, ordered by file and row; times as texts."""
    stage(landing, model, *sources)
    rows = landing.rows(
        f"select {columns} from staging.{model} as staged inner join raw.landed_files as files"
        " on staged.file_id = files.file_id and staged.source = files.source"
        " and staged.account_label = files.account and files.status = 'loaded'"
        " order by files.arrival_no, staged.row_number"
    )
    return [tuple(str(v) if isinstance(v, datetime) else v for v in row) for row in rows]


def edges(landing: Landing, model: str, *sources: str) -> set[tuple[Any, ...]]:
    """Return (from kind, from key, to kind, to key, type, since) of an identity staging model."""
    stage(landing, model, *sources)
    return set(
        landing.rows(
            "select from_kind, from_key, to_kind, to_key, edge_type, effective_at::varchar"
            f" from staging.{model}"
        )
    )


def held_anywhere(landing: Landing, text: str) -> list[str]:
    """Return the tables whose rows hold a text, and 'the file' when the warehouse file does."""
    found = [
        f"{schema}.{table}"
        for schema, table in landing.rows(
            "select schema_name, table_name from duckdb_tables() where not temporary"
        )
        if landing.con.execute(
            f"select count(*) from {schema}.{table} as t where contains(t::varchar, $text)",
            {"text": text},
        ).fetchall()
        != [(0,)]
    ]
    landing.con.execute("checkpoint")
    folder = landing.settings.warehouse.parent
    if any(text.encode() in path.read_bytes() for path in folder.rglob("*.*")):
        found.append("the file")
    return found
