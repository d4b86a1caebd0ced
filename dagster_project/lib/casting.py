"""How a source value becomes a typed raw value, and when it is a fault: SQL per kind and type.

A cast gives `value` (the typed value, or NULL) and `faulty` (true when the source has a value
that the kind refuses). One expression each, so that a load reads every value once.
"""

from __future__ import annotations

from dataclasses import dataclass

from dagster_project.lib.columns import Column
from dagster_project.lib.errors import FileRejected
from dagster_project.lib.sql import literal

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
WIDE_INTEGERS = ("UBIGINT", "HUGEINT", "UHUGEINT")
FLOATS = ("FLOAT", "DOUBLE")
TIMESTAMPS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
ZONED = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS WITH TIME ZONE")
TEXTS = ("VARCHAR", "UUID", "JSON")

# A name or id never needs more; a prompt mapped to a text column by mistake stops here.
LONGEST_TEXT_BYTES = 4096

# Before 2000 or from 2100 on, a time is a unit error (milliseconds read as seconds), not a date.
EARLIEST, LATEST = "2000-01-01", "2100-01-01"

NUMBER = r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
CONTAINER = "chr(1) || 'container'"

# Only what looks like a number or a date is shown; ids and names never are.
SHOWN_VALUE = r"[0-9eE+\-.:TZ/ ]{1,40}"

REASONS = {
    "missing_value": "a value is required",
    "not_a_number": "not a number",
    "negative": "a count cannot be negative",
    "not_whole": "a count must be whole",
    "bad_timestamp": f"not a time from {EARLIEST} to {LATEST} in ISO 8601 (or the declared epoch)",
    "bad_date": f"not a date (YYYY-MM-DD) from {EARLIEST} to {LATEST}",
    "bad_boolean": "not true or false",
    "not_allowed_value": "not one of the allowed values",
    "not_a_scalar": "an object or list where a single value belongs",
    "too_long": f"longer than {LONGEST_TEXT_BYTES} bytes",
    "malformed_row": "the row cannot be parsed, or has another number of fields than the header",
}


@dataclass(frozen=True)
class Cast:
    """SQL of one column: the typed value, whether the source value is refused, and as what."""

    value: str
    faulty: str | None
    code: str = "'missing_value'"


def cast_column(column: Column, value: str, sql_type: str, transform: str = "") -> Cast:
    """Return the cast of SQL expression `value` of type `sql_type` to the column's kind.

    Raises FileRejected when no value of that type can become the kind.
    """
    kind = column.kind
    if kind in ("text", "json_list", "user"):
        return _text(column, value, sql_type)
    if kind == "count":
        return _count(column, value, sql_type)
    if kind == "rounded_count":
        return _rounded(column, value, sql_type, transform)
    if kind == "money":
        return _money(column, value, sql_type)
    if kind in ("timestamp", "date"):
        return _time(column, value, sql_type, transform)
    if kind == "boolean":
        return _boolean(column, value, sql_type)
    raise AssertionError(f"{kind} is cast where the file is read")


def as_text(value: str, sql_type: str) -> str:
    """Return `value` as VARCHAR."""
    return value if sql_type == "VARCHAR" else f"cast({value} as varchar)"


def exact_number(value: str, sql_type: str) -> str:
    """Return `value` as DECIMAL(38,18), or NULL: the independent reading of control totals."""
    text = value if sql_type == "VARCHAR" else f"cast({value} as varchar)"
    return f"try_cast({text} as decimal(38, 18))"


def refuse(column: Column, sql_type: str) -> FileRejected:
    """Return the rejection of a file whose column has an impossible type."""
    return FileRejected(f"column {column.name} cannot be read from type {sql_type.split('(')[0]}")


def _present(value: str, sql_type: str) -> str:
    if sql_type == "VARCHAR":
        return f"({value} is not null and {value} <> '')"
    return f"({value} is not null)"


def _text(column: Column, value: str, sql_type: str) -> Cast:
    base = sql_type.split("(")[0]
    scalars = (*TEXTS, *INTEGERS, *WIDE_INTEGERS, *FLOATS, *TIMESTAMPS, *ZONED)
    if base not in (*scalars, "DECIMAL", "DATE", "BOOLEAN", "ENUM"):
        raise refuse(column, sql_type)
    text = as_text(value, sql_type)
    if base not in (*TEXTS, "ENUM"):
        return Cast(text, None)
    tests = [f"strlen({text}) <= {LONGEST_TEXT_BYTES}"]
    if column.kind == "user":
        # Hashed by the caller; an id of any length gives 32 digits.
        return Cast(f"nullif({text}, '')", None)
    if column.kind == "json_list":
        tests = []
    if column.allowed:
        tests.append(f"{text} in ({', '.join(literal(item) for item in column.allowed)})")
    tests.append(f"{text} <> {CONTAINER}")
    accepted = " and ".join(tests)
    return Cast(
        f"case when {accepted} then nullif({text}, '') end",
        f"({text} is not null and {text} <> '' and not ({accepted}))",
        f"case when {text} = {CONTAINER} then 'not_a_scalar'"
        f" when strlen({text}) > {LONGEST_TEXT_BYTES} then 'too_long'"
        " else 'not_allowed_value' end",
    )


def _number_code(value: str, sql_type: str) -> str:
    number = exact_number(value, sql_type)
    plain = f"regexp_full_match({as_text(value, sql_type)}, {literal(NUMBER)})"
    return (
        f"case when not {plain} or {number} is null then 'not_a_number'"
        f" when {number} < 0 then 'negative' else 'not_whole' end"
    )


def _count(column: Column, value: str, sql_type: str) -> Cast:
    base = sql_type.split("(")[0]
    if base in INTEGERS:
        typed = f"case when {value} >= 0 then cast({value} as bigint) end"
    elif base in WIDE_INTEGERS:
        typed = f"case when {value} >= 0 then try_cast({value} as bigint) end"
    elif base in FLOATS:
        # From 2^53 on a double no longer holds every whole number.
        typed = (
            f"case when {value} >= 0 and {value} < 9007199254740992 and {value} = trunc({value})"
            f" then cast({value} as bigint) end"
        )
    elif base == "DECIMAL":
        typed = (
            f"case when {value} >= 0 and {value} = trunc({value})"
            f" then try_cast({value} as bigint) end"
        )
    elif base in TEXTS:
        text = as_text(value, sql_type)
        exact = exact_number(value, sql_type)
        typed = (
            f"case when regexp_full_match({text}, '[0-9]{{1,18}}') then cast({text} as bigint)"
            f" when regexp_full_match({text}, {literal(NUMBER)}) and {exact} >= 0"
            f" and {exact} = trunc({exact}) then try_cast({exact} as bigint) end"
        )
    elif base == '"NULL"':
        return Cast("cast(null as bigint)", None)
    else:
        raise refuse(column, sql_type)
    faulty = f"({_present(value, sql_type)} and ({typed}) is null)"
    return Cast(typed, faulty, _number_code(value, sql_type))


def _rounded(column: Column, value: str, sql_type: str, transform: str) -> Cast:
    base = sql_type.split("(")[0]
    if base not in (*INTEGERS, *WIDE_INTEGERS, *FLOATS, *TEXTS, "DECIMAL"):
        raise refuse(column, sql_type)
    # Six decimals of a millisecond are far below what a clock tells.
    text = as_text(value, sql_type)
    number = f"try_cast({text} as decimal(28, 9))"
    if transform == "seconds_to_ms":
        number = f"({number} * 1000)"
    plain = "" if base not in TEXTS else f" and regexp_full_match({text}, {literal(NUMBER)})"
    typed = f"case when {number} >= 0{plain} then try_cast(round({number}, 0) as bigint) end"
    faulty = f"({_present(value, sql_type)} and ({typed}) is null)"
    return Cast(typed, faulty, _number_code(value, sql_type))


def _money(column: Column, value: str, sql_type: str) -> Cast:
    base = sql_type.split("(")[0]
    if base in INTEGERS or base in WIDE_INTEGERS or base == "DECIMAL":
        return Cast(f"cast({value} as varchar)", None)
    if base not in (*TEXTS, *FLOATS):
        raise refuse(column, sql_type)
    # The shortest text of a double is what its writer meant: 0.1 stays 0.1.
    text = as_text(value, sql_type)
    exact = exact_number(value, sql_type)
    typed = (
        f"case when regexp_full_match({text}, {literal(NUMBER)}) and {exact} is not null"
        f" then trim({text}) end"
    )
    faulty = f"({_present(text, 'VARCHAR')} and ({typed}) is null)"
    return Cast(typed, faulty, "'not_a_number'")


def _instant(column: Column, value: str, sql_type: str, transform: str) -> str:
    """Return the TIMESTAMP in UTC of a value, NULL when it has none."""
    base = sql_type.split("(")[0]
    if transform in ("epoch_s", "epoch_ms"):
        if base not in (*INTEGERS, *WIDE_INTEGERS, *FLOATS, *TEXTS, "DECIMAL"):
            raise refuse(column, sql_type)
        scale = 1_000_000 if transform == "epoch_s" else 1_000
        number = f"try_cast({as_text(value, sql_type)} as decimal(28, 9))"
        # Twelve digits of seconds reach the year 33658; more would not fit a TIMESTAMP.
        bounded = f"case when {number} between 0 and {10**18 // scale} then {number} end"
        return f"make_timestamp(cast(trunc({bounded} * {scale}) as bigint))"
    if base in ZONED:
        return f"make_timestamp(epoch_us({value}))"
    if base in TIMESTAMPS or base == "DATE":
        return f"cast({value} as timestamp)"
    if base in TEXTS:
        # A text cast to TIMESTAMP would drop the offset; this one applies it (session in UTC).
        return f"make_timestamp(epoch_us(try_cast({as_text(value, sql_type)} as timestamptz)))"
    raise FileRejected(
        f"column {column.name} has type {base}: its mapping needs transform epoch_s or epoch_ms"
    )


def _time(column: Column, value: str, sql_type: str, transform: str) -> Cast:
    is_day = column.kind == "date" or transform in ("day_start", "day_end")
    base = sql_type.split("(")[0]
    if is_day and base in TEXTS:
        text = as_text(value, sql_type)
        instant = (
            f"case when regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')"
            f" then cast(try_cast({text} as date) as timestamp) end"
        )
    else:
        instant = _instant(column, value, sql_type, transform)
    bounded = (
        f"case when {instant} >= timestamp '{EARLIEST}' and {instant} < timestamp '{LATEST}'"
        f" then {instant} end"
    )
    typed = bounded
    if transform == "day_end":
        typed = f"({bounded}) + interval 1 day"
    if column.kind == "date":
        typed = f"cast({bounded} as date)"
    faulty = f"({_present(value, sql_type)} and ({bounded}) is null)"
    return Cast(typed, faulty, "'bad_date'" if is_day else "'bad_timestamp'")


def _boolean(column: Column, value: str, sql_type: str) -> Cast:
    base = sql_type.split("(")[0]
    if base == "BOOLEAN":
        return Cast(value, None)
    if base not in (*TEXTS, *INTEGERS):
        raise refuse(column, sql_type)
    text = f"lower({as_text(value, sql_type)})"
    typed = (
        f"case when {text} in ('true', 't', '1', 'yes', 'y') then true"
        f" when {text} in ('false', 'f', '0', 'no', 'n') then false end"
    )
    # Gateways write a missing flag as the text None.
    absent = f"{text} in ('', 'none', 'null')"
    faulty = f"({value} is not null and not {absent} and ({typed}) is null)"
    return Cast(typed, faulty, "'bad_boolean'")
