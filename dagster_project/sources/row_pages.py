"""Pages that hold the same rows as an export's lines: the bindings of its layout read both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dagster_project.lib.columns import Binding, Column, bind
from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources.base import PageFormat, PageRows, counts, texts
from dagster_project.sources.json_values import nested, scalar, scalar_list

# What the application writes beside a score or into an event, so that it finds its task. No other
# key of such an object is read.
LINKS: tuple[Column, ...] = (
    *texts("tenant", "feature", "task_id", "task_type", "ticket_id"),
    *counts("attempt_no"),
)

Marks = tuple[frozenset[str], ...]
Reader = Callable[[dict[str, Any], dict[str, str | None]], str | None]


def links(*objects: str) -> tuple[Binding, ...]:
    """Return the bindings of LINKS to keys of the first of these objects that has them."""
    return tuple(
        bind(column.name, *(f"{holder}.{column.name}" for holder in objects)) for column in LINKS
    )


def row_pages(
    export: str,
    columns: tuple[Column, ...],
    bindings: tuple[Binding, ...],
    marks: Marks,
    wrapper: str | None = None,
) -> PageFormat:
    """Return the page format of an API that lists rows, bare or under the key `wrapper`.

    `marks`: sets of keys; an object that has all keys of one set is a row of this export.
    """
    kinds = {column.name: column.kind for column in columns}
    readers = {b.column: _reader(b, kinds[b.column]) for b in bindings}

    def is_row(item: Any) -> bool:
        return isinstance(item, dict) and any(keys <= item.keys() for keys in marks)

    def entries(document: Any) -> Iterator[Any]:
        for part in document if isinstance(document, list) else [document]:
            listed = part.get(wrapper) if wrapper and isinstance(part, dict) else None
            if isinstance(listed, list) and not is_row(part):
                yield from listed
            else:
                yield part

    def parse(document: Any, file_name: str) -> PageRows:
        del file_name
        items = list(entries(document))
        if items and not any(is_row(item) for item in items):
            keys = " or ".join(", ".join(sorted(names)) for names in marks)
            raise FileRejectedError(f"not a page of {export}: no entry has the keys {keys}")
        page = PageRows(declared_empty=not items)
        for item in items:
            row: dict[str, str | None] = {}
            if isinstance(item, dict):
                for name, read in readers.items():
                    row[name] = read(item, row)
            else:
                row["_fault_code"] = "malformed_row"
            page.rows.append(row)
        return page

    def recognises(document: Any) -> bool:
        return any(is_row(item) for item in entries(document))

    return PageFormat(parse, recognises)


def _reader(binding: Binding, kind: str) -> Reader:
    """Return what reads one column; a transform other than `where` needs a layout."""
    if not binding.transform.startswith("where:") and binding.transform:
        raise AssertionError(f"{binding.column}: pages cannot {binding.transform}")
    text = scalar_list if kind == "json_list" else scalar
    paths = [path for parts in binding.paths for path in parts]
    other, _, wanted = binding.transform.removeprefix("where:").partition("=")
    allowed = frozenset(wanted.split("|"))

    def read(item: dict[str, Any], row: dict[str, str | None]) -> str | None:
        if other and row.get(other) not in allowed:
            return None
        # A data frame writes a nested value under a key with the dots in it.
        values = (text(item.get(path, nested(item, *path.split(".")))) for path in paths)
        return next((value for value in values if value), None)

    return read
