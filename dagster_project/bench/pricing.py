"""`python -m dagster_project.bench.pricing`: how fast calls are priced, against two yardsticks.

TrueUp's own pricing models, as dbt compiles them, price generated calls; a hand-written join does
the same job on the same tables; and genai-prices prices a sample of the calls one at a time. Both
SQL sides must agree in every row. First with the real card, then with one of --card-rows rows.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.bench.children import load
from dagster_project.bench.dbt_steps import EVERY_DAY, build
from dagster_project.bench.measure import Measured, run_measured
from dagster_project.bench.pricing_children import BARE_PRICED, LoopTook, Took, drop, name_inputs
from dagster_project.bench.pricing_models import LEDGER, Plan, listed, plan_pricing, relation_of
from dagster_project.bench.run import environment_of, prepare_work_folder
from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.progress import say
from dagster_project.lib.settings import PROJECT_ROOT, Settings
from dagster_project.lib.sql import identifier, one_row
from dagster_project.lib.warehouse import connect

CALLS_SQL = Path(__file__).with_name("pricing_calls.sql")
BLOW_UP_SQL = Path(__file__).with_name("pricing_blow_up.sql")

# Beside the folder of the benchmark of the whole run, which may be kept for a look.
WORK_FOLDER = "trueup-bench-pricing"

DEFAULT_ROWS = 10_000_000
DEFAULT_CARD_ROWS = 100_000
DEFAULT_LOOP_CALLS = 20_000

# Each side runs so often and its fastest run counts: other work on the machine only adds time.
ROUNDS = 2

# With every channel of the card that is some hundred models; the second number lets invented ones
# of a blown-up card into the log beside them.
MODELS_PER_CHANNEL = 12
MODELS_PER_CHANNEL_BLOWN_UP = 40

# Names a generated call.
KEY = "row_number"

# What is written of each call, by both sides: its cost alone, as the loop gives it; all that
# pricing adds to a call; or the whole row that the ledger takes.
COST, PRICING, LEDGER_ROW = WIDTHS = ("cost", "pricing", "ledger")
COST_COLUMNS = {"list_cost_usd", "cost_usd", "unpriced_reason"}
# The ledger makes its row ids of these.
LEDGER_KEYS = {"part_number", "call_id", "file_id"}

GIBIBYTE = 1 << 30
HEADER = (
    *("", "calls/s", "calls/cpu s", "card s", "calls s", "cpu s"),
    *("GiB", "x loop", "/ bare", "cpu /"),
)


@dataclass(frozen=True)
class Timed:
    """The fastest run of one side, and the process around it."""

    took: Took
    process: Measured

    @property
    def seconds(self) -> float:
        """Wall seconds of card and calls together."""
        return self.took.card_seconds + self.took.calls_seconds

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds of card and calls together."""
        return self.took.card_cpu_seconds + self.took.calls_cpu_seconds


@dataclass(frozen=True)
class Agreement:
    """What both sides say of the same calls: equal, or the benchmark stops."""

    calls: int
    priced: int
    models: int
    channels: int
    days: int
    batch: int
    cost_usd: str


@dataclass(frozen=True)
class CardFigures:
    """One card: its size, both sides' times and what they agreed on."""

    card_rows: int
    ours: Timed
    bare: Timed
    agreement: Agreement


@dataclass(frozen=True)
class Figures:
    """The real card, the blown-up one, and the loop on the real one; None without genai-prices."""

    cards: list[CardFigures]
    loop: LoopTook | None


def run_pricing(
    home: Path,
    rows: int = DEFAULT_ROWS,
    card_rows: int = DEFAULT_CARD_ROWS,
    loop_calls: int = DEFAULT_LOOP_CALLS,
    *,
    width: str = PRICING,
    keep: bool = False,
) -> Figures:
    """Measure everything once; raise TrueUpError when the two SQL sides differ in any row.

    Needs about 0.3 kB of disk a row below `home`, given back at the end unless `keep`.
    """
    work = prepare_work_folder(home, WORK_FOLDER)
    try:
        return _measure(work, rows, card_rows, loop_calls, width=width)
    finally:
        if not keep:
            shutil.rmtree(work, ignore_errors=True)


def _measure(work: Path, rows: int, card_rows: int, loop_calls: int, *, width: str) -> Figures:
    environment = environment_of(work / "home")
    settings = Settings.from_environment(environment)
    say("building the pricing models on empty inputs")
    plan = prepare_warehouse(settings, environment, work, width)
    cards: list[CardFigures] = []
    loop = None
    for is_blown_up in (False, True):
        with connect(settings.warehouse) as con:
            if is_blown_up:
                blow_up(con, plan, card_rows)
            fill_calls(con, plan, rows, is_blown_up=is_blown_up)
            size = int(one_row(con, f"select count(*) from {plan.rate_card}")[0])
        say(f"{rows:,} calls, a card of {size:,} rows")
        ours, bare = _both_sides(settings.warehouse, environment, work)
        with connect(settings.warehouse) as con:
            agreement = compare(con, plan)
        say(f"both sides give {agreement.cost_usd} USD for {agreement.priced:,} priced calls")
        cards.append(CardFigures(size, ours, bare, agreement))
        if not is_blown_up and find_spec("genai_prices"):
            loop = _loop(settings.warehouse, environment, work, loop_calls)
            say(f"{loop.calls:,} calls one at a time: {loop.seconds:,.1f} s")
    return Figures(cards, loop)


def prepare_warehouse(
    settings: Settings, environment: Mapping[str, str], work: Path, width: str = PRICING
) -> Plan:
    """Build the models on empty inputs, which gives every relation its columns; return the plan."""
    load(settings)
    selection = ["--exclude-resource-type", "test", "--select", f"+{LEDGER}"]
    built = work / "dbt"
    build(settings, EVERY_DAY, selection, environment, built)
    manifest = built / "target" / "manifest.json"
    plan = plan_pricing(manifest)
    with connect(settings.warehouse) as con:
        taken = set(_columns(con, relation_of(manifest, LEDGER)))
        chosen = {
            COST: COST_COLUMNS,
            PRICING: taken - set(_columns(con, plan.usage_rows)),
            LEDGER_ROW: taken | LEDGER_KEYS,
        }[width] | {KEY}
        columns = [name for name in _columns(con, plan.priced) if name in chosen]
    plan = replace(plan, columns=columns)
    plan.save(work / "plan.json")
    return plan


def fill_calls(
    con: duckdb.DuckDBPyConnection, plan: Plan, rows: int, *, is_blown_up: bool = False
) -> None:
    """Put `rows` generated calls in the place of the usage rows; build what reads them alone."""
    name_inputs(con, plan)
    con.execute("set preserve_insertion_order = false")
    con.execute("set variable total_rows = $rows", {"rows": rows})
    per_channel = MODELS_PER_CHANNEL_BLOWN_UP if is_blown_up else MODELS_PER_CHANNEL
    con.execute("set variable models_per_channel = $number", {"number": per_channel})
    con.execute(CALLS_SQL.read_text(encoding="utf-8"))
    if int(one_row(con, "select count(*) from menu where kind = 'plain'")[0]) == 0:
        raise TrueUpError("the rate card has no model to generate calls of")
    wanted = _columns(con, plan.usage_rows)
    given = _columns(con, "bench_calls()")
    selected = ", ".join(
        f"cast({_generated(name, kind, name in given)} as {kind}) as {identifier(name)}"
        for name, kind in wanted.items()
    )
    drop(con, plan.usage_rows)
    con.execute(f"create table {plan.usage_rows} as select {selected} from bench_calls()")
    for model in plan.given:
        con.execute(model.statement)
    con.execute("checkpoint")


def blow_up(con: duckdb.DuckDBPyConnection, plan: Plan, card_rows: int) -> None:
    """Add invented models to the rate card until it has about `card_rows` rows."""
    name_inputs(con, plan)
    con.execute("set variable total_rows = 0")
    con.execute("set variable models_per_channel = $number", {"number": MODELS_PER_CHANNEL})
    con.execute(CALLS_SQL.read_text(encoding="utf-8"))
    con.execute("set variable card_rows = $rows", {"rows": card_rows})
    con.execute(BLOW_UP_SQL.read_text(encoding="utf-8"))
    con.execute(f"insert into {plan.rate_card} by name from added_card")
    con.execute(f"insert into {plan.model_aliases} by name from added_aliases")


def compare(con: duckdb.DuckDBPyConnection, plan: Plan) -> Agreement:
    """Compare both sides' priced calls row by row; raise TrueUpError when they differ."""
    compared = listed([name for name in plan.columns if name != KEY])
    hashed = f"select row_number, hash({compared}) as digest from"
    different = one_row(
        con,
        f"select count(*) from ({hashed} {plan.priced}) as ours"
        f" full join ({hashed} {BARE_PRICED}) as bare on ours.row_number = bare.row_number"
        " where ours.digest is distinct from bare.digest",
    )[0]
    if different:
        raise TrueUpError(f"TrueUp and the hand-written join differ in {different:,} calls")
    sums = [_agreement(con, plan, relation) for relation in (plan.priced, BARE_PRICED)]
    if sums[0] != sums[1]:
        raise TrueUpError(f"the sums differ: {sums[0]} and {sums[1]}")
    return sums[0]


def _agreement(con: duckdb.DuckDBPyConnection, plan: Plan, relation: str) -> Agreement:
    return Agreement(
        *one_row(
            con,
            "select count(*), count(list_cost_usd), count(distinct model_requested),"
            " count(distinct channel), count(distinct usage_date),"
            " count(*) filter (processing = 'batch'),"
            " cast(coalesce(sum(list_cost_usd), 0) as varchar)"
            f" from (select row_number, list_cost_usd from {relation}) as priced"
            f" inner join {plan.usage_rows} as calls using (row_number)",
        )
    )


def _both_sides(warehouse: Path, environment: Mapping[str, str], work: Path) -> tuple[Timed, Timed]:
    runs: dict[str, list[Timed]] = {"bare": [], "ours": []}
    for _ in range(ROUNDS):
        for side, timed in runs.items():
            measured, printed = _child([side, str(warehouse)], environment, work)
            timed.append(Timed(Took(**printed), measured))
            say(f"{side}: {timed[-1].seconds:,.1f} s, {timed[-1].cpu_seconds:,.1f} s of processor")
    ours, bare = (min(runs[side], key=lambda timed: timed.seconds) for side in ("ours", "bare"))
    return ours, bare


def _loop(warehouse: Path, environment: Mapping[str, str], work: Path, loop_calls: int) -> LoopTook:
    _, printed = _child(["loop", str(warehouse)], environment, work, str(loop_calls))
    return LoopTook(**printed)


def _child(
    arguments: list[str], environment: Mapping[str, str], work: Path, *more: str
) -> tuple[Measured, dict[str, Any]]:
    log = work / f"{arguments[0]}.out"
    command = [sys.executable, "-m", "dagster_project.bench.pricing_children", *arguments]
    measured = run_measured([*command, str(work / "plan.json"), *more], environment, log)
    printed = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    return measured, printed


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"describe from {relation}").fetchall()}


def _generated(name: str, kind: str, is_given: bool) -> str:
    """A column that the generator leaves out is 0 where it counts tokens and NULL elsewhere."""
    if is_given:
        return identifier(name)
    return "0" if name.endswith("_tokens") and "INT" in kind else "null"


def render(figures: Figures) -> str:
    """Return the table of rates and ratios, and what was priced."""
    loop = figures.loop
    lines: list[tuple[str, ...]] = [HEADER]
    told = ["genai-prices is not installed (pip install -e .[rates]), so no loop was timed"]
    if loop is not None:
        lines.append(("genai-prices, one call at a time", *_loop_cells(loop)))
        told = [
            f"genai-prices gives TrueUp's list cost to the last digit for {loop.equal:,} of"
            f" {loop.calls:,} calls"
        ]
    for card in figures.cards:
        size = f"card of {card.card_rows:,} rows"
        lines.append((f"TrueUp, {size}", *_side_cells(card.ours, card, loop)))
        lines.append((f"bare join, {size}", *_side_cells(card.bare, card, loop)))
    agreed = [
        f"{card.agreement.calls:,} calls of {card.agreement.models} model names over"
        f" {card.agreement.channels} channels and {card.agreement.days} days,"
        f" {100 * card.agreement.batch // card.agreement.calls} % batch,"
        f" {card.agreement.priced:,} priced: {card.agreement.cost_usd} USD on both sides"
        for card in figures.cards
    ]
    return "\n".join(
        [
            *_aligned(lines),
            "",
            *agreed,
            *told,
            f"each SQL side ran {ROUNDS} times and its faster run counts; card s: the price tables,"
            " calls s: the priced calls; the rates and ratios are of both together",
            "cpu: processor seconds; the fairer figure on a shared machine",
        ]
    )


def _loop_cells(loop: LoopTook) -> tuple[str, ...]:
    cpu_rate = f"{loop.calls / loop.cpu_seconds:,.0f}"
    times = (f"{loop.seconds:,.1f}", f"{loop.cpu_seconds:,.1f}")
    return (f"{loop.calls / loop.seconds:,.0f}", cpu_rate, "", *times, "", "1", "", "")


def _side_cells(side: Timed, card: CardFigures, loop: LoopTook | None) -> tuple[str, ...]:
    rate = card.agreement.calls / side.seconds
    return (
        f"{rate:,.0f}",
        f"{card.agreement.calls / side.cpu_seconds:,.0f}",
        f"{side.took.card_seconds:,.1f}",
        f"{side.took.calls_seconds:,.1f}",
        f"{side.cpu_seconds:,.1f}",
        f"{side.process.largest_process_bytes / GIBIBYTE:.1f}",
        f"{rate * loop.seconds / loop.calls:,.0f}" if loop else "",
        f"{side.seconds / card.bare.seconds:.2f}",
        f"{side.cpu_seconds / card.bare.cpu_seconds:.2f}",
    )


def _aligned(lines: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and print its table; the exit codes are those of `trueup`."""
    parser = argparse.ArgumentParser(
        prog="python -m dagster_project.bench.pricing", description=__doc__
    )
    parser.add_argument("--rows", type=int, default=DEFAULT_ROWS, help="calls to generate")
    parser.add_argument("--card-rows", type=int, default=DEFAULT_CARD_ROWS, help="rows to reach")
    parser.add_argument("--loop-calls", type=int, default=DEFAULT_LOOP_CALLS, help="calls to loop")
    parser.add_argument(
        "--width",
        choices=WIDTHS,
        default=PRICING,
        help="what is written of a call: its cost, what pricing adds, or the ledger's whole row",
    )
    parser.add_argument("--keep", action="store_true", help="leave the warehouse for a look")
    parser.add_argument(
        "--home",
        type=Path,
        default=PROJECT_ROOT / "data",
        help=f"where a folder {WORK_FOLDER} is written (default: data/)",
    )
    options = parser.parse_args(arguments)
    if min(options.rows, options.loop_calls) < 1:
        parser.error("--rows and --loop-calls take 1 or more")
    try:
        figures = run_pricing(
            options.home,
            options.rows,
            options.card_rows,
            options.loop_calls,
            width=options.width,
            keep=options.keep,
        )
    except TrueUpError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(render(figures))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
