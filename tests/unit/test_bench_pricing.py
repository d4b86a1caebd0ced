"""The pricing benchmark: both SQL sides agree in every row, and a difference is seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from dagster_project.bench.measure import Measured
from dagster_project.bench.pricing import (
    Agreement,
    CardFigures,
    Figures,
    Timed,
    blow_up,
    compare,
    fill_calls,
    main,
    prepare_warehouse,
    render,
)
from dagster_project.bench.pricing_children import BARE_PRICED, LoopTook, Took, bare, loop, ours
from dagster_project.bench.pricing_models import Plan, plan_pricing
from dagster_project.bench.run import environment_of
from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.settings import Settings
from dagster_project.lib.sql import one_row
from dagster_project.lib.warehouse import connect

ROWS = 2_000


@dataclass(frozen=True)
class Warehouse:
    """A scratch warehouse whose pricing models are built, and the plan around them."""

    file: Path
    plan: Plan


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    work = tmp_path_factory.mktemp("pricing")
    environment = environment_of(work / "home")
    settings = Settings.from_environment(environment)
    return Warehouse(settings.warehouse, prepare_warehouse(settings, environment, work))


def price_both(built: Warehouse, *, card_rows: int = 0) -> Agreement:
    with connect(built.file) as con:
        if card_rows:
            blow_up(con, built.plan, card_rows)
        fill_calls(con, built.plan, ROWS, is_blown_up=card_rows > 0)
    ours(built.file, built.plan)
    bare(built.file, built.plan)
    with connect(built.file) as con:
        return compare(con, built.plan)


@pytest.fixture(scope="module")
def agreed(built: Warehouse) -> Agreement:
    return price_both(built)


def test_the_project_and_the_bare_join_agree_in_every_row(agreed: Agreement) -> None:
    assert agreed.calls == ROWS
    # 2 in 100 have an unknown name, some a tier without a long-context price
    assert ROWS * 0.9 < agreed.priced < ROWS


def test_the_calls_are_varied(agreed: Agreement) -> None:
    assert agreed.models >= 37
    assert agreed.channels >= 5
    assert agreed.days >= 300
    # 20 in 100; 5 standard deviations of 2,000 draws are 4.5 points
    assert 15 <= 100 * agreed.batch // ROWS <= 25


def test_the_calls_have_caches_bands_tiers_and_unknown_names(
    built: Warehouse, agreed: Agreement
) -> None:
    with connect(built.file, read_only=True) as con:
        read, written, banded, tiers, searches, unknown = one_row(
            con,
            "select count(*) filter (input_cache_read_tokens > 0),"
            " count(*) filter (input_cache_write_5m_tokens + input_cache_write_30m_tokens > 0),"
            " count(*) filter (ctx_min_tokens > 0), count(distinct service_tier),"
            " count(*) filter (web_search_calls > 0), count(*) filter (model_key is null)"
            f" from {built.plan.usage_rows} inner join {built.plan.priced} using (row_number)",
        )

    assert min(read, written, banded, searches, unknown) > 0
    assert tiers >= 3


def test_the_same_number_of_rows_gives_the_same_calls(built: Warehouse, agreed: Agreement) -> None:
    fingerprint = f"select sum(hash(columns(*))::hugeint) from {built.plan.usage_rows}"
    with connect(built.file) as con:
        first = con.execute(fingerprint).fetchall()
        fill_calls(con, built.plan, ROWS)
        assert con.execute(fingerprint).fetchall() == first


@pytest.mark.parametrize(
    "change",
    [
        "update {bare} set list_cost_usd = list_cost_usd + 1e-18::decimal(38, 18)"
        " where row_number = (select min(row_number) from {bare} where list_cost_usd is not null)",
        "update {bare} set unpriced_reason = 'other' where row_number = 7",
        "delete from {bare} where row_number = 7",
    ],
    ids=["one unit of the last place", "a reason", "a call"],
)
def test_a_single_changed_value_is_seen(built: Warehouse, agreed: Agreement, change: str) -> None:
    with connect(built.file) as con:
        con.execute("begin")
        con.execute(change.format(bare=BARE_PRICED))
        with pytest.raises(TrueUpError, match="differ in 1 calls"):
            compare(con, built.plan)
        con.execute("rollback")


def test_a_column_that_the_bare_join_does_not_give_is_named(
    built: Warehouse, agreed: Agreement
) -> None:
    with pytest.raises(TrueUpError, match="does not give a_new_column"):
        bare(built.file, replace(built.plan, columns=[*built.plan.columns, "a_new_column"]))


@pytest.mark.parametrize("width", ["cost", "ledger"])
def test_both_sides_agree_on_costs_alone_and_on_whole_rows(
    built: Warehouse, agreed: Agreement, width: str
) -> None:
    with connect(built.file, read_only=True) as con:
        described = con.execute(f"describe from {built.plan.usage_rows}").fetchall()
    # what staging hands to pricing and the ledger does not take
    inner = {"channel_provider", "tier_unpriced_reason", "invalid_reason", "is_period_charge"}
    columns = ["row_number", "list_cost_usd", "cost_usd", "unpriced_reason"]
    if width == "ledger":
        columns = sorted({*built.plan.columns, *(row[0] for row in described)} - inner)
    plan = replace(built.plan, columns=columns)

    ours(built.file, plan)
    bare(built.file, plan)

    with connect(built.file) as con:
        assert compare(con, plan) == agreed


def test_the_loop_prices_the_calls_whose_models_the_package_knows(
    built: Warehouse, agreed: Agreement
) -> None:
    pytest.importorskip("genai_prices")

    took = loop(built.file, built.plan, 200)

    assert 100 < took.calls < 200
    assert 0 < took.equal <= took.calls


def test_both_sides_agree_on_a_card_with_invented_models_too(
    built: Warehouse, agreed: Agreement
) -> None:
    with connect(built.file, read_only=True) as con:
        real = int(one_row(con, f"select count(*) from {built.plan.rate_card}")[0])

    larger = price_both(built, card_rows=real + 3_000)

    with connect(built.file, read_only=True) as con:
        size, invented = one_row(
            con,
            f"select count(*), (select count(*) from {built.plan.priced}"
            " where starts_with(model_key, 'bench-') and list_cost_usd is not null)"
            f" from {built.plan.rate_card}",
        )
    # a model is added whole
    assert real + 3_000 <= size < real + 6_000
    assert invented > 0
    assert larger.calls == ROWS


# ---------- the plan


def a_manifest(path: Path, nodes: Mapping[str, list[str]], *, without: str = "") -> Path:
    written: dict[str, Any] = {
        name: {
            "name": name,
            "resource_type": "model" if parents else "seed",
            "relation_name": f'"w"."s"."{name}"',
            "compiled_code": None if name == without else f"select {name}",
            "config": {"materialized": "view"},
            "depends_on": {"nodes": parents} if parents else {"macros": []},
        }
        for name, parents in nodes.items()
    }
    path.write_text(json.dumps({"nodes": written}))
    return path


GRAPH = {
    "rate_card": [],
    "model_aliases": [],
    "rate_card_versions": [],
    "staged": ["source"],
    "int_usage_rows": ["staged"],
    "days": ["int_usage_rows", "rate_card_versions"],
    "sets": ["rate_card"],
    "named": ["int_usage_rows", "model_aliases", "days"],
    "int_usage_priced": ["named", "sets"],
    "mart": ["int_usage_priced"],
}


def test_what_reads_prices_is_timed_and_what_reads_calls_alone_is_not(tmp_path: Path) -> None:
    plan = plan_pricing(a_manifest(tmp_path / "manifest.json", GRAPH))

    assert [model.name for model in plan.given] == ["days"]
    assert [model.name for model in plan.card] == ["sets"]
    assert [model.name for model in plan.calls] == ["named", "int_usage_priced"]
    assert plan.calls[0].statement == 'create or replace view "w"."s"."named" as select named'


def test_a_plan_survives_its_file_and_writes_its_columns(tmp_path: Path) -> None:
    plan = replace(plan_pricing(a_manifest(tmp_path / "manifest.json", GRAPH)), columns=["a", "b"])

    plan.save(tmp_path / "plan.json")

    assert Plan.load(tmp_path / "plan.json") == plan
    assert plan.calls_statements[-1] == (
        'create or replace table "w"."s"."int_usage_priced" as'
        ' select "a", "b" from (select int_usage_priced) as priced'
    )


@pytest.mark.parametrize(
    ("graph", "without", "message"),
    [
        ({**GRAPH, "int_usage_priced": ["sets"]}, "", "does not read both"),
        ({name: GRAPH[name] for name in GRAPH if name != "rate_card"}, "", "has no rate_card"),
        (GRAPH, "named", "did not compile named"),
    ],
    ids=["no calls", "no card", "not compiled"],
)
def test_a_project_that_the_benchmark_does_not_fit_is_said(
    tmp_path: Path, graph: Mapping[str, list[str]], without: str, message: str
) -> None:
    with pytest.raises(TrueUpError, match=message):
        plan_pricing(a_manifest(tmp_path / "manifest.json", graph, without=without))


# ---------- the table


def test_ratios_are_of_card_and_calls_together() -> None:
    def timed(card: float, calls: float) -> Timed:
        took = Took(card, card * 2, calls, calls * 2)
        return Timed(took, Measured(card + calls + 1, 2 * (card + calls), 3 << 30, 3 << 30))

    agreement = Agreement(1_000_000, 970_000, 119, 11, 330, 200_000, "32.5")
    figures = Figures(
        cards=[CardFigures(17_000, timed(1, 5), timed(1, 3), agreement)],
        loop=LoopTook(20_000, 4.0, 2.0, 15_000),
    )

    lines = {line.split("  ")[0]: line.split() for line in render(figures).splitlines()}

    # 20,000 calls in 4 s; 1,000,000 in 1 + 5 s, and in 1 + 3 s
    assert lines["genai-prices, one call at a time"][6:8] == ["5,000", "10,000"]
    assert lines["TrueUp, card of 17,000 rows"][-4:] == ["3.0", "33", "1.50", "1.50"]
    assert lines["bare join, card of 17,000 rows"][-4:] == ["3.0", "50", "1.00", "1.00"]


def test_without_genai_prices_the_table_has_no_loop() -> None:
    timed = Timed(Took(1, 2, 3, 4), Measured(5, 6, 1 << 30, 1 << 30))
    agreement = Agreement(1_000, 970, 119, 11, 330, 200, "32.5")

    text = render(Figures([CardFigures(17_000, timed, timed, agreement)], loop=None))

    assert "genai-prices is not installed" in text
    assert "one call at a time" not in text


def test_no_rows_are_refused() -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--rows", "0"])

    assert stopped.value.code == 2
