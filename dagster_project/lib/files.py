"""Looking into a landed file: what format it is, what columns it has."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources.base import FileFormat

GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
PDF_MAGIC = b"%PDF"
UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = (",", ";", "\t", "|")

# One header line; the longest known export has 60 columns.
LONGEST_HEADER_CHARACTERS = 1_000_000


def is_gzip(path: Path) -> bool:
    """Say whether the file is gzip-compressed, by content."""
    with path.open("rb") as stream:
        return stream.read(2) == GZIP_MAGIC


@contextmanager
def open_text(path: Path, errors: str = "strict") -> Iterator[TextIO]:
    """Open a plain or gzip file as UTF-8 text, without its byte order mark."""
    opened = gzip.open(path, "rb") if is_gzip(path) else path.open("rb")  # noqa: SIM115  below
    with (
        opened as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", errors=errors, newline="") as stream,
    ):
        try:
            yield stream
        except UnicodeDecodeError as error:
            raise FileRejectedError("not UTF-8 text") from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileRejectedError("the gzip data is damaged or cut off") from error


def detect_format(path: Path) -> FileFormat:
    """Tell CSV, JSON lines, JSON, Parquet and PDF apart by content.

    A file that opens with '{' counts as JSON lines; a reader of whole documents takes it too.
    """
    with path.open("rb") as stream:
        magic = stream.read(4)
    if magic == PARQUET_MAGIC:
        return "parquet"
    if magic == PDF_MAGIC:
        return "pdf"
    if magic[:2] in UTF16_MARKS:
        raise FileRejectedError("not UTF-8 text")
    # A wrong byte further on is that row's fault, not the file's.
    with open_text(path, "replace") as text:
        start = text.read(4096).lstrip()
    if not start:
        raise FileRejectedError("the file is empty")
    if "\0" in start:
        raise FileRejectedError("not a text file, nor Parquet")
    if start.startswith("["):
        return "json"
    return "jsonl" if start.startswith("{") else "csv"


def csv_header(path: Path) -> tuple[list[str], str]:
    """Return the column names and the delimiter of a CSV file."""
    with open_text(path, "replace") as text:
        head = text.read(LONGEST_HEADER_CHARACTERS)
    first = head.split("\n", 1)[0]
    if "\ufffd" in first:
        raise FileRejectedError("not UTF-8 text")
    delimiter = max(DELIMITERS, key=first.count)
    try:
        names = next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise FileRejectedError("the CSV header cannot be parsed") from error
    return [name.strip() for name in names], delimiter


def read_document(path: Path) -> Any:
    """Parse a JSON document with every number kept as the text it was written in.

    JSON lines come back as a list of documents. Raises FileRejectedError with line and column.
    """
    with open_text(path) as stream:
        text = stream.read()
    if not text.strip():
        raise FileRejectedError("the file is empty")
    try:
        return _exact(text)
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Extra data"):
            raise _not_json(error, 0) from error
    documents = []
    for number, line in enumerate(text.splitlines()):
        if line.strip():
            try:
                documents.append(_exact(line))
            except json.JSONDecodeError as error:
                raise _not_json(error, number) from error
    return documents


def json_documents(path: Path) -> Iterator[Any]:
    """Parse JSON lines one at a time, None where a line is no JSON; numbers stay texts."""
    with open_text(path) as stream:
        for line in stream:
            if line.strip():
                try:
                    yield _exact(line)
                except (json.JSONDecodeError, FileRejectedError):
                    yield None


def has_byte_order_mark(path: Path) -> bool:
    """Say whether a plain or gzip text opens with the UTF-8 byte order mark."""
    opened = gzip.open(path, "rb") if is_gzip(path) else path.open("rb")  # noqa: SIM115  below
    with opened as stream:
        return stream.read(3) == UTF8_MARK


def blank_lines_before(path: Path, positions: list[int]) -> list[int]:
    """Return how many blank lines stand before each byte position (ascending) of a text."""
    counts, blank, place = [], 0, 0
    opened = gzip.open(path, "rb") if is_gzip(path) else path.open("rb")  # noqa: SIM115  below
    with opened as stream:
        for position in positions:
            while place <= position and (line := stream.readline()):
                blank += not line.strip()
                place += len(line)
            counts.append(blank)
    return counts


def first_object(path: Path) -> dict[str, Any] | None:
    """Return the first line of a JSON-lines file, when it is an object."""
    with open_text(path, "replace") as stream:
        for line in stream:
            if line.strip():
                try:
                    value = _exact(line)
                except (json.JSONDecodeError, RecursionError):
                    return None
                return value if isinstance(value, dict) else None
    return None


def _exact(text: str) -> Any:
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except RecursionError as error:
        raise FileRejectedError("the JSON is nested too deeply") from error


def _not_json(error: json.JSONDecodeError, lines_before: int) -> FileRejectedError:
    # The decoder's message names what it expected and never quotes the text.
    return FileRejectedError(
        f"not valid JSON: {error.msg} at line {lines_before + error.lineno} column {error.colno}"
    )
