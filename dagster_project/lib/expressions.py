"""From bindings to the source expression of each column: alternatives, joins, constants."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Protocol

from dagster_project.lib.access import Value
from dagster_project.lib.casting import CONTAINER, NUMBER, as_text
from dagster_project.lib.columns import Binding, Column
from dagster_project.lib.errors import FileRejectedError
from dagster_project.lib.hashing import keyed_hash_sql
from dagster_project.lib.sql import literal

# The session's list of known tags; a name that ends in * stands for all that begin so.
TAGS_VARIABLE = "call_tags"

# Transforms that the typed cast applies; the others are done here and cannot fail.
CAST_TRANSFORMS = (
    *("epoch_s", "epoch_ms", "epoch_us", "epoch_s_or_ms"),
    *("seconds_to_ms", "day_start", "day_end"),
)

# What a table's writer got wrong, beside the values themselves.
FORM_TRANSFORMS = ("column_names", "null_words", "time_form")
INSTANT = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
TIME_FORMS = (
    ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date without time"),
    (r".*[.][0-9]+Z?", "fractions of a second"),
    (".* .*", "a space in place of T"),
    (".*[^Z]", "no zone Z"),
)

# A code such as 'negative' or '95'. With white space or an @, or longer, it could be a sentence or
# a person.
WORD = r"[^\s@]{1,64}"

# A double is exact in its first 15 digits; with the point that is 16 characters.
EXACT_DOUBLE_CHARACTERS = 16


class Access(Protocol):
    """What the expressions need to know about a file."""

    def value(self, path: str) -> Value | None:
        """Return the value at a path, None when the file cannot have it."""

    def text_list(self, path: str) -> Value | None:
        """Return a list of texts."""

    def values_at(self, path: str, prefix: str) -> Value | None:
        """Return the values of an object's keys that begin with a prefix, as a list of texts."""

    def param(self, path: str, key: str) -> Value | None:
        """Return the value named `key` in a repeated record."""

    def names(self) -> list[str]:
        """Return the names of the file's columns."""


@dataclass
class Expressions:
    """The select items of one file: `s_<column>` items, their types, bound parameters."""

    items: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    transforms: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, object] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def build(
    columns: tuple[Column, ...], bindings: tuple[Binding, ...], access: Access
) -> Expressions:
    """Return the source expression of every bound column that the file has.

    Raises FileRejectedError when the file lacks a path that its export always has.
    """
    by_name = {column.name: column for column in columns}
    done = Expressions()
    absent = []
    for binding in bindings:
        column = by_name[binding.column]
        value = _value(binding, column, access, done)
        if value is None:
            if binding.in_file or column.required:
                absent.append(_shown(binding))
            elif binding.paths:
                done.missing.append(_shown(binding))
            continue
        if column.kind == "free_text":
            text = f"nullif({as_text(value.sql, value.sql_type)}, '')"
            done.items[f"{column.name}_length"] = f"length({text})"
            done.items[f"{column.name}_hash"] = keyed_hash_sql(text)
            continue
        is_text = value.sql_type == "VARCHAR"
        done.items[column.name] = f"nullif({value.sql}, '')" if is_text else value.sql
        done.types[column.name] = value.sql_type
        if binding.transform in CAST_TRANSFORMS:
            done.transforms[column.name] = binding.transform
    if absent:
        raise FileRejectedError(f"required column missing: {', '.join(absent)}")
    return done


def _shown(binding: Binding) -> str:
    paths = "|".join("+".join(parts) for parts in binding.paths)
    if paths in ("", binding.column):
        return binding.column
    return f"{paths} (for {binding.column})"


def _value(binding: Binding, column: Column, access: Access, done: Expressions) -> Value | None:
    transform = binding.transform
    if not binding.paths:
        if binding.constant is None:
            return None
        return Value(f"cast({_constant(done, binding.constant)} as varchar)", "VARCHAR")
    if transform.startswith(("tag:", "tags", "param:", "number_at:", "text_at:")):
        return _found_inside(binding.paths[0][0], transform, access)
    if transform == "all_empty":
        return _all_empty([access.value(parts[0]) for parts in binding.paths])
    if transform in FORM_TRANSFORMS:
        return _form(binding, transform, access, done)
    value = _first_alternative(binding, column, access)
    return value if value is None else _changed(value, transform, done)


def _found_inside(path: str, transform: str, access: Access) -> Value | None:
    """Return one value of a list, of a repeated record or of an object whose keys vary."""
    name, _, wanted = transform.partition(":")
    if name == "tag":
        return _tag(access.text_list(path), wanted)
    if name == "tags":
        return _tags(access.text_list(path), [prefix for prefix in wanted.split("|") if prefix])
    if name == "param":
        return _params([access.param(path, key) for key in wanted.split(",")])
    return _first_at(access.values_at(path, wanted), name == "number_at")


def _changed(value: Value, transform: str, done: Expressions) -> Value:
    """Return a value after a transform that works on its text."""
    name, _, wanted = transform.partition(":")
    text = _text(value)
    if name == "where":
        return _where(value, wanted, done)
    if name in ("filled", "key", "us_date", "as_json"):
        return _cleaned(value, name, wanted)
    if name in ("lower", "word", "strip"):
        prefix = literal(wanted)
        is_word = f"regexp_full_match({text}, {literal(WORD)})"
        shorter = f"substr({text}, {len(wanted) + 1})"
        texts = {
            "lower": f"lower({text})",
            "word": f"case when {is_word} then {text} end",
            "strip": f"case when starts_with({text}, {prefix}) then {shorter} else {text} end",
        }
        return Value(texts[name], "VARCHAR")
    if name == "starts":
        return Value(f"starts_with({text}, {literal(wanted)})", "BOOLEAN")
    if name == "equals":
        return Value(f"(nullif({text}, '') = {_constant(done, wanted)})", "BOOLEAN")
    return value


def _is_text(value: Value) -> bool:
    return value.sql_type == "VARCHAR"


def _form(binding: Binding, transform: str, access: Access, done: Expressions) -> Value | None:
    """Return how a table is written: its columns, literal NULLs, times that are no instants."""
    if transform == "column_names":
        return Value(f"cast({_constant(done, json.dumps(access.names()))} as varchar)", "VARCHAR")
    found = [(path, access.value(path)) for (path,) in binding.paths]
    texts = [(path, value.sql) for path, value in found if value is not None and _is_text(value)]
    if not texts:
        return None
    if transform == "null_words":
        words = ", ".join(
            f"case when {sql} = 'NULL' then {literal(path)} end" for path, sql in texts
        )
        listed = f"list_filter([{words}], lambda word: word is not null)"
        return Value(f"nullif(cast(to_json({listed}) as varchar), '[]')", "VARCHAR")
    forms = "".join(
        f" when regexp_full_match({{0}}, {literal(pattern)}) then {{1}} || {literal(': ' + form)}"
        for pattern, form in TIME_FORMS
    )
    shown = ", ".join(
        f"case when {sql} in ('', 'NULL') or regexp_full_match({sql}, {literal(INSTANT)}) then null"
        f"{forms.replace('{0}', sql).replace('{1}', literal(path))} end"
        for path, sql in texts
    )
    return Value(f"coalesce({shown}, null)", "VARCHAR")


def _cleaned(value: Value, name: str, wanted: str) -> Value:
    """Return a value without what exports write around it; a typed value needs none of that."""
    if name == "key":
        # a map of a Parquet file reads {name=value}
        shapes = (
            literal(f'"(?:{wanted})"\\s*:\\s*"([^"]*)"'),
            literal(f"(?:^[{{]|, )(?:{wanted})=([^,}}]*)"),
        )
        found = (f"nullif(regexp_extract({_text(value)}, {shape}, 1), '')" for shape in shapes)
        return Value(f"coalesce({', '.join(found)})", "VARCHAR")
    if not _is_text(value):
        text = f"cast(to_json({value.sql}) as varchar)"
        return Value(text, "VARCHAR") if name == "as_json" else value
    if name == "as_json":
        return value
    if name == "us_date":
        us_date = literal("^([0-9]{2})/([0-9]{2})/([0-9]{4})$")
        return Value(f"regexp_replace({value.sql}, {us_date}, '\\3-\\1-\\2')", "VARCHAR")
    return Value(f"nullif({value.sql}, 'NULL')", "VARCHAR")


def _where(value: Value, condition: str, done: Expressions) -> Value:
    """Return the value on rows where another column, bound before, has one of the wanted texts."""
    column, _, wanted = condition.partition("=")
    # A file without that column has no such row.
    other = as_text(done.items.get(column, "null"), done.types.get(column, ""))
    texts = ", ".join(literal(text) for text in wanted.split("|"))
    return Value(f"case when {other} in ({texts}) then {value.sql} end", value.sql_type)


def _params(values: list[Value | None]) -> Value | None:
    """Return the first of several named values that is filled."""
    texts = [f"nullif({value.sql}, '')" for value in values if value is not None]
    return Value(f"coalesce({', '.join(texts)})", "VARCHAR") if texts else None


def _first_at(values: Value | None, wants_number: bool) -> Value | None:
    """Return the first number of a list of texts, or the first that is none."""
    if values is None:
        return None
    is_number = f"regexp_full_match(v, {literal(NUMBER)})"
    wanted = is_number if wants_number else f"v <> '' and not {is_number}"
    return Value(f"list_filter({values.sql}, lambda v: {wanted})[1]", "VARCHAR")


def _constant(done: Expressions, text: str) -> str:
    name = f"constant_{len(done.parameters)}"
    done.parameters[name] = text
    return f"${name}"


def _first_alternative(binding: Binding, column: Column, access: Access) -> Value | None:
    """Return the first path that has a value on a row, of those that the file can have."""
    alternatives = []
    for parts in binding.paths:
        values = [access.value(part) for part in parts]
        found = [value for value in values if value is not None]
        if binding.transform == "sum":
            if found:
                alternatives.append(_sum([_text(value) for value in found]))
        elif len(found) == len(parts):
            alternatives.append(_joined([_guarded(value, column) for value in found]))
    if len(alternatives) < 2:
        return alternatives[0] if alternatives else None
    texts = ", ".join(f"nullif({_text(item)}, '')" for item in alternatives)
    return Value(f"coalesce({texts})", "VARCHAR")


def _text(value: Value) -> str:
    return as_text(value.sql, value.sql_type)


def _joined(values: list[Value]) -> Value:
    """Return one value, or several as one text with ':' between; NULL when one is missing."""
    if len(values) == 1:
        return values[0]
    parts = " || ':' || ".join(f"nullif({_text(value)}, '')" for value in values)
    return Value(f"({parts})", "VARCHAR")


def _sum(texts: list[str]) -> Value:
    """Return the sum of counts as text; a part that is no number makes the sum no number."""
    given = f"list_filter([{', '.join(texts)}], lambda part: part is not null)"
    numbers = f"list_transform({given}, lambda part: try_cast(part as decimal(38, 9)))"
    return Value(
        f"case when len({given}) = 0 then null"
        f" when list_contains(list_transform({numbers}, lambda n: n is null), true)"
        f" then 'not a sum' else cast(list_sum({numbers}) as varchar) end",
        "VARCHAR",
    )


def _tag(values: Value | None, prefix: str) -> Value | None:
    if values is None:
        return None
    start = literal(prefix)
    first = f"list_filter({values.sql}, lambda tag: starts_with(tag, {start}))[1]"
    return Value(f"substr({first}, {len(prefix) + 1})", "VARCHAR")


def _tags(values: Value | None, other_prefixes: list[str]) -> Value | None:
    """Return the known tags as JSON: each once, in order, without those of other columns."""
    if values is None:
        return None
    others = [f"starts_with(tag, {literal(prefix)})" for prefix in other_prefixes]
    # Whatever somebody writes into a tag, only the tags that call_tags.csv names are kept.
    known = f"coalesce(getvariable('{TAGS_VARIABLE}'), cast([] as varchar[]))"
    is_known = (
        f"len(list_filter({known}, lambda name: tag = name or (ends_with(name, '*')"
        " and starts_with(tag, left(name, -1))))) > 0"
    )
    wanted = " and not ".join([is_known, *others])
    listed = f"list_sort(list_distinct(list_filter({values.sql}, lambda tag: {wanted})))"
    return Value(f"nullif(cast(to_json({listed}) as varchar), '[]')", "VARCHAR")


def _all_empty(values: list[Value | None]) -> Value:
    tests = [f"coalesce({_text(value)}, '') = ''" for value in values if value is not None]
    return Value(f"({' and '.join(tests) or 'false'})", "BOOLEAN")


def _guarded(value: Value, column: Column) -> Value:
    """Return a JSON value with containers marked (text) or lost digits restored (money)."""
    if value.document is None or value.path is None:
        return value
    json_type = f"json_type({value.document}, {literal(value.path)})"
    if column.kind == "text":
        return Value(
            f"case when starts_with({value.sql}, '{{') or starts_with({value.sql}, '[') then"
            f" case when {json_type} in ('OBJECT', 'ARRAY') then {CONTAINER}"
            f" else {value.sql} end else {value.sql} end",
            "VARCHAR",
        )
    if column.kind in ("money", "number"):
        # DuckDB renders a JSON number through a double. Where that may lose digits, the text is
        # taken from the line itself and kept when it is the same double.
        key = re.escape(value.path.rsplit('"', 2)[1])
        pattern = literal(f'"{key}"\\s*:\\s*(-?[0-9][0-9.eE+-]*)')
        written = f"regexp_extract({value.document}, {pattern}, 1)"
        return Value(
            f"case when strlen({value.sql}) > {EXACT_DOUBLE_CHARACTERS} then"
            f" case when {json_type} = 'DOUBLE'"
            f" and try_cast({written} as double) = try_cast({value.sql} as double)"
            f" then {written} else {value.sql} end else {value.sql} end",
            "VARCHAR",
        )
    return value
