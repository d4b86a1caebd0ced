"""`trueup price`: usage records of a file, priced by the models of the nightly job.

The file becomes the landing of a home of its own, which is loaded and priced like any other and
then deleted. So a price that this command prints is the price that the warehouse books.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.lib.compiled_models import build_model
from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.ingest import ingest_source, prepare
from dagster_project.lib.reference import load_reference
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import connect

COLUMNS = (
    "case_id",
    "provider",
    "channel",
    "requested_model",
    "response_model",
    "ts_utc",
    "service_tier",
    "processing",
    "inference_geo",
    "usage_native_json",
)
# Without these there is nothing to price; an empty cell of another column has a default.
NEEDED = ("case_id", "channel", "ts_utc", "usage_native_json")
MODEL = "int_usage_price_lines"
INVALID_REASONS = ("cached_exceeds_input", "reasoning_exceeds_output", "not_a_count")

Record = dict[str, Any]


def price_file(path: Path, contracts: Path | None, settings: Settings) -> Iterator[str]:
    """Yield one JSON line per record of `path`, in its order.

    Raises ConfigurationError where the file or the contracts cannot be read.
    """
    records = read_records(path)
    with tempfile.TemporaryDirectory(prefix="trueup-price-") as folder:
        home = replace(
            settings, home=Path(folder), quarantine_limit=1.0, resolution_maturity_days=7
        )
        _land(home, records)
        _take_reference(home, settings, contracts)
        with connect(home.warehouse) as con:
            prepare(con, home)
            _load_reference(con, home, settings, contracts)
            ingest_source(con, home, "usage_records")
            _require_loaded(con, path)
            build_model(con, MODEL)
            priced = _results(con)
            refused = _refusals(con)
            version = _version(con)
    for number, record in enumerate(records, start=1):
        result = priced.get(number) or refused.get(number) or _result("unpriced", "usage_missing")
        yield json.dumps(
            {"case_id": record["case_id"], **result, "rate_card_version": version}
            | {"lines": result["lines"]}
        )


def read_records(path: Path) -> list[Record]:
    """Return the records of a CSV or JSON-lines file, numbers as they are written.

    Raises ConfigurationError naming file, row, column and reason.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not a UTF-8 text") from error
    records = _json_lines(path, text) if text.lstrip().startswith("{") else _csv_rows(path, text)
    if not records:
        raise ConfigurationError(f"{path}: no rows")
    return records


def _csv_rows(path: Path, text: str) -> list[Record]:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ConfigurationError(f"{path}: not a CSV file ({error})") from error
    header = rows[0] if rows else []
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise ConfigurationError(f"{path} row 1: column {missing[0]} is missing")
    records = []
    for number, cells in enumerate(rows[1:], start=2):
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise ConfigurationError(
                f"{path} row {number}: {len(cells)} cells, {len(header)} are expected"
            )
        record = dict(zip(header, cells, strict=True))
        records.append({name: record[name] for name in COLUMNS})
    return records


def _json_lines(path: Path, text: str) -> list[Record]:
    records = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            # Numbers stay texts: a float would lose digits of a cost.
            record = json.loads(line, parse_float=str, parse_int=str)
        except ValueError as error:
            raise ConfigurationError(f"{path} row {number}: not a JSON object") from error
        if not isinstance(record, dict):
            raise ConfigurationError(f"{path} row {number}: not a JSON object")
        missing = [name for name in NEEDED if name not in record]
        if missing:
            raise ConfigurationError(f"{path} row {number}: column {missing[0]} is missing")
        records.append({name: record.get(name) for name in COLUMNS})
    return records


def _land(home: Settings, records: list[Record]) -> None:
    """Write the records as one landed file, each under its row number: case ids may repeat."""
    folder = home.landing / "usage_records"
    folder.mkdir(parents=True)
    with (folder / "records.jsonl").open("w", encoding="utf-8") as stream:
        for number, record in enumerate(records, start=1):
            named = {k: v for k, v in record.items() if v not in (None, "")}
            stream.write(json.dumps({**named, "case_id": str(number)}) + "\n")


def _take_reference(home: Settings, settings: Settings, contracts: Path | None) -> None:
    """Give the home the user's own model names, and the contracts that the caller names."""
    home.reference.mkdir(parents=True)
    own_names = settings.reference / "model_aliases.csv"
    if own_names.is_file():
        shutil.copyfile(own_names, home.reference / "model_aliases.csv")
    if contracts is not None:
        try:
            shutil.copyfile(contracts, home.reference / "contracts.csv")
        except OSError as error:
            raise ConfigurationError(f"{contracts}: cannot be read ({error.strerror})") from error


def _load_reference(
    con: duckdb.DuckDBPyConnection, home: Settings, settings: Settings, contracts: Path | None
) -> None:
    """Load the copies; an error names the caller's own file."""
    try:
        load_reference(con, home)
    except ConfigurationError as error:
        text = str(error)
        for name, own in (
            ("contracts.csv", contracts),
            ("model_aliases.csv", settings.reference / "model_aliases.csv"),
        ):
            text = text.replace(str(home.reference / name), str(own))
        raise ConfigurationError(text) from error


def _require_loaded(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Rows that cannot be read are refused one by one; a file that cannot is an error."""
    reasons = con.execute("select reason from raw.landed_files where status <> 'loaded'").fetchall()
    if reasons:
        raise ConfigurationError(f"{path}: cannot be read ({reasons[0][0]})")


def _results(con: duckdb.DuckDBPyConnection) -> dict[int, Record]:
    rows = con.execute(
        """
        select
            row_number,
            case
                when bool_or(unpriced_reason in (select unnest($invalid))) then 'invalid_usage'
                when count(unpriced_reason) > 0 then 'unpriced'
                else 'priced'
            end,
            arg_min(unpriced_reason, part_number) filter (where unpriced_reason is not null),
            sum(cost_usd),
            sum(list_cost_usd),
            arg_min(cost_basis, part_number)
        from intermediate.int_usage_priced
        where pricing_pass = 'booked'
        group by row_number
        """,
        {"invalid": list(INVALID_REASONS)},
    ).fetchall()
    lines = _lines(con)
    return {
        row[0]: _result(
            row[1],
            row[2],
            cost_usd=row[3] if row[1] == "priced" else None,
            list_cost_usd=row[4] if row[1] == "priced" else None,
            cost_basis=row[5] if row[1] == "priced" else None,
            lines=lines.get(row[0], []) if row[1] == "priced" else [],
        )
        for row in rows
    }


def _lines(con: duckdb.DuckDBPyConnection) -> dict[int, list[Record]]:
    rows = con.execute(
        """
        select row_number, meter, quantity, unit_price_usd, priced_per, cost_usd, rate_id,
            rate_status, list_unit_price_usd, contract_id
        from intermediate.int_usage_price_lines
        order by row_number, part_number, meter
        """
    ).fetchall()
    lines: dict[int, list[Record]] = {}
    for number, meter, quantity, price, per, cost, rate_id, status, list_price, contract in rows:
        lines.setdefault(number, []).append(
            {
                "meter": meter,
                "quantity": _text(quantity),
                "unit_price_usd": _text(price),
                "unit_price_per": per,
                "cost_usd": _text(cost),
                "rate_id": rate_id,
                "rate_status": status,
                "list_unit_price_usd": _text(list_price),
                "contract_id": contract,
            }
        )
    return lines


def _refusals(con: duckdb.DuckDBPyConnection) -> dict[int, Record]:
    """Rows that quarantine took: what they say cannot be read."""
    rows = con.execute(
        "select row_number, min(reason_code) from raw.quarantine group by row_number"
    ).fetchall()
    return {row[0]: _result("invalid_usage", row[1]) for row in rows}


def _version(con: duckdb.DuckDBPyConnection) -> str | None:
    row = con.execute(
        "select rate_card_version from reference.rate_card_versions where is_current"
    ).fetchone()
    return row[0] if row else None


def _result(
    status: str,
    reason: str | None,
    *,
    cost_usd: Decimal | None = None,
    list_cost_usd: Decimal | None = None,
    cost_basis: str | None = None,
    lines: list[Record] | None = None,
) -> Record:
    return {
        "status": status,
        "reason": reason,
        "cost_usd": _text(cost_usd),
        "list_cost_usd": _text(list_cost_usd),
        "cost_basis": cost_basis,
        "lines": lines or [],
    }


def _text(number: Decimal | None) -> str | None:
    """The decimal without exponent and without trailing zeros; 0 is '0'."""
    if number is None:
        return None
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
