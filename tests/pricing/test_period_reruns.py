"""Charges of a period through dbt itself: a second run adds what is new, and nothing twice."""

from __future__ import annotations

import functools
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import harness
import pytest
from books import LEDGER, Books, MakeBooks, Row, charges, price, record, tokens, used

from dagster_project.lib.ledger import (
    dbt_environment,
    mark_computed,
    plan_window,
    rules_fingerprint,
)
from dagster_project.lib.settings import PROJECT_ROOT
from dagster_project.lib.warehouse import connect

D = Decimal
LIST = [
    *tokens("openai", "plain", "2", "10", added_in="1", removed_in="2"),
    *tokens("openai", "plain", "3", "10", added_in="2"),
    price("openai", "(none)", "container_1gb_minutes", "0.03", 20),
    price("openai", "(none)", "vector_store_gib_days", "0.1", 1),
]
CHARGES = charges(
    {"contract_id": "c", "channel": "openai", "account": "default", "kind": "fixed_fee",
     "amount_usd": "25", "valid_from": "2026-09-01"},
    {"contract_id": "c", "channel": "openai", "account": "default", "kind": "storage",
     "meter": "vector_store_gib_days", "quantity": "10", "valid_from": "2026-10-04"},
    {"contract_id": "c", "channel": "openai", "account": "default", "kind": "volume_discount",
     "threshold_usd": "1", "percent": "5", "valid_from": "2026-09-01"},
    {"contract_id": "c", "channel": "openai", "account": "default", "kind": "volume_discount",
     "threshold_usd": "1", "percent": "6", "valid_from": "2026-09-01"},
)  # fmt: skip
BOX = {"session_seconds": 130, "memory_gb": 1}


def day(text: str) -> list[Row]:
    """A call of a million tokens and a container."""
    at = f"{text}T09:00:00Z"
    return [
        record(f"call {text}", "openai", "plain", used(1_000_000), at=at, feature="search"),
        record(f"box {text}", "openai", "(container_1gb)", BOX, at=at),
    ]


def decided(number: int, decision: str, version: str) -> str:
    """One decision on September, as the command writes it."""
    line = {
        "decision_id": f"d{number}", "decision": decision, "channel": "openai",
        "account": "default", "month": "2026-09", "first_day": "2026-09-01",
        "last_day": "2026-09-30", "rate_card_version": version, "decided_by": "AC",
        "decided_at": f"2026-10-0{number}T09:00:00Z", "note": "",
    }  # fmt: skip
    return json.dumps(line) + "\n"


@contextmanager
def own_project(books: Books, target: Path) -> Iterator[None]:
    """The dbt project with this home's price list, parsed for itself."""
    project = books.seeds.parent
    ignored = shutil.ignore_patterns("target", "seeds", "logs")
    shutil.copytree(PROJECT_ROOT / "dbt", project, ignore=ignored, dirs_exist_ok=True)
    shutil.copyfile(PROJECT_ROOT / "dbt" / "seeds" / "_seeds.yml", books.seeds / "_seeds.yml")
    with (
        patch.object(harness, "DBT", project),
        patch.object(harness, "_dbt_folder", lambda: target),
        patch.object(harness, "_manifest", functools.cache(harness.manifest_parsed_anew)),
    ):
        yield


def run(books: Books) -> tuple[bool, list[tuple[Any, ...]]]:
    """One nightly build of the ledger, its tests included; say whether it was whole."""
    books.load()
    fingerprint = rules_fingerprint(books.settings)
    with connect(books.settings.warehouse) as con:
        window = plan_window(
            con,
            fingerprint=fingerprint,
            asked_first=harness.QUIET_DAY,
            asked_last=harness.QUIET_DAY,
            full_refresh=False,
        )
    with books.entered():
        os.environ.update(dbt_environment(books.settings, window))
        arguments = ["build", "--exclude-resource-type", "unit_test"]
        arguments += ["--full-refresh"] if window.full_refresh else []
        harness.dbt(*arguments, "--indirect-selection", "cautious", "--select", "+fct_charge_lines")
    with connect(books.settings.warehouse) as con:
        mark_computed(con, fingerprint)
    return window.full_refresh, lines(books)


def lines(books: Books) -> list[tuple[Any, ...]]:
    return books.ask("from marts.fct_charge_lines order by all")


@pytest.fixture(scope="module")
def runs(make_books: MakeBooks, folder: Path) -> dict[str, Any]:
    books = make_books("reruns", LIST)
    books.versions("first", "second")
    books.reference("contract_charges", CHARGES)
    books.records(*day("2026-09-30"), *day("2026-10-05"))
    books.drop("decisions/a.jsonl", decided(1, "close", "first") + decided(2, "restate", "second"))
    found: dict[str, Any] = {}
    with own_project(books, folder / "target"):
        found["first"] = run(books)
        books.records(*day("2026-10-06"), name="usage_records/b.jsonl")
        found["a day later"] = run(books)
        found["nothing new"] = run(books)
    found["rebuilt"] = lines(books.again("rebuilt from landing").build(*LEDGER))
    found["books"] = books
    return found


def test_only_the_first_run_is_whole(runs: dict[str, Any]) -> None:
    whole = [runs[name][0] for name in ("first", "a day later", "nothing new")]
    assert whole == [True, False, False]


def test_a_later_run_adds_its_day_and_writes_no_period_line_twice(runs: dict[str, Any]) -> None:
    """Every account of September and October by hand, once."""
    books: Books = runs["books"]
    found = books.ask(
        "select usage_date::varchar, meter, coalesce(charge_class, charge_description, ''),"
        " count(*), sum(cost_usd) from marts.fct_charge_lines where charge_origin = 'period'"
        " group by all order by all"
    )
    # September: 2 + 0.0075 USD at the first list, and one more at the second; 5 and 6 percent of
    # what is above 1. October: 6 + 0.015 + 3 x 1 USD.
    assert found == [
        ("2026-09-30", "container_1gb_minutes", "", 1, D("0.0075")),
        ("2026-09-30", "input_uncached_tokens", "correction", 1, D(1)),
        ("2026-09-30", "minimum_fee", "fixed fee", 1, D(25)),
        ("2026-09-30", "volume_discount", "volume discount, 5 % above 1 USD", 1, D("-0.050375")),
        ("2026-09-30", "volume_discount", "volume discount, 6 % above 1 USD", 1, D("-0.06045")),
        ("2026-10-04", "vector_store_gib_days", "storage", 1, D(1)),
        ("2026-10-05", "container_1gb_minutes", "", 1, D("0.0075")),
        ("2026-10-05", "vector_store_gib_days", "storage", 1, D(1)),
        ("2026-10-06", "container_1gb_minutes", "", 1, D("0.0075")),
        ("2026-10-06", "vector_store_gib_days", "storage", 1, D(1)),
        ("2026-10-31", "minimum_fee", "fixed fee", 1, D(25)),
        ("2026-10-31", "volume_discount", "volume discount, 5 % above 1 USD", 1, D("-0.40075")),
        ("2026-10-31", "volume_discount", "volume discount, 6 % above 1 USD", 1, D("-0.4809")),
    ]


def test_a_run_without_news_changes_no_line(runs: dict[str, Any]) -> None:
    assert runs["nothing new"][1] == runs["a day later"][1] != runs["first"][1]


def test_runs_day_by_day_give_what_one_run_from_landing_gives(runs: dict[str, Any]) -> None:
    assert runs["nothing new"][1] == runs["rebuilt"]
