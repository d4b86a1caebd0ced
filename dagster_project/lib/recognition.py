"""Telling which export a file is by its content, for folders that no source owns."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import duckdb

from dagster_project.lib import files
from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources import FIXED_SOURCES
from dagster_project.sources.base import FileFormat

# A page holds at most a few thousand rows; a larger JSON file is a log, and is not parsed whole.
LARGEST_PAGE_BYTES = 64 * 1024 * 1024


@lru_cache(maxsize=4096)
def recognise(path: Path, sha256: str) -> tuple[str, ...]:
    """Return the names of the fixed sources that this file's content (`sha256`) fits."""
    del sha256
    return tuple(_recognise(path))


def _recognise(path: Path) -> list[str]:
    try:
        file_format = files.detect_format(path)
        names = _top_level_names(path, file_format)
    except (FileRejectedError, duckdb.Error):
        return []
    if file_format == "pdf":
        return [source.name for source in FIXED_SOURCES.values() if source.documents is not None]
    found = [
        source.name
        for source in FIXED_SOURCES.values()
        for layout in source.layouts
        # Without marks a form is known by its folder alone.
        if file_format in layout.formats and layout.marks and layout.marks <= names
    ]
    too_large = path.stat().st_size > LARGEST_PAGE_BYTES
    if found or too_large or file_format not in ("jsonl", "json"):
        return found
    try:
        document = files.read_document(path)
    except FileRejectedError:
        return []
    return [
        source.name
        for source in FIXED_SOURCES.values()
        if source.pages is not None and source.pages.recognises(document)
    ]


def _top_level_names(path: Path, file_format: FileFormat) -> frozenset[str]:
    if file_format == "csv":
        return frozenset(files.csv_header(path)[0])
    if file_format == "jsonl":
        return frozenset(files.first_object(path) or {})
    if file_format == "parquet":
        with duckdb.connect() as con:
            cursor = con.execute("select * from read_parquet($path) limit 0", {"path": str(path)})
            return frozenset(item[0] for item in cursor.description or [])
    return frozenset()
