"""Making one file readable as rows of `s_<column>` source values.

Parquet is read in place. Text formats are parsed once into a temporary table whose row ids give
the row numbers; free text is reduced to length and hash on the way in, so it is never staged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from dagster_project.lib import files
from dagster_project.lib.access import ColumnAccess, JsonDocument, JsonLinesAccess
from dagster_project.lib.columns import Column
from dagster_project.lib.errors import FileRejectedError
from dagster_project.lib.expressions import Expressions, build
from dagster_project.lib.hashing import hash_parameters, keyed_hash
from dagster_project.lib.sql import literal, one_row
from dagster_project.sources.base import Layout, PageFormat, PageRows, Source

ROWS = "temp.staged_rows"
REJECTS = "staged_rejects"

# A call with a long prompt and answer stays far below; a line beyond this rejects the file.
LONGEST_LINE_BYTES = 64 * 1024 * 1024


@dataclass
class Staged:
    """One file as a relation with `_row_number` and `s_<column>`.

    `fault` columns (`_fault_code`, `_fault_column`) are NULL on rows that could be read.
    """

    relation: str
    types: dict[str, str]
    transforms: dict[str, str] = field(default_factory=dict)
    free_text: frozenset[str] = frozenset()
    parameters: dict[str, object] = field(default_factory=dict)
    has_faults: bool = False
    malformed_rows: list[int] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    declared_empty: bool = False


def stage(
    con: duckdb.DuckDBPyConnection, source: Source, path: Path, key: str, reference: Path
) -> Staged:
    """Read a file of a fixed source; raises FileRejectedError when it is none of its forms."""
    file_format = files.detect_format(path)
    if source.documents is not None and file_format == "pdf":
        return _stage_rows(con, source, source.documents(path, reference), {}, key)
    if source.pages is not None and file_format in ("jsonl", "json"):
        lines = _line_layout(source, path) if file_format == "jsonl" else None
        if lines is not None:
            return stage_table(con, source, lines, path, key)
        return stage_page(con, source, source.pages, path, key)
    for layout in source.layouts:
        if file_format in layout.formats:
            return stage_table(con, source, layout, path, key)
    wanted: list[str] = sorted({name for layout in source.layouts for name in layout.formats})
    if source.pages is not None:
        wanted.append("JSON pages")
    if source.documents is not None:
        wanted.append("pdf")
    raise FileRejectedError(f"a {file_format} file; {source.name} takes {', '.join(wanted)}")


def _line_layout(source: Source, path: Path) -> Layout | None:
    """Return the layout of JSON lines, for a source that also takes whole pages."""
    lines = [layout for layout in source.layouts if "jsonl" in layout.formats]
    names = frozenset(files.first_object(path) or ()) if lines else frozenset()
    return next((layout for layout in lines if layout.marks <= names), None)


def stage_table(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    layout: Layout,
    path: Path,
    key: str,
) -> Staged:
    """Read a CSV, JSON-lines, JSON-list or Parquet file through a layout."""
    file_format = files.detect_format(path)
    if file_format == "parquet":
        return _stage_parquet(con, source, layout, path, key)
    if file_format == "csv":
        return _stage_csv(con, source, layout, path, key)
    return _stage_json_lines(con, source, layout, path, key)


def drop_staged(con: duckdb.DuckDBPyConnection) -> None:
    """Forget what the last file left behind."""
    con.execute(f"drop table if exists {ROWS}")
    con.execute(f"drop table if exists temp.{REJECTS}")
    con.execute(f"drop table if exists temp.{REJECTS}_scans")
    con.execute("drop table if exists temp.staged_shifts")


def _select_items(done: Expressions) -> str:
    return ", ".join(f"{sql} as s_{name}" for name, sql in done.items.items())


def _free_text(columns: tuple[Column, ...], done: Expressions) -> frozenset[str]:
    return frozenset(
        c.name for c in columns if c.kind == "free_text" and f"{c.name}_hash" in done.items
    )


def _parameters(done: Expressions, columns: tuple[Column, ...], key: str) -> dict[str, object]:
    parameters = dict(done.parameters)
    if _free_text(columns, done):
        parameters.update(hash_parameters(key))
    return parameters


def _faults(documents: dict[str, JsonDocument], otherwise: str = "") -> str:
    """Return the fault columns: malformed lines, and JSON texts that are no JSON."""
    code = "".join(
        f" when {document.alias}_broken then 'malformed_row'" for document in documents.values()
    )
    column = "".join(
        f" when {document.alias}_broken then {literal(root)}"
        for root, document in documents.items()
    )
    return (
        f"case {otherwise}{code} else null end as _fault_code,"
        f" cast(case {column or 'when false then null'} else null end as varchar) as _fault_column"
    )


def _stage_csv(
    con: duckdb.DuckDBPyConnection, source: Source, layout: Layout, path: Path, key: str
) -> Staged:
    header, delimiter = files.csv_header(path)
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise FileRejectedError(f"the header names a column twice: {twice[0]}")
    access = ColumnAccess([(name, "VARCHAR") for name in header])
    done = _build_or_explain(source, layout, access)
    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(header)))
    documents = access.documents
    extracted = "".join(f", {document.projection()}" for document in documents.values())
    faults = f", {_faults(documents)}" if documents else ""
    compression = "gzip" if files.is_gzip(path) else "none"
    con.execute(
        f"create temp table staged_rows as select {_select_items(done)}{faults}"
        f" from (select *{extracted} from read_csv($path, auto_detect = false, header = true,"
        f" delim = {literal(delimiter)}, quote = '\"', escape = '\"', columns = {{{columns}}},"
        f" compression = '{compression}', store_rejects = true,"
        f" rejects_table = '{REJECTS}', rejects_scan = '{REJECTS}_scans'))",
        {"path": str(path), **_parameters(done, source.columns, key)},
    )
    malformed = _malformed_csv_rows(con, path)
    _reject_without_rows(con, len(malformed))
    return Staged(
        relation=_numbered(con, malformed),
        types=done.types,
        transforms=done.transforms,
        free_text=_free_text(source.columns, done),
        has_faults=bool(documents),
        malformed_rows=malformed,
        missing=done.missing,
    )


def _malformed_csv_rows(con: duckdb.DuckDBPyConnection, path: Path) -> list[int]:
    """Return the data row numbers that DuckDB could not parse, ascending.

    A reject's line counts records from the header, so a quoted line break moves nothing; it
    also counts blank lines, which are no rows.
    """
    rejects = con.execute(
        f"select line, min(line_byte_position) from temp.{REJECTS} group by line order by line"
    ).fetchall()
    if not rejects:
        return []
    blank = files.blank_lines_before(path, [int(row[1]) for row in rejects])
    return [int(row[0]) - 1 - skipped for row, skipped in zip(rejects, blank, strict=True)]


def _numbered(con: duckdb.DuckDBPyConnection, malformed: list[int]) -> str:
    """Return the staged rows with their row number in the file, counting malformed rows too."""
    if not malformed:
        return f"(select rowid + 1 as _row_number, * from {ROWS})"
    # The j-th malformed row stands after (its number - j) good ones and moves all later rows by 1.
    shifts = {number - j: j for j, number in enumerate(malformed, start=1)}
    table = pa.table(
        {
            "after": pa.array(list(shifts), pa.int64()),
            "shift": pa.array(list(shifts.values()), pa.int64()),
        }
    )
    con.register("shifts_in_memory", table)
    con.execute("create temp table staged_shifts as select * from shifts_in_memory")
    con.unregister("shifts_in_memory")
    return (
        f"(select rows.place + coalesce(moved.shift, 0) as _row_number, rows.* exclude (place)"
        f" from (select rowid + 1 as place, * from {ROWS}) as rows"
        f" asof left join temp.staged_shifts as moved on rows.place > moved.after)"
    )


def _reject_without_rows(con: duckdb.DuckDBPyConnection, malformed: int) -> None:
    (rows,) = one_row(con, f"select count(*) from {ROWS}")
    if rows == 0:
        if malformed:
            raise FileRejectedError(f"none of its {malformed} rows can be parsed")
        raise FileRejectedError("no data rows")


def _stage_json_lines(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    layout: Layout,
    path: Path,
    key: str,
) -> Staged:
    is_list = files.detect_format(path) == "json"
    access = JsonLinesAccess(layout.embedded, layout.dotted_keys)
    done = build(source.columns, layout.bindings, access)
    documents = access.documents
    extracted = "".join(f", {document.projection()}" for document in documents.values())
    wanted = ", ".join(literal(json_path) for json_path in access.line.paths)
    lines = _json_lines(path, is_list=is_list)
    not_an_object = "when json is null or not starts_with(json, '{') then 'malformed_row'"
    con.execute(
        f"create temp table staged_rows as select {_select_items(done)},"
        f" {_faults(documents, not_an_object)} from (select *{extracted}"
        f" from (select json, json_extract_string(json, [{wanted}]) as v from {lines}))",
        {"path": str(path), **_parameters(done, source.columns, key)},
    )
    rows, malformed = one_row(
        con,
        "select count(*), count(*) filter (_fault_code is not null and _fault_column is null)"
        f" from {ROWS}",
    )
    if rows == 0:
        raise FileRejectedError("no data rows")
    if rows == malformed:
        raise FileRejectedError(f"none of its {rows} lines is a JSON object")
    _reject_when_never_present(con, source, done)
    return Staged(
        relation=_numbered(con, []),
        types=done.types,
        transforms=done.transforms,
        free_text=_free_text(source.columns, done),
        has_faults=True,
        missing=done.missing,
    )


def _json_lines(path: Path, *, is_list: bool) -> str:
    """Return the relation of a file's JSON texts, NULL where a line is malformed."""
    if files.has_byte_order_mark(path) and not is_list:
        # DuckDB's JSON reader takes the mark for a fault of the first line; the CSV reader with
        # a delimiter and a quote that no JSON text can hold gives the lines as they are.
        compression = "gzip" if files.is_gzip(path) else "none"
        return (
            "(select case when json_valid(line) then ltrim(line) end as json from (select"
            " ltrim(line, chr(65279)) as line from read_csv($path, auto_detect = false,"
            " header = false, delim = chr(1), quote = '', escape = '', strict_mode = false,"
            f" columns = {{'line': 'VARCHAR'}}, compression = '{compression}',"
            f" max_line_size = {LONGEST_LINE_BYTES // 4})) where trim(line) <> '')"
        )
    shape = "array" if is_list else "newline_delimited"
    # A list is one document: what follows its first error cannot be told apart any more.
    lenient = "false" if is_list else "true"
    compression = "gzip" if files.is_gzip(path) else "uncompressed"
    return (
        "(select ltrim(cast(json as varchar)) as json from read_json_objects($path,"
        f" format = '{shape}', ignore_errors = {lenient}, compression = '{compression}',"
        f" maximum_object_size = {LONGEST_LINE_BYTES}))"
    )


def _reject_when_never_present(
    con: duckdb.DuckDBPyConnection, source: Source, done: Expressions
) -> None:
    """Refuse a file where a required key is on no line: JSON lines have no header to ask."""
    required = [c.name for c in source.columns if c.required and c.name in done.items]
    if not required:
        return
    present = one_row(
        con, f"select {', '.join(f'count(s_{name})' for name in required)} from {ROWS}"
    )
    absent = [name for name, rows in zip(required, present, strict=True) if rows == 0]
    if absent:
        raise FileRejectedError(f"required column missing: no line has a value for {absent[0]}")


def _stage_parquet(
    con: duckdb.DuckDBPyConnection, source: Source, layout: Layout, path: Path, key: str
) -> Staged:
    cursor = con.execute("select * from read_parquet($path) limit 0", {"path": str(path)})
    columns: list[tuple[str, Any]] = [(item[0], item[1]) for item in cursor.description or []]
    cursor.fetchall()
    access = ColumnAccess(columns)
    done = _build_or_explain(source, layout, access)
    documents = access.documents
    extracted = "".join(f", {document.projection()}" for document in documents.values())
    faults = f", {_faults(documents)}" if documents else ""
    names = ", ".join(f"c{position}" for position in range(len(columns)))
    relation = (
        f"(select file_row + 1 as _row_number, {_select_items(done)}{faults}"
        f" from (select *{extracted} from read_parquet($path, file_row_number = true)"
        f" as t({names}, file_row)))"
    )
    parameters = {"path": str(path), **_parameters(done, source.columns, key)}
    (rows,) = one_row(
        con,
        "select coalesce(sum(num_rows), 0) from parquet_file_metadata($path)",
        {"path": str(path)},
    )
    if rows == 0:
        raise FileRejectedError("no data rows")
    return Staged(
        relation=relation,
        types=done.types,
        transforms=done.transforms,
        free_text=_free_text(source.columns, done),
        parameters=parameters,
        has_faults=bool(documents),
        missing=done.missing,
    )


def _build_or_explain(source: Source, layout: Layout, access: ColumnAccess) -> Expressions:
    try:
        return build(source.columns, layout.bindings, access)
    except FileRejectedError as error:
        shown = ", ".join(name for name in access.names()[:40] if len(name) <= 60)
        raise FileRejectedError(f"{error.reason}; the file has: {shown or 'no columns'}") from error


def _parsed(pages: PageFormat, path: Path) -> PageRows:
    """Return the rows of a whole document, or of each line where the lines are documents."""
    if not pages.by_line or files.first_object(path) is None:
        return pages.parse(files.read_document(path), path.name)
    page = PageRows()
    for document in files.json_documents(path):
        if document is None:
            page.rows.append({"_fault_code": "malformed_row"})
        else:
            page.rows += pages.parse(document, path.name).rows
    page.declared_empty = not page.rows
    return page


def stage_page(
    con: duckdb.DuckDBPyConnection, source: Source, pages: PageFormat, path: Path, key: str
) -> Staged:
    """Parse a JSON page in Python and stage its rows as texts."""
    return _stage_rows(con, source, _parsed(pages, path), pages.transforms, key)


def _stage_rows(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    page: PageRows,
    transforms: dict[str, str],
    key: str,
) -> Staged:
    """Stage rows that Python parsed, as texts."""
    if not page.rows and not page.declared_empty:
        raise FileRejectedError("no data rows")
    free_text = source.free_text_columns()
    names = [c.name for c in source.columns if c.kind != "free_text"]
    data: dict[str, pa.Array] = {
        f"s_{name}": pa.array([row.get(name) or None for row in page.rows], pa.string())
        for name in names
    }
    for name in free_text:
        values = [row.get(name) or None for row in page.rows]
        hashes = [None if value is None else keyed_hash(value, key) for value in values]
        lengths = [None if value is None else len(value) for value in values]
        data[f"s_{name}_length"] = pa.array(lengths, pa.int64())
        data[f"s_{name}_hash"] = pa.array(hashes, pa.string())
    for name in ("_fault_code", "_fault_column"):
        data[name] = pa.array([row.get(name) for row in page.rows], pa.string())
    con.register("page_in_memory", pa.table(data))
    try:
        con.execute("create temp table staged_rows as select * from page_in_memory")
    finally:
        con.unregister("page_in_memory")
    return Staged(
        relation=_numbered(con, []),
        types=dict.fromkeys(names, "VARCHAR"),
        transforms=dict(transforms),
        free_text=frozenset(free_text),
        has_faults=True,
        declared_empty=page.declared_empty,
    )


__all__ = ["PageRows", "Staged", "drop_staged", "stage", "stage_page", "stage_table"]
