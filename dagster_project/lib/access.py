"""Paths into one file's rows, as SQL: columns, struct fields, keys of JSON objects.

Paths of one JSON document are extracted together, so a line is parsed once however many
columns are read from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dagster_project.lib.sql import json_path, literal


@dataclass(frozen=True)
class Value:
    """SQL of a value and its DuckDB type. `document` and `path` say where JSON keeps it."""

    sql: str
    sql_type: str
    document: str | None = None
    path: str | None = None


@dataclass
class JsonDocument:
    """One JSON text column and the paths read from it; `alias` is the extracted list."""

    column: str
    alias: str
    paths: list[str] = field(default_factory=list)
    as_list: bool = False

    def read(self, path: str) -> Value:
        """Return the value at a JSON path as text."""
        if path not in self.paths:
            self.paths.append(path)
        position = self.paths.index(path) + 1
        return Value(f"{self.alias}[{position}]", "VARCHAR", self.column, path)

    def projection(self) -> str:
        """Return the select items that extract the paths and tell whether the text is JSON."""
        items = []
        valid = f"json_valid({self.column})"
        if self.paths:
            wanted = ", ".join(literal(path) for path in self.paths)
            items.append(
                f"case when {valid} then json_extract_string({self.column}, [{wanted}]) end"
                f" as {self.alias}"
            )
        if self.as_list:
            items.append(
                f"case when {valid} then json_extract_string({self.column}, '$[*]') end"
                f" as {self.alias}_list"
            )
        items.append(
            f"({self.column} is not null and {self.column} <> '' and not {valid})"
            f" as {self.alias}_broken"
        )
        return ", ".join(items)


class JsonLinesAccess:
    """Paths into JSON lines. The line is column `json`, its extracted values the list `v`."""

    def __init__(self, embedded: frozenset[str], dotted_keys: bool) -> None:
        self.line = JsonDocument("json", "v")
        self.embedded = embedded
        self.dotted_keys = dotted_keys
        self.documents: dict[str, JsonDocument] = {}

    def value(self, path: str) -> Value:
        """Return the value at a dotted path; every path exists, perhaps with no value."""
        keys = path.split(".")
        if keys[0] in self.embedded and len(keys) > 1:
            return self._document(keys[0]).read(json_path(keys[1:]))
        found = self.line.read(json_path(keys))
        if self.dotted_keys and len(keys) > 1:
            literal_key = self.line.read(json_path([path]))
            return Value(f"coalesce({found.sql}, {literal_key.sql})", "VARCHAR", "json", found.path)
        return found

    def text_list(self, path: str) -> Value:
        """Return the list of texts at a top-level key."""
        document = self._document(path)
        document.as_list = True
        return Value(f"{document.alias}_list", "VARCHAR[]")

    def _document(self, root: str) -> JsonDocument:
        if root not in self.documents:
            column = self.line.read(json_path([root])).sql
            self.documents[root] = JsonDocument(column, f"e{len(self.documents)}")
        return self.documents[root]


class ColumnAccess:
    """Paths into named columns (CSV, Parquet); the columns are c0, c1 … in file order."""

    def __init__(self, columns: list[tuple[str, Any]]) -> None:
        self.columns = columns
        self.documents: dict[str, JsonDocument] = {}

    def value(self, path: str) -> Value | None:
        """Return the value at a column name, or below a column that holds a struct or JSON."""
        position = self._position(path)
        if position is not None:
            return Value(f"c{position}", str(self.columns[position][1]))
        root, _, rest = path.partition(".")
        position = self._position(root)
        if position is None or not rest:
            return None
        kind = self.columns[position][1]
        if str(kind) in ("VARCHAR", "JSON"):
            document = self._document(root, position)
            return document.read(json_path(rest.split(".")))
        return _field(f"c{position}", kind, rest.split("."))

    def text_list(self, path: str) -> Value | None:
        """Return the list of texts in a column (a list, or a JSON list as text)."""
        position = self._position(path)
        if position is None:
            return None
        kind = str(self.columns[position][1])
        if kind == "VARCHAR[]":
            return Value(f"c{position}", kind)
        if kind not in ("VARCHAR", "JSON"):
            return None
        document = self._document(path, position)
        document.as_list = True
        return Value(f"{document.alias}_list", "VARCHAR[]")

    def names(self) -> list[str]:
        """Return the file's column names."""
        return [name for name, _ in self.columns]

    def _position(self, name: str) -> int | None:
        names = self.names()
        if name in names:
            return names.index(name)
        lowered = [other.lower() for other in names]
        return lowered.index(name.lower()) if name.lower() in lowered else None

    def _document(self, root: str, position: int) -> JsonDocument:
        if root not in self.documents:
            self.documents[root] = JsonDocument(f"c{position}", f"e{len(self.documents)}")
        return self.documents[root]


def _field(sql: str, kind: Any, keys: list[str]) -> Value | None:
    """Return a struct's field, however deep, or None where there is none."""
    for key in keys:
        if getattr(kind, "id", None) != "struct":
            return None
        fields = dict(kind.children)
        if key not in fields:
            return None
        sql = f"struct_extract({sql}, {literal(key)})"
        kind = fields[key]
    return Value(sql, str(kind))
