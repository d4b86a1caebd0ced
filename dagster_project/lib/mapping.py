"""Mappings: how an in-house log or event feed becomes canonical columns.

One CSV per feed in reference/mappings/, columns target,path,constant,transform,note. The file's
name is the feed's name and its landing folder.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import duckdb

from dagster_project.lib import files
from dagster_project.lib.columns import Binding, Column
from dagster_project.lib.errors import ConfigurationError, FileRejectedError
from dagster_project.lib.staging import Staged, stage_table
from dagster_project.lib.usage_shapes import USAGE_SHAPES
from dagster_project.sources import FIXED_SOURCES, MAPPED_SOURCES, SOURCES
from dagster_project.sources.base import FileFormat, Layout

COLUMNS = ["target", "path", "constant", "transform", "note"]
FORMATS: dict[str, tuple[FileFormat, ...]] = {
    "csv": ("csv",),
    "jsonl": ("jsonl", "json"),
    "parquet": ("parquet",),
}
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
TIME_TRANSFORMS = ("epoch_s", "epoch_ms")


@dataclass(frozen=True)
class Mapping:
    """One feed: its kind (call_log or outcome_feed), its formats and its bindings."""

    name: str
    kind: str
    formats: tuple[FileFormat, ...]
    bindings: tuple[Binding, ...]
    fingerprint: str


def load_mappings(folder: Path) -> dict[str, Mapping]:
    """Read every mapping in `folder`; raise ConfigurationError naming file, row and reason."""
    mappings = {}
    for path in sorted(folder.glob("*.csv")):
        if not re.fullmatch(NAME, path.stem):
            raise ConfigurationError(f"{path}: a mapping's name takes letters, digits, _ . and -")
        if path.stem in SOURCES:
            raise ConfigurationError(
                f"{path}: {path.stem} is the name of a built-in source, which needs no mapping; "
                "delete the file, or give it and its landing folder another name"
            )
        mappings[path.stem] = _load(path)
    return mappings


def stage_mapped(con: duckdb.DuckDBPyConnection, mapping: Mapping, path: Path, key: str) -> Staged:
    """Read one file through a mapping."""
    file_format = files.detect_format(path)
    if file_format not in mapping.formats:
        raise FileRejectedError(
            f"a {file_format} file; mapping {mapping.name} takes {', '.join(mapping.formats)}"
        )
    layout = Layout(formats=mapping.formats, bindings=mapping.bindings, dotted_keys=True)
    return stage_table(con, MAPPED_SOURCES[mapping.kind], layout, path, key)


def _load(path: Path) -> Mapping:
    content = path.read_bytes()
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        rows = [[cell.strip() for cell in row] for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path}: not a UTF-8 CSV file") from error
    if not rows or rows[0] != COLUMNS:
        raise ConfigurationError(f"{path} row 1: the columns must be {','.join(COLUMNS)}")
    entries = []
    for number, cells in enumerate(rows[1:], start=2):
        if not any(cells):
            continue
        if len(cells) != len(COLUMNS):
            raise ConfigurationError(
                f"{path} row {number}: {len(cells)} cells, {len(COLUMNS)} are expected"
            )
        entries.append((number, dict(zip(COLUMNS, cells, strict=True))))
    head = {entry["target"]: (number, entry["constant"]) for number, entry in entries}
    kind = head.get("kind", (2, ""))
    if kind[1] not in MAPPED_SOURCES:
        raise ConfigurationError(
            f"{path} row {kind[0]}, target kind: constant must be {' or '.join(MAPPED_SOURCES)}"
        )
    number, form = head.get("format", (0, ""))
    if form and form not in FORMATS:
        raise ConfigurationError(
            f"{path} row {number}, target format: constant must be one of {', '.join(FORMATS)}"
        )
    formats = FORMATS[form] if form else ("csv", "jsonl", "json", "parquet")
    bindings = _bindings(path, kind[1], entries)
    return Mapping(path.stem, kind[1], formats, bindings, hashlib.sha256(content).hexdigest())


def _bindings(
    path: Path, kind: str, entries: list[tuple[int, dict[str, str]]]
) -> tuple[Binding, ...]:
    columns = {column.name: column for column in MAPPED_SOURCES[kind].columns}
    own: dict[str, Binding] = {}
    usage: list[Binding] = []
    for number, entry in entries:
        target = entry["target"]
        where = f"{path} row {number}, target {target or '(empty)'}"
        if target in ("kind", "format"):
            continue
        if target == "usage" and kind == "call_log":
            usage += _usage(where, entry)
            continue
        if target not in columns:
            raise ConfigurationError(f"{where}: no such target; known: {', '.join(columns)}")
        if target in own:
            raise ConfigurationError(f"{where}: the target is mapped twice")
        if entry["path"] and entry["constant"]:
            raise ConfigurationError(f"{where}: give a path or a constant, not both")
        if not entry["path"] and not entry["constant"]:
            # A row that only says: this log does not have it.
            continue
        own[target] = _binding(where, columns[target], entry)
    absent = [c.name for c in columns.values() if c.required and c.name not in own]
    if absent:
        raise ConfigurationError(f"{path}: required targets are not mapped: {', '.join(absent)}")
    return (*own.values(), *(binding for binding in usage if binding.column not in own))


def _binding(where: str, column: Column, entry: dict[str, str]) -> Binding:
    transform = entry["transform"]
    fits = (
        not transform
        or (transform in TIME_TRANSFORMS and column.kind == "timestamp")
        or (transform == "seconds_to_ms" and column.kind == "rounded_count")
        or (transform == "lower" and column.kind in ("text", "user"))
        or (transform.startswith("equals:") and column.kind == "boolean")
    )
    if not fits:
        raise ConfigurationError(
            f"{where}: transform {transform!r} does not make a {column.kind}; known: epoch_s and "
            "epoch_ms (times), seconds_to_ms (latency_ms), lower (texts), equals:<value> (booleans)"
        )
    if entry["constant"]:
        _check_constant(where, column, entry["constant"])
        return Binding(column.name, constant=entry["constant"])
    alternatives = tuple(
        tuple(part.strip() for part in alternative.split("+"))
        for alternative in entry["path"].split("|")
    )
    if any(not part or "" in part.split(".") for parts in alternatives for part in parts):
        raise ConfigurationError(f"{where}: path {entry['path']!r} has an empty part")
    if column.kind == "json_list":
        transform = "tags"
    # A count or an amount read from a column that is not there would be a silent zero.
    in_file = column.required or column.kind in ("count", "money")
    return Binding(column.name, alternatives, None, transform, in_file)


def _check_constant(where: str, column: Column, text: str) -> None:
    if column.allowed and text not in column.allowed:
        raise ConfigurationError(f"{where}: must be one of {', '.join(column.allowed)}")
    if column.kind in ("count", "rounded_count") and not re.fullmatch("[0-9]{1,18}", text):
        raise ConfigurationError(f"{where}: {text!r} is not a whole number")
    if column.kind == "boolean" and text not in ("true", "false"):
        raise ConfigurationError(f"{where}: must be true or false")
    if column.kind == "money":
        try:
            finite = Decimal(text).is_finite()
        except InvalidOperation:
            finite = False
        if not finite:
            raise ConfigurationError(f"{where}: {text!r} is not a decimal number")
    if column.kind in ("timestamp", "free_text") or column.name in ("call_id", "event_id"):
        raise ConfigurationError(f"{where}: needs a path; one constant cannot fit every row")


def _usage(where: str, entry: dict[str, str]) -> list[Binding]:
    shape = USAGE_SHAPES.get(entry["transform"].removeprefix("usage:"))
    if shape is None or not entry["transform"].startswith("usage:"):
        known = ", ".join(f"usage:{name}" for name in USAGE_SHAPES)
        raise ConfigurationError(f"{where}: transform must be one of {known}")
    if not entry["path"]:
        raise ConfigurationError(f"{where}: path must name the usage object")
    root = entry["path"]
    bindings = [Binding("usage_convention", constant=shape.convention)]
    for column, fields in shape.fields.items():
        paths = tuple((f"{root}.{name}",) for name in fields)
        bindings.append(Binding(column, paths))
    for column, parts in shape.sums.items():
        whole = tuple(f"{root}.{name}" for name in parts)
        bindings.append(Binding(column, (whole,), None, "sum"))
    return bindings


__all__ = ["FIXED_SOURCES", "Mapping", "load_mappings", "stage_mapped"]
