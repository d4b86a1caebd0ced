"""What a raw table's columns are, and where a file keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text",  # VARCHAR; '' is NULL
    "json_list",  # VARCHAR holding a JSON list of scalars
    "usage_object",  # VARCHAR: a usage object as JSON, without texts of more than a word
    "user",  # VARCHAR: keyed hash of a user or device id; NULL for an id that names nobody
    "free_text",  # two columns: <name>_length BIGINT and <name>_hash VARCHAR
    "label",  # VARCHAR: the name of a category; what could be a sentence loads as (text)
    "score",  # VARCHAR: a number as it was written; true is 1 and false is 0
    "count",  # BIGINT >= 0; '59200.0' is a count, '1.5' is not
    "rounded_count",  # BIGINT >= 0, decimals rounded half away from zero
    "money",  # VARCHAR: the decimal as it was written, never through a float
    "number",  # VARCHAR, as money; what is no number is NULL and no fault (a product's `value`)
    "timestamp",  # TIMESTAMP in UTC
    "date",  # DATE
    "boolean",  # BOOLEAN
]

SQL_TYPES: dict[str, str] = {
    "text": "VARCHAR",
    "json_list": "VARCHAR",
    "usage_object": "VARCHAR",
    "user": "VARCHAR",
    "label": "VARCHAR",
    "score": "VARCHAR",
    "count": "BIGINT",
    "rounded_count": "BIGINT",
    "money": "VARCHAR",
    "number": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "boolean": "BOOLEAN",
}

# Lineage stands first in every raw table.
LINEAGE: tuple[tuple[str, str], ...] = (
    ("_file_id", "VARCHAR"),
    ("_row_number", "BIGINT"),
    ("_source", "VARCHAR"),
    ("_account", "VARCHAR"),
)


@dataclass(frozen=True)
class Column:
    """One declared column. `required`: a row without a value goes to quarantine."""

    name: str
    kind: Kind = "text"
    required: bool = False
    allowed: tuple[str, ...] = ()

    def stored(self) -> tuple[tuple[str, str], ...]:
        """Return the (name, SQL type) pairs this column takes in the raw table."""
        if self.kind == "free_text":
            return ((f"{self.name}_length", "BIGINT"), (f"{self.name}_hash", "VARCHAR"))
        return ((self.name, SQL_TYPES[self.kind]),)


@dataclass(frozen=True)
class Binding:
    """Where one column's value comes from.

    `paths`: alternatives in order of preference, each a tuple of parts joined with ':'.
    `transform`: '' | lower | equals:<value> | strip:<prefix> | starts:<prefix> | word | epoch_s |
    epoch_ms | epoch_us | epoch_s_or_ms | seconds_to_ms | sum | all_empty | tag:<prefix> |
    tags:<prefix>|<prefix> (all but those of the prefixes) |
    param:<key>[,<key>] | number_at:<prefix> | text_at:<prefix> | where:<column>=<value>|<value>,
    which keeps the value on rows where a column bound before has one of these values |
    filled (the text NULL is no value) | key:<name>|<name> (the text of that key in a JSON text or a
    map, which need not be whole) | us_date (09/30/2026 is 2026-09-30) | as_json (a list of records
    of a Parquet file as its JSON text).
    Of a table with columns, for what its writer got wrong: column_names (all, as a JSON list) |
    null_words (those of the paths that hold the text NULL) | time_form (how the first of the paths
    that is no ISO 8601 instant in UTC is written).
    `in_file`: a file without this path is rejected.
    """

    column: str
    paths: tuple[tuple[str, ...], ...] = ()
    constant: str | None = None
    transform: str = ""
    in_file: bool = False


def bind(column: str, *paths: str, transform: str = "", in_file: bool = False) -> Binding:
    """Return a binding of `column` to the first of `paths` that has a value."""
    alternatives = paths or (column,)
    return Binding(column, tuple((path,) for path in alternatives), None, transform, in_file)


def fixed(column: str, constant: str) -> Binding:
    """Return a binding of `column` to the same text on every row."""
    return Binding(column, constant=constant)


@dataclass(frozen=True)
class RowRule:
    """A fault that needs more than one column. `sql` is true on a faulty row.

    It sees the typed columns as c_<name>, and may use window functions over the file.
    """

    code: str
    column: str
    reason: str
    sql: str
