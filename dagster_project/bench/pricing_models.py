"""The SQL of the project's own pricing models, as dbt compiles it, and the order to run it in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.sql import identifier

# What the benchmark fills with calls of its own, what it wants priced, and what makes it pricing.
USAGE_ROWS = "int_usage_rows"
PRICED = "int_usage_priced"
LEDGER = "fct_llm_calls"
RATE_CARD = "rate_card"
MODEL_ALIASES = "model_aliases"
VERSIONS = "rate_card_versions"

# dbt's word for what is written out; everything else is a view, or a part of its readers.
TABLES = frozenset({"table", "incremental"})

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Model:
    """One relation: its full name in the warehouse and the select behind it."""

    name: str
    relation: str
    select: str
    is_table: bool

    @property
    def statement(self) -> str:
        """The statement that makes it anew."""
        kind = "table" if self.is_table else "view"
        return f"create or replace {kind} {self.relation} as {self.select}"


@dataclass(frozen=True)
class Plan:
    """The models around the generated calls, each list in the order to build it.

    `given` reads calls but no prices, so it is not timed. `card` reads prices or names alone;
    `calls` reads both and ends with the priced calls, of which `columns` are written as a table.
    """

    usage_rows: str
    priced: str
    rate_card: str
    model_aliases: str
    versions: str
    given: list[Model]
    card: list[Model]
    calls: list[Model]
    columns: list[str] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write the plan for a process of its own."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @property
    def card_statements(self) -> list[str]:
        """The statements that make the price tables anew."""
        return [model.statement for model in self.card]

    @property
    def calls_statements(self) -> list[str]:
        """The statements that price the calls; the last writes `columns` of them as a table."""
        *before, last = self.calls
        select = f"select {listed(self.columns)} from ({last.select}) as priced"
        return [
            *(model.statement for model in before),
            f"create or replace table {last.relation} as {select}",
        ]

    @classmethod
    def load(cls, path: Path) -> Plan:
        """Read what `save` wrote."""
        saved = json.loads(path.read_text(encoding="utf-8"))
        for part in ("given", "card", "calls"):
            saved[part] = [Model(**model) for model in saved[part]]
        return cls(**saved)


def listed(columns: list[str]) -> str:
    """Return columns as a list in SQL."""
    return ", ".join(identifier(name) for name in columns)


def plan_pricing(manifest_file: Path) -> Plan:
    """Find the pricing models in a manifest that dbt compiled; raise TrueUpError without them."""
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    nodes: dict[str, Node] = manifest["nodes"]
    ids = {node["name"]: unique_id for unique_id, node in nodes.items()}
    named = (USAGE_ROWS, PRICED, RATE_CARD, MODEL_ALIASES, VERSIONS)
    missing = [name for name in named if name not in ids]
    if missing:
        raise TrueUpError(f"the dbt project has no {', '.join(missing)}; adapt the benchmark")
    needed = [
        unique_id
        for unique_id in _in_order(ids[PRICED], nodes)
        if nodes[unique_id]["resource_type"] == "model"
    ]
    from_calls = _descendants(ids[USAGE_ROWS], needed, nodes)
    from_card = _descendants(ids[RATE_CARD], needed, nodes)
    from_card |= _descendants(ids[MODEL_ALIASES], needed, nodes)
    if ids[PRICED] not in from_calls & from_card:
        raise TrueUpError(f"{PRICED} does not read both {USAGE_ROWS} and the rate card")

    def models(chosen: Iterable[str]) -> list[Model]:
        members = frozenset(chosen)
        return [_model(nodes[unique_id]) for unique_id in needed if unique_id in members]

    def relation(name: str) -> str:
        return str(nodes[ids[name]]["relation_name"])

    return Plan(
        usage_rows=relation(USAGE_ROWS),
        priced=relation(PRICED),
        rate_card=relation(RATE_CARD),
        model_aliases=relation(MODEL_ALIASES),
        versions=relation(VERSIONS),
        given=models(from_calls - from_card),
        card=models(from_card - from_calls),
        calls=models(from_calls & from_card),
    )


def relation_of(manifest_file: Path, name: str) -> str:
    """Return the full name of a model in the warehouse."""
    nodes = json.loads(manifest_file.read_text(encoding="utf-8"))["nodes"].values()
    return next(str(node["relation_name"]) for node in nodes if node["name"] == name)


def _model(node: Node) -> Model:
    select = node.get("compiled_code")
    if not select:
        raise TrueUpError(f"dbt did not compile {node['name']}")
    return Model(
        name=node["name"],
        relation=node["relation_name"],
        select=select,
        is_table=node["config"]["materialized"] in TABLES,
    )


def _in_order(target: str, nodes: Mapping[str, Node]) -> list[str]:
    """Return everything that `target` reads, itself last, every node after its parents."""
    ordered: dict[str, None] = {}

    def visit(unique_id: str) -> None:
        if unique_id not in ordered and unique_id in nodes:
            for parent in sorted(_parents(nodes[unique_id])):
                visit(parent)
            ordered[unique_id] = None

    visit(target)
    return list(ordered)


def _descendants(ancestor: str, ordered: list[str], nodes: Mapping[str, Node]) -> set[str]:
    found = {ancestor}
    for unique_id in ordered:
        if not found.isdisjoint(_parents(nodes[unique_id])):
            found.add(unique_id)
    return found - {ancestor}


def _parents(node: Node) -> list[str]:
    """What a node reads; a seed reads nothing."""
    parents: list[str] = node["depends_on"].get("nodes", [])
    return parents
