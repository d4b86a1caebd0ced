"""Loading the user's reference tables: read, checked and replaced whole on every run."""

from __future__ import annotations

import csv
import datetime as dt
import functools
import hashlib
import io
import itertools
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import available_timezones

import duckdb
import pyarrow as pa

from dagster_project.lib import control_tables
from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.file_load import transaction
from dagster_project.lib.hashing import keyed_hash
from dagster_project.lib.reference_tables import (
    BILL_SOURCES,
    CALL_TAGS,
    LEDGER_SOURCES,
    REFERENCE_TABLES,
    ReferenceColumn,
    ReferenceTable,
)
from dagster_project.lib.settings import PROJECT_ROOT, Settings
from dagster_project.lib.sql import identifier
from dagster_project.sources import SOURCES

# The content of all reference tables, as one fingerprint.
FINGERPRINT = "reference"

HUNDRED_PERCENT = 100
# A call of more than a year ago led to nothing of today.
LONGEST_WINDOW_HOURS = 8784
CONTRACT_DECIMALS = 9
RATE_DECIMALS = 18
CURRENCY = re.compile("[A-Za-z]{3}")
# Prices and quantities beyond a thousand million are an error of the table, and leave their type.
LARGEST_NUMBER = 10**9

Row = dict[str, str | None]


def load_reference(con: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Replace every raw.reference_<name> table; say whether the content changed.

    A changed content makes every loaded day pending in the same transaction, so that a run that
    is killed after this point is completed by the next one. Raises ConfigurationError naming
    file, row, column and reason; then nothing was changed.
    """
    control_tables.create_control_tables(con)
    tables: dict[str, list[Row]] = {}
    meters = _meters(settings)
    digest = hashlib.sha256()
    for name, table in REFERENCE_TABLES.items():
        path = settings.reference / f"{name}.csv"
        content = path.read_bytes() if path.exists() else b""
        digest.update(f"{name}:{len(content)}:".encode() + content)
        tables[name] = _read(path, content, name, table) if content else []
        if name == "allocation_rules":
            _check_allocation(path, tables[name])
        for row in tables[name]:
            _check_meter(f"{path} row {int(row['_row_number'] or 0) + 1}", row, meters)
    changed = control_tables.fingerprint(con, FINGERPRINT) != digest.hexdigest()
    with transaction(con):
        for name, table in REFERENCE_TABLES.items():
            _replace(con, settings, name, table, tables[name])
        if changed:
            _all_days_pending(con)
            control_tables.set_fingerprint(con, FINGERPRINT, digest.hexdigest())
    return changed


def call_tags(settings: Settings) -> list[str]:
    """Return the tags that calls may carry, by reference/call_tags.csv; raises as loading does."""
    path = settings.reference / "call_tags.csv"
    content = path.read_bytes() if path.exists() else b""
    rows = _read(path, content, "call_tags", CALL_TAGS) if content else []
    return sorted(str(row["tag"]) for row in rows)


def _meters(settings: Settings) -> frozenset[str]:
    """The names of every meter that a price or a charge may be for."""
    path = settings.dbt_project_dir / "seeds" / "meters.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return frozenset(row["meter"] for row in csv.DictReader(stream)) | {"tokens", "*"}


def _check_meter(where: str, row: Row, meters: frozenset[str]) -> None:
    """A misspelt meter would fit nothing, and the list price would stand unseen."""
    meter = row.get("meter")
    if meter is not None and meter not in meters:
        raise ConfigurationError(f"{where}, column meter: no meter is named {meter!r}")


def _read(path: Path, content: bytes, name: str, table: ReferenceTable) -> list[Row]:
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        lines = [[cell.strip() for cell in cells] for cells in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path}: not a UTF-8 CSV file") from error
    wanted = [column.name for column in table.columns]
    header = lines[0] if lines else []
    if len(set(header)) < len(header) or not (
        set(wanted) - table.optional <= set(header) <= set(wanted)
    ):
        optional = f" ({', '.join(sorted(table.optional))} may be left out)"
        raise ConfigurationError(
            f"{path} row 1: the columns must be {','.join(wanted)}"
            f"{optional if table.optional else ''}"
        )
    rows: list[Row] = []
    seen: dict[tuple[str | None, ...], int] = {}
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise ConfigurationError(
                f"{path} row {number}: {len(cells)} cells, {len(header)} are expected"
            )
        values = dict(zip(header, cells, strict=True))
        row: Row = {"_row_number": str(number - 1)}
        for column in table.columns:
            row[column.name] = values.get(column.name) or None
            _check(f"{path} row {number}, column {column.name}", column, row[column.name])
            if column.kind == "instant":
                row[column.name] = _utc(row[column.name])
        _check_row(f"{path} row {number}", name, row)
        # an empty cell and '*' both mean any
        key = tuple(None if row[column] == "*" else row[column] for column in table.key)
        if key in seen:
            raise ConfigurationError(
                f"{path} row {number}: the same {', '.join(table.key)} as row {seen[key]}"
            )
        seen[key] = number
        rows.append(row)
    return rows


def _check(where: str, column: ReferenceColumn, value: str | None) -> None:
    if value is None:
        if column.required:
            raise ConfigurationError(f"{where}: a value is required")
        return
    if column.allowed and value not in column.allowed:
        raise ConfigurationError(f"{where}: {value!r} is not one of {', '.join(column.allowed)}")
    if column.kind == "date":
        try:
            day = dt.date.fromisoformat(value)
        except ValueError:
            day = None
        if day is None or day.isoformat() != value:
            raise ConfigurationError(f"{where}: {value!r} is not a date (YYYY-MM-DD)")
    if column.kind == "instant":
        _check_instant(where, value)
    if column.kind == "decimal":
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number < 0:
            raise ConfigurationError(f"{where}: {value!r} is not a number of 0 or more")
        if number >= LARGEST_NUMBER:
            raise ConfigurationError(f"{where}: {value!r} is not below {LARGEST_NUMBER}")


def _utc(value: str | None) -> str | None:
    """The instant as 2026-09-30T16:00:00+00:00; a day is its first instant."""
    if value is None:
        return None
    instant = dt.datetime.fromisoformat(value)
    return instant.replace(tzinfo=instant.tzinfo or dt.UTC).astimezone(dt.UTC).isoformat()


def _check_instant(where: str, value: str) -> None:
    try:
        instant = dt.datetime.fromisoformat(value)
    except ValueError:
        instant = None
    if instant is None or (len(value) > len("2026-09-30") and instant.tzinfo is None):
        raise ConfigurationError(
            f"{where}: {value!r} is neither 2026-09-30 nor 2026-09-30T16:00:00Z"
        )


def _check_row(where: str, name: str, row: Row) -> None:
    first, last = row.get("valid_from"), row.get("valid_to")
    if first and last and last < first:
        raise ConfigurationError(f"{where}, column valid_to: {last} is before valid_from {first}")
    if name == "source_precedence":
        known = LEDGER_SOURCES if row["role"] == "ledger" else BILL_SOURCES
        if row["source"] not in known:
            raise ConfigurationError(
                f"{where}, column source: {row['source']!r} is not one of {', '.join(known)}"
            )
    if name in ("tolerances", "true_up_rules"):
        _check_residual(where, name, row)
    if name == "contracts":
        _check_contract(where, row)
    if name == "contract_charges":
        _check_contract_charge(where, row)
    if name in ("fx_rates", "fx_policies"):
        _check_fx(where, name, row)
    if name == "event_time_zones" and row["time_zone"] not in available_timezones():
        raise ConfigurationError(
            f"{where}, column time_zone: {row['time_zone']!r} is not a known time zone"
            " (example: America/New_York)"
        )
    if name == "attribution_windows" and Decimal(row["window_hours"] or 0) > LONGEST_WINDOW_HOURS:
        raise ConfigurationError(
            f"{where}, column window_hours: at most {LONGEST_WINDOW_HOURS}, which is a year"
        )
    if name == "accounts" and row["source"] == "*":
        raise ConfigurationError(f"{where}, column source: name one source; '*' fits none")


@functools.cache
def _residual_names() -> dict[str, frozenset[str]]:
    """What tolerances and true-up rules may name: codes and families, and kinds of tolerance."""
    seeds = PROJECT_ROOT / "dbt" / "seeds"

    def rows_of(seed: str) -> list[dict[str, str]]:
        with (seeds / f"{seed}.csv").open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    codes = rows_of("residual_codes")
    # what is proved goes to its rows anyway, and a family may hold both
    spread = [code for code in codes if code["is_proved"] == "false" and code["is_usage"] == "true"]
    names = ("residual_code", "family")
    return {
        "tolerances": frozenset(
            {code[name] for code in codes for name in names}
            | {kind["tolerance"] for kind in rows_of("tolerance_kinds")}
        ),
        "true_up_rules": frozenset(code[name] for code in spread for name in names),
    }


def _check_residual(where: str, name: str, row: Row) -> None:
    """A misspelt code would fit nothing and change nothing."""
    column = "residual_code" if name == "tolerances" else "residual"
    known = _residual_names()[name]
    if row[column] not in known and not (name == "true_up_rules" and row[column] in (None, "*")):
        raise ConfigurationError(
            f"{where}, column {column}: {row[column]!r} is not one of {', '.join(sorted(known))}"
        )


def _check_allocation(path: Path, rows: list[Row]) -> None:
    """A feature's cost is given away once, by one method, whole, and not given on."""
    sources = {row["source_feature"] for row in rows}
    groups: dict[tuple[str | None, ...], list[Row]] = {}
    for row in rows:
        where = f"{path} row {int(row['_row_number'] or 0) + 1}"
        if row["target_feature"] in sources:
            raise ConfigurationError(
                f"{where}, column target_feature: {row['target_feature']!r} gives its own cost"
                " away; a cost is allocated once, name the last receiver"
            )
        if (row["method"] == "fixed") != (row["percent"] is not None):
            raise ConfigurationError(f"{where}, column percent: for method fixed, and only there")
        if row["method"] in ("direct", "fixed") and row["target_feature"] == "*":
            raise ConfigurationError(f"{where}, column target_feature: name one feature")
        groups.setdefault((row["source_feature"], row["valid_from"]), []).append(row)
    for (source, _), members in groups.items():
        where = f"{path} row {int(members[0]['_row_number'] or 0) + 1}"
        if len({(row["method"], row["rule"], row["valid_to"]) for row in members}) > 1:
            raise ConfigurationError(
                f"{where}: the rows of {source} from one date have one rule, method and valid_to"
            )
        method = members[0]["method"]
        if method == "direct" and len(members) > 1:
            raise ConfigurationError(f"{where}: method direct has one target_feature")
        if len(members) > 1 and any(row["target_feature"] == "*" for row in members):
            raise ConfigurationError(f"{where}: '*' already names every feature")
        total = sum(Decimal(row["percent"] or 0) for row in members)
        if method == "fixed" and total != HUNDRED_PERCENT:
            raise ConfigurationError(f"{where}, column percent: {source} sums to {total}, not 100")
    _check_allocation_dates(path, groups)


def _check_allocation_dates(path: Path, groups: dict[tuple[str | None, ...], list[Row]]) -> None:
    """Two rules of one feature may follow one another, never run at the same time."""
    spans: dict[str | None, list[tuple[str, str, Row]]] = {}
    for (source, valid_from), members in groups.items():
        span = (valid_from or "0000-01-01", members[0]["valid_to"] or "9999-12-31", members[0])
        spans.setdefault(source, []).append(span)
    for source, dated in spans.items():
        dated.sort(key=lambda span: span[0])
        for (_, earlier_end, _), (start, _, row) in itertools.pairwise(dated):
            if start < earlier_end:
                raise ConfigurationError(
                    f"{path} row {int(row['_row_number'] or 0) + 1}, column valid_from:"
                    f" {source} has another rule until {earlier_end}"
                )


def _check_contract(where: str, row: Row) -> None:
    """A term's value must fit its kind, and a price must say what it is for."""
    value = row["value"]
    if row["kind"] != "free" and value is None:
        raise ConfigurationError(f"{where}, column value: {row['kind']} needs a value")
    if row["kind"] == "percent_off" and Decimal(value or 0) > HUNDRED_PERCENT:
        raise ConfigurationError(f"{where}, column value: {value} % off is more than the price")
    if row["kind"] == "fixed_price" and row["meter"] in (None, "*"):
        raise ConfigurationError(f"{where}, column meter: a fixed price needs its meter")
    if row["kind"] == "fixed_price" and row["per"] is None and not _is_token(str(row["meter"])):
        raise ConfigurationError(
            f"{where}, column per: say for how many units of {row['meter']} the price is"
        )
    if value is not None and -int(Decimal(value).as_tuple().exponent) > CONTRACT_DECIMALS:
        raise ConfigurationError(
            f"{where}, column value: {value} has more than {CONTRACT_DECIMALS} decimals"
        )
    for name in ("per", "priority"):
        number = Decimal(row[name] or 1)
        if number != number.to_integral_value() or (name == "per" and number < 1):
            raise ConfigurationError(f"{where}, column {name}: {row[name]} is not a whole number")


def _check_fx(where: str, name: str, row: Row) -> None:
    """A currency is three letters, a rate is above zero and has no more places than are kept."""
    currency = row["currency"]
    if currency not in (None, "*") and not CURRENCY.fullmatch(str(currency)):
        raise ConfigurationError(
            f"{where}, column currency: {currency!r} is not an ISO code such as EUR"
        )
    if currency == "USD":
        raise ConfigurationError(f"{where}, column currency: USD needs no rate")
    column = "usd_per_unit" if name == "fx_rates" else "contract_rate"
    rate = row[column]
    if name == "fx_policies" and (row["policy"] == "contract") != (rate is not None):
        raise ConfigurationError(
            f"{where}, column contract_rate: for policy contract, and only there"
        )
    if rate is None:
        return
    if name == "fx_policies" and currency in (None, "*"):
        raise ConfigurationError(f"{where}, column currency: a contract rate is for one currency")
    if Decimal(rate) == 0:
        raise ConfigurationError(f"{where}, column {column}: a rate is above 0")
    if -int(Decimal(rate).as_tuple().exponent) > RATE_DECIMALS:
        raise ConfigurationError(
            f"{where}, column {column}: {rate} has more than {RATE_DECIMALS} decimals"
        )


def _is_token(meter: str) -> bool:
    return meter == "tokens" or meter.endswith("_tokens")


# What each kind of charge cannot do without.
CHARGE_NEEDS = {
    "fixed_fee": ("amount_usd",),
    "minimum_fee": ("amount_usd",),
    "commitment": ("amount_usd",),
    "volume_discount": ("threshold_usd", "percent"),
    "capacity": ("meter", "quantity"),
    "storage": ("meter", "quantity"),
}


def _check_contract_charge(where: str, row: Row) -> None:
    for column in CHARGE_NEEDS[str(row["kind"])]:
        if row[column] is None:
            raise ConfigurationError(f"{where}, column {column}: {row['kind']} needs a value")
    if row["percent"] is not None and Decimal(row["percent"]) > HUNDRED_PERCENT:
        raise ConfigurationError(f"{where}, column percent: {row['percent']} is more than 100")


def _replace(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    name: str,
    table: ReferenceTable,
    rows: list[Row],
) -> None:
    raw = f"raw.{identifier(f'reference_{name}')}"
    columns = [column.raw_name for column in table.columns]
    declared = ", ".join(f"{identifier(column)} VARCHAR" for column in columns)
    con.execute(f"create or replace table {raw} (_row_number BIGINT, {declared})")
    if not rows:
        return
    data = {"_row_number": pa.array([int(row["_row_number"] or 0) for row in rows], pa.int64())}
    for column in table.columns:
        values = [row[column.name] for row in rows]
        if column.stored_as is not None:
            values = [v if v is None else keyed_hash(v, settings.hash_key) for v in values]
        data[column.raw_name] = pa.array(values, pa.string())
    con.register("reference_in_memory", pa.table(data))
    con.execute(f"insert into {raw} select * from reference_in_memory")
    con.unregister("reference_in_memory")


def _all_days_pending(con: duckdb.DuckDBPyConnection) -> None:
    """Make the day of every loaded row pending."""
    present = {
        row[0]
        for row in con.execute(
            "select table_name from duckdb_tables() where schema_name = 'raw'"
            " and database_name = current_database()"
        ).fetchall()
    }
    for source in SOURCES.values():
        if source.raw_table in present:
            first, last = source.day_columns[0], source.day_columns[-1]
            con.execute(
                "insert into raw.pending_days select distinct cast(day as date) from ("
                f"select unnest(generate_series(cast(first as timestamp), cast(last as timestamp),"
                f" interval 1 day)) as day from (select distinct cast({first} as date) as first,"
                f" cast({last} as date) as last from raw.{identifier(source.raw_table)}))"
                " where cast(day as date) not in (select day from raw.pending_days)"
            )
