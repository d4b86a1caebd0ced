"""Running models of the dbt project without dbt: the SQL that it compiled, in order.

For commands that answer in seconds. The nightly job runs the same SQL through dbt.
"""

from __future__ import annotations

import json
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.lib.dbt_project import DBT_DIR, compiled_manifest
from dagster_project.lib.sql import identifier, literal

Node = dict[str, Any]


def build_model(con: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Make the named models and all they are made of; sources must stand in the warehouse."""
    nodes = _ancestors(json.loads(compiled_manifest().read_text(encoding="utf-8"))["nodes"], names)
    order = TopologicalSorter({key: _parents(node, nodes) for key, node in nodes.items()})
    for schema in sorted({node["schema"] for node in nodes.values()}):
        con.execute(f"create schema if not exists {identifier(schema)}")
    for key in order.static_order():
        node = nodes[key]
        if node["resource_type"] == "seed":
            con.execute(_seed_sql(node))
        else:
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            con.execute(f"create or replace {kind} {_relation(node)} as {node['compiled_code']}")


def _parents(node: Node, nodes: dict[str, Node]) -> set[str]:
    return {key for key in node["depends_on"].get("nodes", []) if key in nodes}


def _ancestors(nodes: dict[str, Node], names: tuple[str, ...]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    waiting = [
        key for key, node in nodes.items() if key.startswith("model.") and node["name"] in names
    ]
    while waiting:
        key = waiting.pop()
        if key in nodes and key not in found:
            found[key] = nodes[key]
            waiting += nodes[key]["depends_on"].get("nodes", [])
    return found


def _relation(node: Node) -> str:
    return f"{identifier(node['schema'])}.{identifier(node['alias'])}"


def _seed_sql(node: Node) -> str:
    """A seed as dbt loads it: its declared types, an empty cell as NULL."""
    types: dict[str, str] = node["config"]["column_types"]
    columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
    path = Path(DBT_DIR, node["original_file_path"])
    return (
        f"create or replace table {_relation(node)} as select * from read_csv("
        f"{literal(str(path))}, header = true, delim = ',', quote = '\"', escape = '\"',"
        f" auto_detect = false, columns = {{{columns}}})"
    )
