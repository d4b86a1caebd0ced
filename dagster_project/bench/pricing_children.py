"""The measured parts of the pricing benchmark, each in a process of its own.

    python -m dagster_project.bench.pricing_children ours|bare|loop WAREHOUSE PLAN [CALLS]

`ours` runs the project's pricing models, `bare` the hand-written join, `loop` prices CALLS of the
same calls one by one with genai-prices. Each prints one line of JSON: what took how long.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.bench.pricing_models import Plan, listed
from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.warehouse import connect

BARE_SQL = Path(__file__).with_name("pricing_baseline.sql")
BARE_PRICED = "bare.priced"

# Any number: it shuffles the calls, so that the sample is of all days and models.
SAMPLE_SALT = 99

TOKEN_COLUMNS = (
    *("input_uncached_tokens", "input_cache_read_tokens", "input_cache_write_5m_tokens"),
    *("input_cache_write_30m_tokens", "input_cache_write_1h_tokens", "output_tokens"),
    "web_search_calls",
)


@dataclass(frozen=True)
class Took:
    """Wall and processor seconds of the price card and of the calls."""

    card_seconds: float
    card_cpu_seconds: float
    calls_seconds: float
    calls_cpu_seconds: float


@dataclass(frozen=True)
class LoopTook:
    """The loop of one call at a time; `equal` calls have TrueUp's list cost to the last digit."""

    calls: int
    seconds: float
    cpu_seconds: float
    equal: int


def ours(warehouse: Path, plan: Plan) -> Took:
    """Build the card's models and the priced calls with the project's own SQL."""
    with _opened(warehouse) as con:
        drop(con, plan.priced)
        return _timed(con, plan.card_statements, plan.calls_statements)


def bare(warehouse: Path, plan: Plan) -> Took:
    """Run the hand-written card and join on the same tables; raise where they lack a column."""
    with _opened(warehouse) as con:
        name_inputs(con, plan)
        con.execute("create schema if not exists bare")
        script = duckdb.extract_statements(BARE_SQL.read_text(encoding="utf-8"))
        card = [statement.query for statement in script]
        for statement in card:
            con.execute(statement)
        given = {row[0] for row in con.execute("describe from bare_joined").fetchall()}
        if missing := [name for name in plan.columns if name not in given]:
            raise TrueUpError(f"{BARE_SQL.name} does not give {', '.join(missing)}; adapt it")
        join = f"select {listed(plan.columns)} from bare_joined"
        return _timed(con, card, [f"create or replace table {BARE_PRICED} as {join}"])


def loop(warehouse: Path, plan: Plan, calls: int) -> LoopTook:
    """Price calls one at a time with genai-prices, models found by provider id beforehand."""
    from dagster_project.rates.compare.genai import package  # noqa: PLC0415

    genai_prices = package()
    sample = _sample(warehouse, plan, calls)
    asked = [call for row in sample if (call := _asked(row)) and _is_known(genai_prices, call)]
    clock, cpu = time.monotonic(), time.process_time()
    amounts = [
        genai_prices.calc_price(
            genai_prices.Usage(**call.usage),
            call.model,
            provider_id=call.provider_id,
            genai_request_timestamp=call.requested_at,
            price_context=call.context,
        ).total_price
        for call in asked
    ]
    seconds, cpu_seconds = time.monotonic() - clock, time.process_time() - cpu
    equal = sum(amount == call.cost for amount, call in zip(amounts, asked, strict=True))
    return LoopTook(len(asked), seconds, cpu_seconds, equal)


def name_inputs(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Give the warehouse's inputs the names that the hand-written SQL uses."""
    for name, relation in (
        ("bench_rows", plan.usage_rows),
        ("bench_card", plan.rate_card),
        ("bench_aliases", plan.model_aliases),
        ("bench_versions", plan.versions),
    ):
        con.execute(f"create or replace temp view {name} as from {relation}")


def drop(con: duckdb.DuckDBPyConnection, relation: str) -> None:
    """Drop a table or a view, whichever dbt made."""
    name = relation.rsplit(".", maxsplit=1)[-1].strip('"')
    views = con.execute("select 1 from duckdb_views() where view_name = $name", {"name": name})
    con.execute(f"drop {'view' if views.fetchall() else 'table'} {relation}")


@dataclass(frozen=True)
class Asked:
    """One call as genai-prices is asked for it, and TrueUp's list cost of it."""

    provider_id: str
    model: str
    requested_at: datetime
    usage: dict[str, int]
    context: dict[str, str] | None
    cost: Decimal | None


def _sample(warehouse: Path, plan: Plan, calls: int) -> list[dict[str, Any]]:
    asked = ("channel", "model_served", "processing", "service_tier", "requested_at")
    columns = ", ".join((*asked, *TOKEN_COLUMNS, "list_cost_usd"))
    with _opened(warehouse) as con:
        found = con.execute(
            f"select {columns} from {plan.usage_rows}"
            f" inner join (select row_number, list_cost_usd from {plan.priced}) using (row_number)"
            f" order by hash(row_number, {SAMPLE_SALT}) limit $calls",
            {"calls": calls},
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _asked(row: dict[str, Any]) -> Asked | None:
    from dagster_project.rates.compare.genai import PROVIDER_IDS  # noqa: PLC0415

    uncached, read, write_5m, write_30m, write_1h, output, searches = (
        int(row[name]) for name in TOKEN_COLUMNS
    )
    usage = {
        "input_tokens": uncached + read + write_5m + write_30m + write_1h,
        "cache_read_tokens": read,
        "cache_write_tokens": write_5m + write_30m + write_1h,
        "cache_write_1h_tokens": write_1h,
        "output_tokens": output,
        "web_searches": searches,
    }
    is_fast = row["service_tier"] == "fast"
    context = {"processing": "batch"} if row["processing"] == "batch" else {}
    if row["service_tier"] != "standard":
        context["speed" if is_fast else "service_tier"] = row["service_tier"]
    return Asked(
        provider_id=PROVIDER_IDS.get(row["channel"], row["channel"]),
        model=row["model_served"],
        requested_at=row["requested_at"].replace(tzinfo=UTC),
        usage={name: value for name, value in usage.items() if value},
        context=context or None,
        cost=row["list_cost_usd"],
    )


def _is_known(genai_prices: Any, call: Asked) -> bool:
    """Find the model once, so that the loop's own look-up is a cached one."""
    try:
        genai_prices.calc_price(
            genai_prices.Usage(input_tokens=1), call.model, provider_id=call.provider_id
        )
    except LookupError:
        return False
    return True


def _timed(con: duckdb.DuckDBPyConnection, card: list[str], calls: list[str]) -> Took:
    """Run both parts; each is done when its tables are on disk."""
    spans = []
    for statements in (card, calls):
        clock, cpu = time.monotonic(), time.process_time()
        for statement in statements:
            con.execute(statement)
        con.execute("checkpoint")
        spans += [time.monotonic() - clock, time.process_time() - cpu]
    return Took(*spans)


@contextmanager
def _opened(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse with the settings that dbt's profile gives it."""
    with connect(warehouse) as con:
        con.execute("set preserve_insertion_order = false")
        yield con


def main(arguments: list[str]) -> int:
    """Run one part and print what it took."""
    part, warehouse, plan = arguments[0], Path(arguments[1]), Plan.load(Path(arguments[2]))
    took: Took | LoopTook
    if part == "loop":
        took = loop(warehouse, plan, int(arguments[3]))
    else:
        took = {"ours": ours, "bare": bare}[part](warehouse, plan)
    print(json.dumps(asdict(took)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
