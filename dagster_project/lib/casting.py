"""How a source value becomes a typed raw value, and when it is a fault: SQL per kind and type.

A column passes three levels, each written once, so that a load computes every value once:
s_<name> is the source value ('' is already NULL), h_<name> a first reading where one is needed,
c_<name> the typed value. A row is faulty where there is a source value and no typed one.
"""

from __future__ import annotations

from dataclasses import dataclass

from dagster_project.lib.columns import Column
from dagster_project.lib.errors import FileRejectedError
from dagster_project.lib.sql import literal

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
WIDE_INTEGERS = ("UBIGINT", "HUGEINT", "UHUGEINT")
FLOATS = ("FLOAT", "DOUBLE")
TIMESTAMPS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
ZONED = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS WITH TIME ZONE")
TEXTS = ("VARCHAR", "UUID", "JSON")

# A name or id never needs more; a prompt mapped to a text column by mistake stops here.
LONGEST_TEXT_BYTES = 4096

# Fifty iterations of one Anthropic answer stay below 20 KB.
LONGEST_USAGE_BYTES = 65536

# Before 2000 or from 2100 on, a time is a unit error (milliseconds read as seconds), not a date.
EARLIEST, LATEST = "2000-01-01", "2100-01-01"

# Microseconds in one unit of an epoch. epoch_s_or_ms: seconds up to 2100 stay below 4.2 * 10^9 and
# milliseconds from 2000 on begin at 9.4 * 10^11, so no number can be both.
EPOCH_MICROSECONDS = {
    "epoch_s": 1_000_000,
    "epoch_ms": 1_000,
    "epoch_us": 1,
    "epoch_s_or_ms": 1_000,
}
FIRST_MILLISECONDS = 10**11

# A count or amount of 10^15 or more in one row is a unit error, and sums of such would overflow
# DECIMAL(38,18). 15 digits before the point and 18 behind it are 33.
EXACT = "decimal(33, 18)"
TOO_LARGE = 10**15

NUMBER = r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
CONTAINER = "chr(1) || 'container'"

# A usage object is numbers and one-word codes. A text with white space or an @, or of more than 64
# characters, could be a prompt or a person; on minified JSON this matches one whole text.
FREE_TEXT = r'"(?:[^"\\\s@]|\\.)*[\s@](?:[^"\\]|\\.)*"|"(?:[^"\\\s@]|\\.){65,}"'

# What the provider charged, as a number of its usage object; inside a text the quotes are escaped.
COST = r'"cost"\s*:\s*(-?[0-9][0-9.eE+-]*)'
COST_AS_TEXT = r'"cost":"\1"'

# The name of a category has few words ("partly correct"); a fourth word, an @, a quote, a bracket
# or a line break could be a sentence, a person or an object. Bytes, since some scripts write
# sentences without a space.
LABEL_WORD = r'[^\s\pZ@"{}\[\]\x00-\x1f]+'
LABEL = f"{LABEL_WORD}( {LABEL_WORD}){{0,2}}"
LONGEST_LABEL_BYTES = 64

# Only what looks like a number or a date is shown; ids and names never are.
SHOWN_VALUE = r"[0-9eE+\-.:TZ/ ]{1,40}"

REASONS = {
    "missing_value": "a value is required",
    "not_a_number": "not a number",
    "negative": "a count cannot be negative",
    "not_whole": "a count must be whole",
    "too_large": "10^15 or more in one row",
    "bad_timestamp": f"not a time from {EARLIEST} to {LATEST} in ISO 8601 (or the declared epoch)",
    "bad_date": f"not a date (YYYY-MM-DD) from {EARLIEST} to {LATEST}",
    "bad_boolean": "not true or false",
    "not_allowed_value": "not one of the allowed values",
    "not_a_scalar": "an object or list where a single value belongs",
    "not_a_usage_object": "not a JSON object",
    "too_long": f"longer than {LONGEST_TEXT_BYTES} bytes",
    "malformed_row": "the row cannot be parsed, or has another number of fields than the header",
}


@dataclass(frozen=True)
class Cast:
    """SQL of one column: first reading, typed value, and what a refused value is called.

    `present` is the column whose value must not get lost: s_<name>, h_<name>, or None when
    every value can be typed.
    """

    value: str
    helper: str | None = None
    present: str | None = None
    code: str = "null"


def cast_column(column: Column, sql_type: str, transform: str = "") -> Cast:
    """Return the cast of s_<name>, of type `sql_type`, to the column's kind.

    Raises FileRejectedError when no value of that type can become the kind.
    """
    kind = column.kind
    if kind in ("text", "json_list", "usage_object", "label"):
        own = {"usage_object": _usage_object, "label": _label}
        return own.get(kind, _text)(column, sql_type)
    if kind == "count":
        return _count(column, sql_type)
    if kind == "rounded_count":
        return _rounded(column, sql_type, transform)
    if kind in ("money", "number", "score"):
        return (_score if kind == "score" else _money)(column, sql_type)
    if kind in ("timestamp", "date"):
        return _time(column, sql_type, transform)
    if kind == "boolean":
        return _boolean(column, sql_type)
    raise AssertionError(f"{kind} is not cast here")


def as_text(value: str, sql_type: str) -> str:
    """Return `value` as VARCHAR."""
    return value if sql_type == "VARCHAR" else f"cast({value} as varchar)"


def exact_number(value: str, sql_type: str) -> str:
    """Return `value` as an exact decimal, or NULL: the independent reading of control totals."""
    return f"try_cast({as_text(value, sql_type)} as {EXACT})"


def user_id(column: Column, sql_type: str) -> str:
    """Return s_<name> as the text that is hashed."""
    if _base(sql_type) not in (*TEXTS, *INTEGERS, *WIDE_INTEGERS, "DECIMAL", "ENUM"):
        raise refuse(column, sql_type)
    return as_text(f"s_{column.name}", sql_type)


def refuse(column: Column, sql_type: str) -> FileRejectedError:
    """Return the rejection of a file whose column has an impossible type."""
    return FileRejectedError(f"column {column.name} cannot be read from type {_base(sql_type)}")


def _base(sql_type: str) -> str:
    return sql_type.split("(", maxsplit=1)[0]


def _text(column: Column, sql_type: str) -> Cast:
    base = _base(sql_type)
    scalars = (*TEXTS, *INTEGERS, *WIDE_INTEGERS, *FLOATS, *TIMESTAMPS, *ZONED)
    if base not in (*scalars, "DECIMAL", "DATE", "BOOLEAN", "ENUM"):
        raise refuse(column, sql_type)
    source = f"s_{column.name}"
    text = as_text(source, sql_type)
    if base not in (*TEXTS, "ENUM"):
        return Cast(text)
    tests = [f"{text} <> {CONTAINER}"]
    if column.kind == "text":
        tests.append(f"strlen({text}) <= {LONGEST_TEXT_BYTES}")
    if column.allowed:
        tests.append(f"{text} in ({', '.join(literal(item) for item in column.allowed)})")
    code = (
        f"case when {text} = {CONTAINER} then 'not_a_scalar'"
        f" when strlen({text}) > {LONGEST_TEXT_BYTES} then 'too_long'"
        " else 'not_allowed_value' end"
    )
    return Cast(f"case when {' and '.join(tests)} then {text} end", None, source, code)


def _usage_object(column: Column, sql_type: str) -> Cast:
    base = _base(sql_type)
    if base not in TEXTS:
        raise refuse(column, sql_type)
    source = f"s_{column.name}"
    text = as_text(source, sql_type)
    is_object = f"json_valid({text}) and json_type({text}) = 'OBJECT'"
    # a JSON number is kept to 17 digits; money needs all that were written, so it becomes a text
    exact = f"regexp_replace({text}, {literal(COST)}, {literal(COST_AS_TEXT)}, 'g')"
    minified = f"cast(json({exact}) as varchar)"
    typed = (
        f"case when strlen({text}) <= {LONGEST_USAGE_BYTES} and {is_object} then"
        f" regexp_replace({minified}, {literal(FREE_TEXT)}, '\"(text)\"', 'g') end"
    )
    return Cast(typed, None, source, "'not_a_usage_object'")


def _label(column: Column, sql_type: str) -> Cast:
    base = _base(sql_type)
    if base not in (*TEXTS, *INTEGERS, *WIDE_INTEGERS, *FLOATS, "DECIMAL", "BOOLEAN", "ENUM"):
        # A struct or list is no category.
        return Cast(f"case when s_{column.name} is not null then '(text)' end")
    text = as_text(f"s_{column.name}", sql_type)
    return Cast(
        f"case when strlen({text}) <= {LONGEST_LABEL_BYTES}"
        f" and regexp_full_match({text}, {literal(LABEL)}) then {text}"
        f" when {text} is not null then '(text)' end"
    )


def _written_number(column: Column, sql_type: str, digits: str) -> str:
    """Return s_<name> as a decimal; NULL unless it is written as a plain number."""
    text = as_text(f"s_{column.name}", sql_type)
    number = f"try_cast({text} as {digits})"
    if _base(sql_type) in FLOATS:
        return number
    # DuckDB alone would also take 1_000 and 0x10.
    return f"case when regexp_full_match({text}, {literal(NUMBER)}) then {number} end"


def _count(column: Column, sql_type: str) -> Cast:
    base = _base(sql_type)
    source, helper = f"s_{column.name}", f"h_{column.name}"
    if base in INTEGERS:
        code = f"case when {source} < 0 then 'negative' else 'too_large' end"
        bounds = f"{source} >= 0 and {source} < {TOO_LARGE}"
        return Cast(f"case when {bounds} then cast({source} as bigint) end", None, source, code)
    if base in WIDE_INTEGERS or base in FLOATS or base == "DECIMAL":
        reading = source
    elif base in TEXTS:
        reading = _written_number(column, sql_type, EXACT)
    elif base == '"NULL"':
        return Cast("cast(null as bigint)")
    else:
        raise refuse(column, sql_type)
    whole = f"{helper} >= 0 and {helper} < {TOO_LARGE} and {helper} = trunc({helper})"
    typed = f"case when {whole} then cast({helper} as bigint) end"
    return Cast(typed, reading, source, _number_code(column, sql_type))


def _number_code(column: Column, sql_type: str) -> str:
    helper = f"h_{column.name}"
    text = as_text(f"s_{column.name}", sql_type)
    return (
        f"case when not regexp_full_match({text}, {literal(NUMBER)}) then 'not_a_number'"
        f" when {helper} < 0 then 'negative'"
        f" when {helper} < {TOO_LARGE} and {helper} <> trunc({helper}) then 'not_whole'"
        " else 'too_large' end"
    )


def _rounded(column: Column, sql_type: str, transform: str) -> Cast:
    if _base(sql_type) not in (*INTEGERS, *WIDE_INTEGERS, *FLOATS, *TEXTS, "DECIMAL"):
        raise refuse(column, sql_type)
    if _base(sql_type) in FLOATS:
        reading = f"s_{column.name}"
    else:
        # Nine decimals of a millisecond are far below what a clock tells.
        reading = _written_number(column, sql_type, "decimal(28, 9)")
    if transform == "seconds_to_ms":
        reading = f"({reading}) * 1000"
    helper = f"h_{column.name}"
    # round() is half away from zero, for doubles and decimals alike.
    bounds = f"{helper} >= 0 and {helper} < {TOO_LARGE}"
    typed = f"case when {bounds} then cast(round({helper}, 0) as bigint) end"
    return Cast(typed, reading, f"s_{column.name}", _number_code(column, sql_type))


def _money(column: Column, sql_type: str) -> Cast:
    base = _base(sql_type)
    source = f"s_{column.name}"
    if base not in (*TEXTS, *FLOATS, *INTEGERS, *WIDE_INTEGERS, "DECIMAL"):
        raise refuse(column, sql_type)
    # The shortest text of a double is what its writer meant: 0.1 stays 0.1.
    typed = f"case when h_{column.name} is not null then trim({as_text(source, sql_type)}) end"
    reading = _written_number(column, sql_type, EXACT)
    if column.kind == "number":
        return Cast(typed, reading)
    return Cast(typed, reading, source, _number_code(column, sql_type))


def _score(column: Column, sql_type: str) -> Cast:
    if _base(sql_type) == "BOOLEAN":
        return Cast(f"case s_{column.name} when true then '1' when false then '0' end")
    number = _money(column, sql_type)
    if _base(sql_type) not in TEXTS:
        return number
    word = f"lower({as_text(f's_{column.name}', sql_type)})"
    return Cast(
        f"case {word} when 'true' then '1' when 'false' then '0' else {number.value} end",
        number.helper,
        number.present,
        number.code,
    )


def _instant(column: Column, sql_type: str, transform: str) -> str:
    """Return s_<name> as TIMESTAMP in UTC, NULL where it is none."""
    base = _base(sql_type)
    source = f"s_{column.name}"
    if transform in EPOCH_MICROSECONDS:
        if base not in (*INTEGERS, *WIDE_INTEGERS, *FLOATS, *TEXTS, "DECIMAL"):
            raise refuse(column, sql_type)
        number = f"try_cast({as_text(source, sql_type)} as decimal(28, 9))"
        micros = f"{number} * {EPOCH_MICROSECONDS[transform]}"
        if transform == "epoch_s_or_ms":
            micros = (
                f"case when abs({number}) < {FIRST_MILLISECONDS}"
                f" then {number} * 1000000 else {micros} end"
            )
        # Beyond 10^18 microseconds (the year 33658) a TIMESTAMP could overflow.
        bounded = f"greatest(-1, least({micros}, 1000000000000000000))"
        return f"make_timestamp(cast(trunc({bounded}) as bigint))"
    if base in ZONED:
        return f"make_timestamp(epoch_us({source}))"
    if base in TIMESTAMPS or base == "DATE":
        return f"cast({source} as timestamp)"
    if base in TEXTS:
        text = as_text(source, sql_type)
        if column.kind == "date" or transform in ("day_start", "day_end"):
            day = f"regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')"
            return f"case when {day} then cast(try_cast({text} as date) as timestamp) end"
        # A text cast to TIMESTAMP would drop the offset; this one applies it (session in UTC).
        return f"make_timestamp(epoch_us(try_cast({text} as timestamptz)))"
    raise FileRejectedError(
        f"column {column.name} has type {base}: its mapping needs transform epoch_s or epoch_ms"
    )


def _time(column: Column, sql_type: str, transform: str) -> Cast:
    helper = f"h_{column.name}"
    typed = helper
    if transform == "day_end":
        typed = f"{helper} + interval 1 day"
    if column.kind == "date":
        typed = f"cast({helper} as date)"
    bounds = f"{helper} >= timestamp '{EARLIEST}' and {helper} < timestamp '{LATEST}'"
    is_day = column.kind == "date" or transform in ("day_start", "day_end")
    return Cast(
        f"case when {bounds} then {typed} end",
        _instant(column, sql_type, transform),
        f"s_{column.name}",
        "'bad_date'" if is_day else "'bad_timestamp'",
    )


def _boolean(column: Column, sql_type: str) -> Cast:
    base = _base(sql_type)
    source, helper = f"s_{column.name}", f"h_{column.name}"
    if base == "BOOLEAN":
        return Cast(source)
    if base not in (*TEXTS, *INTEGERS):
        raise refuse(column, sql_type)
    # Gateways write a missing flag as the text None.
    reading = f"nullif(nullif(lower({as_text(source, sql_type)}), 'none'), 'null')"
    typed = (
        f"case when {helper} in ('true', 't', '1', 'yes', 'y') then true"
        f" when {helper} in ('false', 'f', '0', 'no', 'n') then false end"
    )
    return Cast(typed, reading, helper, "'bad_boolean'")
