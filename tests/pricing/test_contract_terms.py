"""Contract terms: which one holds, from which second, on which meters, beside which list price.

Per million tokens, `plain` lists 2 for input, 0.5 for a cache read and 10 for output; a web search
costs 0.01. `banded` doubles from 272,001 tokens on, and `tiered` lists its standard tier alone.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from books import LEDGER, Books, Command, MakeBooks, Row, price, record, terms, tokens, used

from dagster_project.lib import compiled_models
from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.reference import load_reference

D = Decimal
NOON = "2026-10-15T12:00:00Z"
LIST = [
    *tokens("openai", "plain", "2", "10"),
    price("openai", "plain", "input_cache_read_tokens", "0.5"),
    price("openai", "plain", "web_search_calls", "10", 1000),
    *tokens("openai", "plain", "1", "5", processing="batch"),
    *tokens("openai", "banded", "2", "10", ctx_max_tokens="272001"),
    *tokens("openai", "banded", "4", "15", ctx_min_tokens="272001"),
    *tokens("anthropic", "tiered", "5", "25"),
    *tokens("deepseek", "windowed", "1", "4", schedule="deepseek_peak"),
    *tokens("deepseek", "windowed", "0.5", "2", schedule="deepseek_offpeak"),
    *tokens("azure", "deployed", "2", "10"),
    *tokens("openai", "dropped", "2", "10", valid_to=NOON),
]
CACHED = {
    "input_tokens": 1000, "output_tokens": 100, "output_items": {"web_search_call": 2},
    "input_tokens_details": {"cached_tokens": 400},
}  # fmt: skip


def term(account: str, kind: str, value: str = "", **scope: str) -> Row:
    return {"contract_id": f"of {account}", "account": account, "kind": kind, "value": value,
            "channel": "openai", **scope}  # fmt: skip


CONTRACTS = terms(
    term("percent", "percent_off", "10", meter="tokens"),
    term("multiplier", "multiplier", "0.85"),
    term("fixed", "fixed_price", "8", meter="output_tokens"),
    term("fixed", "fixed_price", "5", meter="web_search_calls", per="1000"),
    term("free", "free", meter="input_cache_read_tokens"),
    # the narrowest term wins, whatever its priority and its place in the file
    term("narrow", "percent_off", "30", model_key="plain", meter="output_tokens"),
    term("narrow", "percent_off", "10", priority="9"),
    term("narrow", "percent_off", "20", model_key="plain", priority="5"),
    # among equals the larger priority, then a meter of its own before `tokens`
    term("equal", "percent_off", "10", meter="tokens"),
    term("equal", "percent_off", "40", meter="input_uncached_tokens"),
    term("equal", "percent_off", "20", meter="output_tokens"),
    term("equal", "percent_off", "50", meter="tokens", processing="batch", priority="1"),
    term("equal", "percent_off", "60", meter="output_tokens", processing="batch"),
    # from noon of the 15th to the end of the 19th
    term("dated", "percent_off", "50", valid_from=NOON, valid_to="2026-10-20"),
    # everybody's discount, and one account's own
    {"contract_id": "all", "kind": "percent_off", "value": "20", "channel": "anthropic"},
    term("own", "percent_off", "5", channel="anthropic"),
    # a tier that no list prices, for everybody and cheaper for one
    term("", "fixed_price", "4", channel="anthropic", model_key="tiered", service_tier="priority",
         meter="input_uncached_tokens"),
    term("", "fixed_price", "30", channel="anthropic", model_key="tiered", service_tier="priority",
         meter="output_tokens"),
    term("own", "fixed_price", "3", channel="anthropic", model_key="tiered",
         service_tier="priority", meter="input_uncached_tokens"),
    # a meter that the list lacks, on a model with bands and on one with hours
    term("audio", "fixed_price", "40", model_key="banded", meter="input_audio_tokens"),
    term("audio", "fixed_price", "7", channel="deepseek", model_key="windowed", per="1000",
         meter="web_search_calls"),
    # a price that goes on where the list ends
    term("after", "fixed_price", "6", model_key="dropped", meter="input_uncached_tokens"),
    # a discount is no price for capacity, nor for a tier that is sold by contract
    term("units", "percent_off", "10", channel="azure"),
    term("units", "percent_off", "10"),
    term("scaled", "fixed_price", "1", model_key="plain", service_tier="scale",
         meter="input_uncached_tokens"),
    term("scaled", "fixed_price", "6", model_key="plain", service_tier="scale",
         meter="output_tokens"),
)  # fmt: skip

USED = used(1000, 100)
WINDOWED = {"prompt_tokens": 1000, "completion_tokens": 100, "web_search_calls": 2}
CALLS = [
    *(record(name, "openai", "plain", CACHED, account=name)
      for name in ("percent", "multiplier", "fixed", "free", "narrow", "nobody")),
    record("equal", "openai", "plain", USED, account="equal"),
    record("equal batch", "openai", "plain", USED, account="equal", processing="batch"),
    *(record(at, "openai", "plain", USED, at=at, account="dated")
      for at in ("2026-10-15T11:59:59Z", NOON, "2026-10-19T23:59:59Z", "2026-10-20T00:00:00Z")),
    record("all", "anthropic", "tiered", USED, account="anybody"),
    record("own", "anthropic", "tiered", USED, account="own"),
    record("tier all", "anthropic", "tiered", USED, account="anybody", service_tier="priority"),
    record("tier own", "anthropic", "tiered", USED, account="own", service_tier="priority"),
    record("tier cached", "anthropic", "tiered", {**USED, "cache_read_input_tokens": 1},
           account="own", service_tier="priority"),
    record("short", "openai", "banded", USED, account="audio"),
    record("long", "openai", "banded", used(300_000, 100), account="audio"),
    record("heard", "openai", "banded",
           {"prompt_tokens": 1000, "completion_tokens": 0,
            "prompt_tokens_details": {"audio_tokens": 400}}, account="audio"),
    # Tuesday the 13th: 02:00 is in the first window of the day, 12:00 in none
    record("peak", "deepseek", "windowed", WINDOWED, at="2026-10-13T02:00:00Z", account="audio"),
    record("night", "deepseek", "windowed", WINDOWED, at="2026-10-13T12:00:00Z", account="audio"),
    record("listed", "openai", "dropped", used(1000), at="2026-10-15T11:59:59Z", account="after"),
    record("unlisted", "openai", "dropped", used(1000), at=NOON, account="after"),
    record("no contract", "openai", "dropped", used(1000), at=NOON, account="nobody"),
    record("capacity", "azure", "deployed", USED, account="units", service_tier="provisioned"),
    record("scale", "openai", "plain", USED, account="units", service_tier="scale"),
    record("scale contract", "openai", "plain", USED, account="scaled", service_tier="scale"),
]  # fmt: skip


@pytest.fixture(scope="module")
def books(make_books: MakeBooks) -> Books:
    books = make_books("contracts", LIST)
    books.reference("contracts", CONTRACTS)
    books.records(*CALLS)
    return books.build(*LEDGER)


@pytest.fixture(scope="module")
def costs(books: Books) -> dict[str, tuple[Decimal | None, Decimal | None, str | None]]:
    """List cost, cost and reason of each call; one row for each."""
    rows = books.ask(
        "select split_part(source_call_id, '/', 2), list_cost_usd, cost_usd, unpriced_reason"
        " from marts.fct_llm_calls"
    )
    assert len(rows) == len(CALLS)
    return {row[0]: row[1:] for row in rows}


# 600 x 2 + 400 x 0.5 + 100 x 10 per million are 0.0024, and two searches 0.02
@pytest.mark.parametrize(
    ("name", "list_cost", "cost"),
    [
        ("nobody", "0.0224", "0.0224"),
        # 0.0024 x 0.9 + 0.02: a tool fee is no token
        ("percent", "0.0224", "0.02216"),
        # 0.0224 x 0.85
        ("multiplier", "0.0224", "0.01904"),
        # 0.0014 + 100 x 8 per million + 2 x 0.005
        ("fixed", "0.0224", "0.0122"),
        # the 400 read tokens cost nothing
        ("free", "0.0224", "0.0222"),
        # (0.0014 + 0.02) x 0.8 + 0.001 x 0.7
        ("narrow", "0.0224", "0.01782"),
        # 0.002 x 0.6 + 0.001 x 0.8
        ("equal", "0.003", "0.002"),
        # of 0.001 + 0.0005 half: the priority decides before the meter
        ("equal batch", "0.0015", "0.00075"),
        ("2026-10-15T11:59:59Z", "0.003", "0.003"),
        (NOON, "0.003", "0.0015"),
        ("2026-10-19T23:59:59Z", "0.003", "0.0015"),
        ("2026-10-20T00:00:00Z", "0.003", "0.003"),
        # (1000 x 5 + 100 x 25) per million, less 20 and less 5 percent
        ("all", "0.0075", "0.006"),
        ("own", "0.0075", "0.007125"),
        ("tier all", None, "0.007"),
        ("tier own", None, "0.006"),
        ("short", "0.003", "0.003"),
        # 300,000 x 4 + 100 x 15 per million: the upper band, once
        ("long", "1.2015", "1.2015"),
        # 600 x 2 + 400 x 40 per million; the list knows no price of audio
        ("heard", None, "0.0172"),
        # 1000 x 1 + 100 x 4 per million and two searches of 0.007; half the tokens' price at night
        ("peak", None, "0.0154"),
        ("night", None, "0.0147"),
        ("listed", "0.002", "0.006"),
        ("unlisted", None, "0.006"),
        ("scale contract", None, "0.0016"),
    ],
)
def test_list_and_contracted_cost_of_a_call(
    costs: dict[str, tuple[Decimal | None, Decimal | None, str | None]],
    name: str,
    list_cost: str | None,
    cost: str,
) -> None:
    assert costs[name] == (list_cost and D(list_cost), D(cost), None)


def test_what_no_term_prices_stays_unknown_and_says_why(
    costs: dict[str, tuple[Decimal | None, Decimal | None, str | None]],
) -> None:
    reasons = {name: found[2] for name, found in costs.items() if found[1] is None}
    assert reasons == {
        "tier cached": "contract_rate_required",
        "no contract": "no_published_rate",
        "capacity": "capacity_billed",
        "scale": "contract_rate_required",
    }


def test_every_line_carries_both_prices_and_they_make_both_costs(books: Books) -> None:
    assert books.value("select count(*) from marts.fct_charge_lines") > 50
    assert (
        books.ask(
            "select * from marts.fct_charge_lines where cost_usd is not null and ("
            " cost_usd is distinct from cast(quantity * unit_price_usd as decimal(38, 18))"
            " or list_cost_usd is distinct from"
            "     cast(quantity * list_unit_price_usd as decimal(38, 18))"
            " or rate_id is null or (unit_price_usd is distinct from list_unit_price_usd"
            "     and contract_id is null))"
        )
        == []
    )
    assert books.ask(
        "select meter, list_unit_price_usd, unit_price_usd, contract_id"
        " from marts.fct_charge_lines where account = 'narrow' order by meter"
    ) == [
        ("input_cache_read_tokens", D("0.0000005"), D("0.0000004"), "of narrow"),
        ("input_uncached_tokens", D("0.000002"), D("0.0000016"), "of narrow"),
        ("output_tokens", D("0.00001"), D("0.000007"), "of narrow"),
        ("web_search_calls", D("0.01"), D("0.008"), "of narrow"),
    ]


def test_the_lines_sum_to_the_calls(books: Books) -> None:
    assert books.value("select sum(cost_usd) from marts.fct_charge_lines") == books.value(
        "select sum(cost_usd) from marts.fct_llm_calls"
    )


def test_the_price_command_takes_the_same_terms(books: Books, trueup: Command) -> None:
    """The command's records have no account, so terms of the default account are theirs."""
    path = books.path / "order form.csv"
    path.write_text(terms(term("default", "percent_off", "10", meter="tokens")))
    calls = books.path / "calls.jsonl"
    calls.write_text(json.dumps(record("a", "openai", "plain", CACHED)) + "\n")
    with patch.object(compiled_models, "DBT_DIR", books.seeds.parent):
        ended = trueup(books, "price", calls, "--contracts", path)
        (plain,) = trueup(books, "price", calls).results
    (found,) = ended.results
    assert (found["cost_usd"], found["list_cost_usd"], found["cost_basis"]) == (
        "0.02216",
        "0.0224",
        "contract",
    )
    assert {line["meter"]: line["contract_id"] for line in found["lines"]} == {
        "input_uncached_tokens": "of default",
        "input_cache_read_tokens": "of default",
        "output_tokens": "of default",
        "web_search_calls": None,
    }
    # the home's own contracts are no part of a price that names none
    assert plain["cost_usd"] == "0.0224"


def test_contracts_that_cannot_be_read_end_the_command_and_name_the_file(
    books: Books, trueup: Command
) -> None:
    calls = books.path / "one.jsonl"
    calls.write_text(json.dumps(record("a", "openai", "plain", CACHED)) + "\n")
    absent = trueup(books, "price", calls, "--contracts", books.path / "absent.csv")
    assert absent.code == 2
    assert "absent.csv: cannot be read" in absent.err
    path = books.path / "bad terms.csv"
    path.write_text(terms(term("default", "percent_off", "110")))
    wrong = trueup(books, "price", calls, "--contracts", path)
    assert wrong.code == 2
    assert wrong.out == ""
    assert f"{path} row 2, column value: 110 % off" in wrong.err


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (term("a", "half_off", "1"), "column kind: 'half_off' is not one of percent_off"),
        (term("a", "percent_off"), "column value: percent_off needs a value"),
        (term("a", "percent_off", "100.5"), "column value: 100.5 % off is more than the price"),
        (term("a", "percent_off", "-1"), "column value: '-1' is not a number of 0 or more"),
        (term("a", "multiplier", "0.1234567891"), "column value: 0.1234567891 has more than 9"),
        (term("a", "multiplier", "1000000000"), "column value: '1000000000' is not below"),
        (term("a", "fixed_price", "5"), "column meter: a fixed price needs its meter"),
        (term("a", "fixed_price", "5", meter="*"), "column meter: a fixed price needs its meter"),
        (term("a", "fixed_price", "5", meter="web_search_calls"), "column per: say for how many"),
        (term("a", "fixed_price", "5", meter="output_tokens", per="0"), "column per: 0 is not"),
        (term("a", "free", meter="output_token"), "column meter: no meter is named 'output_token'"),
        (term("a", "free", processing="online"), "column processing: 'online' is not one of"),
        (term("a", "free", currency="EUR"), "column currency: 'EUR' is not one of USD"),
        (term("a", "free", valid_from="2026-09-01T12:00"), "column valid_from: '2026-09-01T12:00'"),
        (term("a", "free", valid_from="soon"), "column valid_from: 'soon' is neither"),
        (term("a", "free", valid_from="2026-09-02", valid_to="2026-09-01"), "column valid_to"),
        (term("a", "free", priority="1.5"), "column priority: 1.5 is not a whole number"),
        ({**term("a", "free"), "contract_id": ""}, "column contract_id: a value is required"),
    ],
)
def test_a_bad_term_names_row_column_and_reason(landing: Any, row: Row, said: str) -> None:
    path = landing.settings.reference / "contracts.csv"
    path.parent.mkdir(parents=True)
    path.write_text(terms(term("a", "free"), row))
    with pytest.raises(ConfigurationError) as fault:
        load_reference(landing.con, landing.settings)
    assert f"{path} row 3, {said}" in str(fault.value)


def test_two_terms_of_one_scope_and_date_are_refused_however_any_is_written(
    landing: Any,
) -> None:
    path = landing.settings.reference / "contracts.csv"
    path.parent.mkdir(parents=True)
    path.write_text(terms(term("", "free"), {**term("*", "free"), "contract_id": "of "}))
    with pytest.raises(ConfigurationError, match="row 3: the same contract_id, account"):
        load_reference(landing.con, landing.settings)


def test_an_instant_may_be_written_in_any_zone(landing: Any) -> None:
    path = landing.settings.reference / "contracts.csv"
    path.parent.mkdir(parents=True)
    path.write_text(
        terms(
            term("a", "free", valid_from="2026-09-01T16:00:00Z"),
            term("b", "free", valid_from="2026-09-02T00:00:00+08:00"),
            term("c", "free", valid_from="20260901"),
        )
    )
    load_reference(landing.con, landing.settings)
    found = landing.rows(
        "select account, cast(cast(valid_from as timestamptz) as timestamp)::varchar"
        " from raw.reference_contracts order by 1"
    )
    assert found == [
        ("a", "2026-09-01 16:00:00"),
        ("b", "2026-09-01 16:00:00"),
        ("c", "2026-09-01 00:00:00"),
    ]
