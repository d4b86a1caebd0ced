"""Structural rules of the dbt project, read from its files: money, contracts, layers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

DBT = Path(__file__).resolve().parents[2] / "dbt"
MODELS = sorted((DBT / "models").rglob("*.sql"))
SQL_FILES = [*MODELS, *sorted((DBT / "macros").rglob("*.sql"))]
MART_FILES = sorted((DBT / "models" / "marts").rglob("_*__models.yml"))

MONEY_TYPES = {
    r"_unit_cost_usd$": "decimal(38, 12)",
    r"unit_price_usd$": "decimal(28, 18)",
    r"_usd$": "decimal(38, 18)",
    r"_amount$": "decimal(38, 18)",
}


def without_comments(text: str) -> str:
    """SQL without comments and string literals, where a slash or a word means nothing."""
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    text = re.sub(r"--[^\n]*", "", text)
    return re.sub(r"'[^'\n]*'", "''", text)


def mart_models() -> dict[str, dict]:
    """Every documented mart by name."""
    return {
        model["name"]: model
        for path in MART_FILES
        for model in yaml.safe_load(path.read_text())["models"]
    }


def breaches_of_exactness(text: str) -> list[str]:
    """Division, floats and averages in SQL: none of them is exact on decimals in DuckDB."""
    body = without_comments(text)
    body = re.sub(r"\{% macro ratio.*?endmacro %\}", "", body, flags=re.DOTALL)
    found = []
    if re.search(r"(?<![/*])/(?![/*])", body):
        found.append("divides with /")
    if re.search(r"::(float|real|double)|\b(float|double|real)\b|\bavg\(", body, re.IGNORECASE):
        found.append("uses a float")
    return found


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: path.stem)
def test_no_sql_divides_or_uses_a_float(path: Path) -> None:
    assert breaches_of_exactness(path.read_text()) == []


@pytest.mark.parametrize(
    "sql", ["select cost_usd / 2", "select cost_usd::double", "select avg(cost_usd) from x"]
)
def test_the_exactness_rule_catches_each_breach(sql: str) -> None:
    assert breaches_of_exactness(sql) != []


def test_every_mart_is_documented_and_contracted() -> None:
    documented = mart_models()
    files = {path.stem for path in (DBT / "models" / "marts").rglob("*.sql")}
    assert files == set(documented)
    for name, model in documented.items():
        assert model["config"]["contract"]["enforced"] is True, name
        assert model["description"].startswith("One row"), f"{name}: the grain comes first"
        for column in model["columns"]:
            assert column.get("description"), f"{name}.{column['name']}"


def test_every_money_column_has_the_one_type_of_its_kind() -> None:
    for name, model in mart_models().items():
        for column in model["columns"]:
            for pattern, wanted in MONEY_TYPES.items():
                if re.search(pattern, column["name"]):
                    assert column["data_type"] == wanted, f"{name}.{column['name']}"
                    break


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_model_states_its_grain_first(path: Path) -> None:
    first = without_config(path.read_text()).lstrip()
    assert first.startswith("-- grain:"), path.name


def without_config(text: str) -> str:
    """The model without its leading config block."""
    return re.sub(r"\A\{\{ config\(.*?\) \}\}\n", "", text, flags=re.DOTALL)


def test_staging_reads_its_own_source_and_the_landing_control_only() -> None:
    for path in sorted((DBT / "models" / "staging").rglob("*.sql")):
        text = path.read_text()
        assert "ref(" not in text, f"{path.name} joins across sources"
        allowed = {f"raw_{path.parent.name}", "raw_control"}
        assert set(re.findall(r"source\('(\w+)'", text)) <= allowed, path.name


def test_only_staging_and_the_control_marts_read_raw_tables() -> None:
    allowed = {
        # the day windows of files and the quarantine are the loader's own books
        "int_bill_days",
        "quarantined_rows",
        "landed_files",
        # two versions of the rate card, while `trueup rates diff` prices with both
        "int_rate_card",
        "int_pricing_days",
    }
    for path in MODELS:
        if "staging" not in path.parts and "source(" in path.read_text():
            assert path.stem in allowed, path.name
            assert set(re.findall(r"source\('(\w+)'", path.read_text())) == {"raw_control"}


def test_every_seed_is_documented_and_types_each_column_in_the_order_of_its_file() -> None:
    """Type inference would read a price through a float, and commands read seeds by position."""
    seeds = yaml.safe_load((DBT / "seeds" / "_seeds.yml").read_text())["seeds"]
    assert {seed["name"] for seed in seeds} == {p.stem for p in (DBT / "seeds").glob("*.csv")}
    for seed in seeds:
        assert seed["description"].startswith("One row"), f"{seed['name']}: the grain comes first"
        header = (DBT / "seeds" / f"{seed['name']}.csv").read_text().partition("\n")[0]
        assert header.split(",") == list(seed["config"]["column_types"]), seed["name"]


def test_every_singular_test_says_what_a_returned_row_means_and_where_it_belongs() -> None:
    for path in sorted((DBT / "tests").glob("*.sql")):
        text = path.read_text()
        assert "'dagster': {'ref': {'name':" in text, path.name
        assert "-- A returned row is" in text, path.name
