"""`python -m dagster_project.bench.reconcile`: a year of three providers' bills, reconciled.

Writes call logs, a usage report and bills of `--models` models at OpenAI, Azure and Google for a
number of months, one percent of the bill lines a tenth too high; loads and prices them; then
measures the models from the comparison days to the bridge, each span of months in its own home.
"""

from __future__ import annotations

import argparse
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.bench.dbt_steps import EVERY_DAY, DbtBuild, build
from dagster_project.lib.ingest import ingest_source, ingest_unrecognised
from dagster_project.lib.progress import say
from dagster_project.lib.reference import load_reference
from dagster_project.lib.settings import PROJECT_ROOT, Settings
from dagster_project.lib.warehouse import connect
from dagster_project.sources import SOURCES

FOLDER = "trueup-bench-reconcile"
HASH_KEY = "the benchmark's own key, of no use elsewhere"
MODELS_SQL = Path(__file__).with_name("reconcile_usage.sql")

RECONCILED = ["+payable_bridges", "+dispute_lines", "+rate_proposals"]
MEBIBYTE = 1_048_576

MAPPING = """\
target,path,constant,transform,note
kind,,call_log,,
format,,jsonl,,
call_id,call_id,,,
requested_at,requested_at,,,
channel,channel,,,
api_key_id,api_key_id,,,
model_served,model,,,
usage_convention,,disjoint,,
input_tokens,input_tokens,,,
output_tokens,output_tokens,,,
status,,success,,
"""


# The log names no account; the bills have one each.
ACCOUNTS = """\
source,instance,channel,account
focus_costs,ba-azure,azure,default
focus_costs,ba-google,google,default
"""


@dataclass(frozen=True)
class Span:
    """One measured home: months, what was compared, and the build."""

    months: int
    bill_lines: int
    pairs: int
    rate_lines: int
    reconcile: DbtBuild


def measure(home: Path, months: int, models: int) -> Span:
    """Write, load, price and reconcile a number of months; `home` is removed at the end."""
    shutil.rmtree(home, ignore_errors=True)
    try:
        environment = {
            **os.environ, "TRUEUP_HOME": str(home), "TRUEUP_HASH_KEY": HASH_KEY,
            "TRUEUP_WAREHOUSE": str(home / "warehouse" / "trueup.duckdb"),
        }  # fmt: skip
        settings = Settings.from_environment(environment)
        write(home, months, models)
        with connect(settings.warehouse) as con:
            load_reference(con, settings)
            for name in SOURCES:
                ingest_source(con, settings, name)
            ingest_unrecognised(con, settings)
        priced = [
            "+int_computed_lines",
            "+int_provider_usage_lines",
            "+int_billed_lines",
            "+int_bill_days",
        ]
        build(settings, EVERY_DAY, ["--select", *priced], environment, home / "price")
        skipped = [f"+{name.removeprefix('+')}" for name in priced]
        done = build(
            settings, None,
            ["--select", *RECONCILED, "--exclude", *skipped, "--exclude-resource-type", "test"],
            environment, home / "reconcile",
        )  # fmt: skip
        with connect(settings.warehouse) as con:
            counts = con.execute(
                "select (select count(*) from intermediate.int_billed_lines),"
                " (select count(*) from intermediate.int_reconciliation_pairs),"
                " (select count(*) from marts.reconciliation_lines where residual_code = 'rate')"
            ).fetchone()
        assert counts is not None
        lines, pairs, rate_lines = (int(count) for count in counts)
        return Span(months, lines, pairs, rate_lines, done)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def write(home: Path, months: int, models: int) -> None:
    """Write the exports of the first months of 2026."""
    for folder in ("call_log_of_bench", "openai_usage", "openai_costs", "focus_costs"):
        (home / "landing" / folder).mkdir(parents=True)
    mappings = home / "reference" / "mappings"
    mappings.mkdir(parents=True)
    (mappings / "call_log_of_bench.csv").write_text(MAPPING, encoding="utf-8")
    (home / "reference" / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        for statement in MODELS_SQL.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                con.execute(
                    statement.replace(
                        "{card}", str(PROJECT_ROOT / "dbt" / "seeds" / "rate_card.csv")
                    )
                    .replace("{landing}", str(home / "landing"))
                    .replace("{months}", str(months))
                    .replace("{models}", str(models))
                )


def main(arguments: list[str] | None = None) -> int:
    """Measure the spans and print one line for each."""
    parser = argparse.ArgumentParser(
        prog="python -m dagster_project.bench.reconcile", description=__doc__
    )
    parser.add_argument("--months", type=int, nargs="+", default=[1, 12], help="spans to measure")
    parser.add_argument("--models", type=int, default=50, help="models of each provider")
    parser.add_argument("--home", type=Path, default=PROJECT_ROOT / "data", help="where to work")
    options = parser.parse_args(arguments)
    for months in options.months:
        say(f"{months} months of three providers with {options.models} models each")
        span = measure(options.home / FOLDER, months, options.models)
        took = span.reconcile
        print(
            f"{span.months} months: {span.bill_lines} bill lines, {span.pairs} pairs,"
            f" {span.rate_lines} lines at another price; models {took.model_seconds:.1f} s,"
            f" whole dbt {took.process.seconds:.1f} s"
            f" ({took.process.cpu_seconds:.1f} s of processor),"
            f" {took.process.largest_process_bytes / MEBIBYTE:.0f} MiB"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
