"""Charges that no call made: metered storage and containers, fees, commitments and capacity.

Prices by hand: `plain` costs 2 and 10 USD per million tokens, a 1 GB container 0.03 per 20 minutes,
a stored GiB and day 0.10, a provisioned unit 1 an hour, a million cached tokens 1 an hour. The last
day with usage is 5 October, so September is over and October is not.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from books import LEDGER, UNIT_MARTS, Books, MakeBooks, charges, price, record, terms, tokens, used

from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.reference import load_reference

D = Decimal
LIST = [
    *tokens("openai", "plain", "2", "10"),
    *tokens("openai", "other", "1", "1"),
    price("openai", "(none)", "container_1gb_minutes", "0.03", 20),
    price("openai", "(none)", "vector_store_gib_days", "0.1", 1),
    price("azure", "(none)", "ptu_hours", "1", 1),
    price("google", "kept", "cache_storage_token_seconds", "1", 3_600_000_000),
]
OF = {"contract_id": "order form", "channel": "openai", "account": "firm",
      "valid_from": "2026-09-01", "doc_ref": "annex 1"}  # fmt: skip
UNITS = {"contract_id": "units", "channel": "azure", "account": "plant", "kind": "capacity",
         "meter": "ptu_hours"}  # fmt: skip
CHARGES = charges(
    {**OF, "kind": "fixed_fee", "amount_usd": "25"},
    {**OF, "kind": "minimum_fee", "amount_usd": "150"},
    {**OF, "kind": "commitment", "amount_usd": "80"},
    {**OF, "kind": "volume_discount", "threshold_usd": "60", "percent": "5"},
    {**OF, "kind": "volume_discount", "threshold_usd": "90", "percent": "10"},
    {**OF, "kind": "volume_discount", "model_key": "plain", "threshold_usd": "99", "percent": "50"},
    {**OF, "kind": "storage", "meter": "vector_store_gib_days", "quantity": "10",
     "valid_from": "2026-09-29"},
    # a commitment that begins in a month that is not over, and one of an account without usage
    {**OF, "contract_id": "new", "kind": "commitment", "amount_usd": "900",
     "valid_from": "2026-10-01"},
    {**OF, "contract_id": "idle", "account": "idle", "kind": "minimum_fee", "amount_usd": "30",
     "valid_to": "2026-10-01"},
    # named as the log names the channel; more units are added by a second line
    {**UNITS, "channel": "azure_direct", "quantity": "1200", "valid_from": "2026-09-04",
     "valid_to": "2026-09-07"},
    {**UNITS, "quantity": "200", "valid_from": "2026-09-05", "valid_to": "2026-09-07"},
    {**UNITS, "quantity": "100", "amount_usd": "0.5", "valid_from": "2026-10-02",
     "valid_to": "2026-10-03"},
    {**UNITS, "meter": "requests", "quantity": "7", "valid_from": "2026-10-05"},
)  # fmt: skip
DISCOUNT = terms(
    {"contract_id": "units", "channel": "azure", "account": "plant", "kind": "percent_off",
     "value": "10", "meter": "ptu_hours"}
)  # fmt: skip
FIRM = {"account": "firm"}
RECORDS = [
    record("large", "openai", "plain", used(50_000_000), at="2026-09-30T23:00:00Z", **FIRM),
    record("october", "openai", "plain", used(20_000_000), at="2026-10-05T23:00:00Z", **FIRM),
    record("stored", "openai", "(vector_store)", {"vector_store_gib_days": 12},
           at="2026-09-15T00:00:00Z", **FIRM),
    record("box", "openai", "(container_1gb)", {"session_seconds": 130, "memory_gb": 1}),
    record("odd box", "openai", "(container_2gb)", {"session_seconds": 130, "memory_gb": 2}),
    record("cache", "google", "kept",
           {"cachedContents": {"totalTokenCount": 80_000, "ttl_seconds": 2700}}),
    record("hours", "azure", "(ptu)", {"ptus": 50, "hours": 24}, account="plant"),
    record("call", "openai", "other", used(1000), feature="search"),
]  # fmt: skip
COLUMNS = "usage_date, charge_description, meter, quantity, cost_usd"


def lines(books: Books, where: str) -> list[tuple[Any, ...]]:
    return books.ask(
        f"select {COLUMNS} from marts.fct_charge_lines where charge_origin = 'period' and {where}"
        " order by usage_date, meter, charge_description"
    )


@pytest.fixture(scope="module")
def books(make_books: MakeBooks) -> Books:
    books = make_books("periods", LIST)
    books.reference("contract_charges", CHARGES)
    books.reference("contracts", DISCOUNT)
    books.records(*RECORDS)
    return books.build(*LEDGER, *UNIT_MARTS)


def test_what_is_metered_by_time_is_a_charge_and_no_call(books: Books) -> None:
    """Five minutes at least x 0.0015; 80,000 x 2700 / 3600 at 1 per million; 1200 h at 0.9."""
    assert books.ask("select distinct model_served from marts.fct_llm_calls order by 1") == [
        ("other",),
        ("plain",),
    ]
    assert lines(books, "charge_description is null and account <> 'firm'") == [
        (date(2026, 10, 5), None, "cache_storage_token_seconds", D(216_000_000), D("0.06")),
        (date(2026, 10, 5), None, "container_1gb_minutes", D(5), D("0.0075")),
        (date(2026, 10, 5), None, "container_2gb_minutes", D(5), None),
        (date(2026, 10, 5), None, "ptu_hours", D(1200), D(1080)),
    ]


def test_a_metered_charge_without_a_price_is_listed(books: Books) -> None:
    assert books.ask(
        "select model_served, unpriced_reason, usage_rows from marts.unpriced_usage order by 1"
    ) == [("(container_2gb)", "no_published_rate", 1), (None, "no_published_rate", 1)]


def test_fees_and_discounts_follow_the_spend_of_the_month(books: Books) -> None:
    """September: 100 of calls, 1.20 stored, 2 by contract: 103.20, of it 100 for one model."""
    september, october = date(2026, 9, 30), date(2026, 10, 31)
    assert lines(books, "account = 'firm' and meter <> 'vector_store_gib_days'") == [
        (september, "fixed fee: annex 1", "minimum_fee", D(1), D(25)),
        (september, "minimum fee: annex 1", "minimum_fee", D(1), D("46.8")),
        (september, "volume discount: annex 1, 10 % above 90 USD", "volume_discount", D(1),
         D("-1.32")),
        (september, "volume discount: annex 1, 5 % above 60 USD", "volume_discount", D(1),
         D("-2.16")),
        (september, "volume discount: annex 1, 50 % above 99 USD", "volume_discount", D(1),
         D("-0.5")),
        (october, "fixed fee: annex 1", "minimum_fee", D(1), D(25)),
    ]  # fmt: skip


def test_an_account_without_usage_owes_its_minimum(books: Books) -> None:
    assert lines(books, "account = 'idle'") == [
        (date(2026, 9, 30), "minimum fee: annex 1", "minimum_fee", D(1), D(30))
    ]


def test_storage_of_a_contract_runs_until_the_last_day_that_is_known(books: Books) -> None:
    found = lines(books, "account = 'firm' and charge_description like 'storage%'")
    assert [(row[0].isoformat(), row[4]) for row in found] == [
        ("2026-09-29", D(1)), ("2026-09-30", D(1)), ("2026-10-01", D(1)), ("2026-10-02", D(1)),
        ("2026-10-03", D(1)), ("2026-10-04", D(1)), ("2026-10-05", D(1)),
    ]  # fmt: skip


def test_capacity_has_the_contract_price_on_days_without_calls_too(books: Books) -> None:
    """1200 and 1400 units at 1 USD less 10 percent; 100 at the stated 0.50; one without a price."""
    rows = books.ask(
        "select usage_date::varchar, charge_description, quantity, list_cost_usd, cost_usd,"
        " unpriced_reason from marts.fct_charge_lines where account = 'plant'"
        " and charge_description is not null order by usage_date"
    )
    assert rows == [
        ("2026-09-04", "capacity", D(1200), D(1200), D(1080), None),
        ("2026-09-05", "capacity", D(1400), D(1400), D(1260), None),
        ("2026-09-06", "capacity", D(1400), D(1400), D(1260), None),
        ("2026-10-02", "capacity at 0.5 USD", D(100), D(100), D(50), None),
        ("2026-10-05", "capacity", D(7), None, None, "no_published_rate"),
    ]


def test_the_ledger_without_period_charges_is_the_calls(books: Books) -> None:
    """50 + 20 million x 2 and 1000 x 1 per million."""
    assert books.value("select sum(cost_usd) from marts.fct_llm_calls") == D("140.001")
    assert books.value(
        "select sum(cost_usd) from marts.fct_charge_lines where charge_origin <> 'period'"
    ) == D("140.001")


@pytest.mark.parametrize("mart", UNIT_MARTS)
def test_a_unit_cost_mart_sums_to_the_ledger_with_its_period_charges(
    books: Books, mart: str
) -> None:
    total = books.value("select sum(cost_usd) from marts.fct_charge_lines")
    assert total > D("140.001")
    found = books.ask(
        f"select period_grain, sum(computed_cost_usd), sum(trued_up_cost_usd) from marts.{mart}"
        " group by 1 order by 1"
    )
    assert found == [(grain, total, total) for grain in ("day", "month", "week")]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**OF, "kind": "rebate"}, "column kind: 'rebate' is not one of fixed_fee"),
        ({**OF, "kind": "fixed_fee"}, "column amount_usd: fixed_fee needs a value"),
        ({**OF, "kind": "volume_discount", "percent": "5"}, "column threshold_usd: volume_disc"),
        (
            {**OF, "kind": "volume_discount", "percent": "101", "threshold_usd": "1"},
            "column percent: 101 is more than 100",
        ),
        ({**UNITS, "valid_from": "2026-09-01"}, "column quantity: capacity needs a value"),
        (
            {**UNITS, "meter": "ptu", "quantity": "1", "valid_from": "2026-09-01"},
            "column meter: no meter is named 'ptu'",
        ),
        ({**OF, "kind": "fixed_fee", "amount_usd": "1", "account": ""}, "column account: a value"),
        ({**OF, "kind": "fixed_fee", "amount_usd": "1", "valid_from": ""}, "column valid_from"),
    ],
)
def test_a_bad_charge_names_row_column_and_reason(
    landing: Any, row: dict[str, str], said: str
) -> None:
    path = landing.settings.reference / "contract_charges.csv"
    path.parent.mkdir(parents=True)
    path.write_text(charges(row))
    with pytest.raises(ConfigurationError) as fault:
        load_reference(landing.con, landing.settings)
    assert f"{path} row 2, {said}" in str(fault.value)
