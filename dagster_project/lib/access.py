"""Paths into one file's rows, as SQL: columns, struct fields, keys of JSON objects.

Paths of one JSON document are extracted together, so a line is parsed once however many
columns are read from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import duckdb

from dagster_project.lib.sql import json_path, literal

# A repeated record of named values, one of the four filled, as BigQuery writes them.
RECORD_VALUES = ("string_value", "int_value", "double_value", "float_value")
RECORDS = (
    '[{"key": "VARCHAR", "value": {'
    + ", ".join(f'"{name}": "VARCHAR"' for name in RECORD_VALUES)
    + "}}]"
)


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
    prefixes: list[str] = field(default_factory=list)
    as_list: bool = False
    as_records: bool = False

    def read(self, path: str) -> Value:
        """Return the value at a JSON path as text."""
        if path not in self.paths:
            self.paths.append(path)
        position = self.paths.index(path) + 1
        return Value(f"{self.alias}[{position}]", "VARCHAR", self.column, path)

    def values_at(self, prefix: str) -> Value:
        """Return the values of the object's keys that begin with a prefix, as a list of texts."""
        if prefix not in self.prefixes:
            self.prefixes.append(prefix)
        return Value(f"{self.alias}_at{self.prefixes.index(prefix)}", "VARCHAR[]")

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
        if self.as_records:
            items.append(
                f"case when {valid} then from_json({self.column}, {literal(RECORDS)}) end"
                f" as {self.alias}_records"
            )
        for place, prefix in enumerate(self.prefixes):
            # A key of other characters would need quoting inside a path made at run time.
            pattern = literal(f"{re.escape(prefix)}[A-Za-z0-9_-]*")
            keys = (
                f"list_filter(json_keys({self.column}), lambda k: regexp_full_match(k, {pattern}))"
            )
            items.append(
                f"case when {valid} and json_type({self.column}) = 'OBJECT' then"
                f" list_transform({keys}, lambda k:"
                f" json_extract_string({self.column}, '$.\"' || k || '\"'))"
                f" end as {self.alias}_at{place}"
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

    def values_at(self, path: str, prefix: str) -> Value:
        """Return the values of the keys that begin with a prefix, of the object at a top key."""
        return self._document(path).values_at(prefix)

    def param(self, path: str, key: str) -> Value:
        """Return the value named `key` in the repeated record at a top-level key."""
        document = self._document(path)
        document.as_records = True
        return _param(f"{document.alias}_records", key, RECORD_VALUES)

    def names(self) -> list[str]:
        """JSON lines have no columns."""
        return []

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
            return _column(f"c{position}", self.columns[position][1])
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

    def values_at(self, path: str, prefix: str) -> Value | None:
        """Return the values of the keys that begin with a prefix, of a column's JSON object."""
        position = self._position(path)
        if position is None or str(self.columns[position][1]) not in ("VARCHAR", "JSON"):
            return None
        return self._document(path, position).values_at(prefix)

    def param(self, path: str, key: str) -> Value | None:
        """Return the value named `key` in a column that holds a repeated record."""
        position = self._position(path)
        if position is None:
            return None
        kind = self.columns[position][1]
        if str(kind) in ("VARCHAR", "JSON"):
            document = self._document(path, position)
            document.as_records = True
            return _param(f"{document.alias}_records", key, RECORD_VALUES)
        records, kind = _unwrapped(f"c{position}", kind)
        held = _record_values(kind)
        return _param(records, key, held) if held else None

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
    return _column(sql, kind)


def _column(sql: str, kind: Any) -> Value:
    """Return a column; one without any value has no type in Parquet, and is an empty text."""
    if str(kind) == '"NULL"':
        return Value(f"cast({sql} as varchar)", "VARCHAR")
    return Value(sql, str(kind))


def _param(records: str, key: str, held: tuple[str, ...]) -> Value:
    """Return the value of the record named `key` as text, whichever of its types is filled."""
    found = f"list_filter({records}, lambda r: r.key = {literal(key)})[1].value"
    texts = ", ".join(f"cast({found}.{name} as varchar)" for name in held)
    return Value(f"coalesce({texts})", "VARCHAR")


def _unwrapped(sql: str, kind: Any) -> tuple[str, Any]:
    """Return a list and its type; some writers of Parquet wrap it as {list: [{element: ...}]}."""
    if getattr(kind, "id", None) != "struct" or [name for name, _ in kind.children] != ["list"]:
        return sql, kind
    inner: Any = kind.children[0][1]
    element: Any = inner.children[0][1] if inner.id == "list" else None
    if getattr(element, "id", None) != "struct" or len(element.children) != 1:
        return sql, kind
    name, record = element.children[0]
    unwrapped = f"list_transform({sql}.list, lambda r: struct_extract(r, {literal(name)}))"
    return unwrapped, duckdb.list_type(record)


def _record_values(kind: Any) -> tuple[str, ...]:
    """Return which value fields the records of a list type have; none when it holds no records."""
    if getattr(kind, "id", None) != "list":
        return ()
    record = kind.children[0][1]
    fields = dict(record.children) if record.id == "struct" else {}
    value: Any = fields.get("value")
    if "key" not in fields or getattr(value, "id", None) != "struct":
        return ()
    present = dict(value.children)
    return tuple(name for name in RECORD_VALUES if name in present)
