"""What an export format has to say about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dagster_project.lib.columns import Binding, Column, RowRule

Policy = Literal["aggregate", "calls", "events", "invoices"]
FileFormat = Literal["csv", "jsonl", "parquet", "json", "pdf"]


@dataclass(frozen=True)
class Layout:
    """One tabular form of an export (CSV, JSON lines or Parquet).

    `marks`: column names (top-level keys) that together tell this form from all others; without
    any, the form is known by its folder alone.
    `embedded`: top-level JSON-lines keys whose value may be an object or the same as JSON text.
    `dotted_keys`: 'a.b' may also be one key that holds a dot.
    """

    formats: tuple[FileFormat, ...]
    bindings: tuple[Binding, ...]
    marks: frozenset[str] = frozenset()
    embedded: frozenset[str] = frozenset()
    dotted_keys: bool = False


@dataclass
class PageRows:
    """The rows of one API page, as texts by column name.

    A row may carry its own fault in `_fault_code` and `_fault_column`. `declared_empty`: the
    page itself says that it has no rows.
    """

    rows: list[dict[str, str | None]] = field(default_factory=list)
    declared_empty: bool = False


@dataclass(frozen=True)
class PageFormat:
    """An export that arrives as whole JSON documents.

    `parse` takes the document (numbers kept as text) and the file's name; it may raise
    FileRejectedError.
    `recognises` says whether a document of unknown origin is this export.
    `by_line`: JSON lines are documents of their own, parsed one at a time (a file of traces can be
    larger than the memory); a line that is no JSON is a malformed row.
    """

    parse: Callable[[Any, str], PageRows]
    recognises: Callable[[Any], bool]
    transforms: dict[str, str] = field(default_factory=dict)
    by_line: bool = False


@dataclass(frozen=True)
class Source:
    """One export format and the raw table it becomes.

    `day_columns`: the column (or first and last column) whose UTC date is the row's day.
    `identity`: the columns that name a call, event or invoice across files.
    `scope_column`: splits the windows of an aggregate, so that one endpoint's export never
    replaces another's. `windows`: 'buckets' as the rows say, or 'days' from first to last.
    `documents`: how a PDF becomes rows; it takes the file and the folder of the user's own layouts.
    """

    name: str
    raw_table: str
    policy: Policy
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    day_columns: tuple[str, ...]
    layouts: tuple[Layout, ...] = ()
    pages: PageFormat | None = None
    rules: tuple[RowRule, ...] = ()
    identity: tuple[str, ...] = ()
    scope_column: str | None = None
    windows: Literal["buckets", "days"] | None = None
    documents: Callable[[Path, Path], PageRows] | None = None
    is_mapped: bool = False

    def stored_columns(self) -> tuple[tuple[str, str], ...]:
        """Return the raw table's (name, SQL type) pairs after the lineage columns."""
        return tuple(pair for column in self.columns for pair in column.stored())

    def total_columns(self) -> tuple[str, ...]:
        """Return the columns whose sums are the file's control totals."""
        return tuple(c.name for c in self.columns if c.kind in ("count", "money"))

    def free_text_columns(self) -> tuple[str, ...]:
        """Return the columns that load as length and keyed hash only."""
        return tuple(c.name for c in self.columns if c.kind == "free_text")


def counts(*names: str) -> tuple[Column, ...]:
    """Return count columns of these names."""
    return tuple(Column(name, "count") for name in names)


def texts(*names: str) -> tuple[Column, ...]:
    """Return text columns of these names."""
    return tuple(Column(name) for name in names)
