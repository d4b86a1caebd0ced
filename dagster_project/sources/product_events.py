"""What the modules of product analytics share: the properties that a product's own events carry.

A property bag is never stored whole; these names are read from it and nothing else.
"""

from __future__ import annotations

from dagster_project.lib.columns import Binding, Column, bind
from dagster_project.sources.base import counts, texts

TEXTS = ("task_id", "task_type", "ticket_id", "session_id", "trace_id", "feature", "tenant")

AMOUNTS = ("revenue", "amount")

COLUMNS = (
    *texts(*TEXTS),
    Column("success", "boolean"),
    *counts("attempt_no"),
    Column("amount", "money"),
    # Products give `value` any meaning, so one that is no number is no fault.
    Column("value_number", "number"),
    Column("currency"),
)


def from_properties(bag: str, **also: tuple[str, ...]) -> tuple[Binding, ...]:
    """Return the bindings of COLUMNS to the keys of a property bag.

    `also`: further paths of a column, read where the bag has no value.
    """
    paths: dict[str, tuple[str, ...]] = {
        name: (f"{bag}.{name}",) for name in (*TEXTS, "success", "attempt_no", "currency")
    }
    paths["amount"] = tuple(f"{bag}.{name}" for name in AMOUNTS)
    return (
        *(bind(name, *found, *also.get(name, ())) for name, found in paths.items()),
        bind("value_number", f"{bag}.value"),
    )
