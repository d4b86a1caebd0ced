"""Invoices: payable is the sum of the lines, foreign money by dated rates, prepaid by month."""

from __future__ import annotations

from decimal import Decimal

import pytest
from exports import invoice, json_lines
from harness import Home

D = Decimal
OWN_LOG = """\
target,path,constant,transform,note
kind,,call_log,,
format,,jsonl,,
call_id,id,,,
requested_at,at,,,
channel,,google,,
account,account,,,
model_served,,gemini-2.5-flash,,
usage_convention,,inclusive,,
input_tokens,,0,,
output_tokens,out,,,
status,,success,,
"""


def lines(invoice_id: str, account: str, issued: str, *rest: str, month: str = "09") -> list[str]:
    """Invoice lines of a Google account, each from description to kind."""
    head = f"{invoice_id},google,{account},2026-{month}-01,2026-{month}-28,{issued}"
    return [f"{head},{line}" for line in rest]


@pytest.fixture(scope="module")
def invoiced(home: Home) -> Home:
    home.reference("mappings/own_log", OWN_LOG)
    # Gemini 2.5 Flash output costs 2.50 USD per million tokens
    home.drop("own_log/september.jsonl", json_lines(*(
        {"id": account, "at": "2026-09-10T10:00:00Z", "account": account, "out": 40_000_000}
        for account in ("euro", "average", "fixed")
    )))  # fmt: skip
    home.reference("fx_rates", (
        "currency,rate_date,usd_per_unit,source\n"
        "EUR,2026-09-10,1.10,bank\nEUR,2026-09-20,1.15,bank\nEUR,2026-10-02,1.25,bank\n"
    ))  # fmt: skip
    home.reference("fx_policies", (
        "channel,account,currency,policy,contract_rate,valid_from,valid_to\n"
        "*,average,*,month_average,,,\ngoogle,fixed,EUR,contract,1.0625,2026-01-01,2027-01-01\n"
    ))  # fmt: skip
    output = "Output,gemini-2.5-flash,output_tokens,40000000,0.000002,{},EUR,usage"
    home.drop("invoice_lines/a.csv", invoice(
        # issued on a Saturday: the rate of Friday the 2nd
        *lines("EUR-1", "euro", "2026-10-03", output.format("80.00"), "VAT,,,,,16.00,EUR,tax"),
        *lines("EUR-2", "average", "2026-10-03", output.format("80.00")),
        *lines("EUR-3", "fixed", "2026-10-03", output.format("80.00")),
        *lines("EUR-4", "late", "2026-12-01", output.format("80.00")),
        *lines("PRE-1", "prepaid", "2026-07-28", "Credits,,,,,100.00,USD,purchase", month="07"),
        *lines("PRE-2", "prepaid", "2026-09-28", "Output,,,,,30.00,USD,usage",
               "Paid from credits,,,,,-30.00,USD,drawdown", "Credits lost,,,,,50.00,USD,expiry"),
        *lines("PRE-3", "unknown_start", "2026-09-28", "Output,,,,,30.00,USD,usage",
               "Paid from credits,,,,,-30.00,USD,drawdown"),
    ))  # fmt: skip
    # the same bytes under two names and in two folders: one invoice, whose folder names the account
    twice = invoice("TWICE,google,,2026-09-01,2026-09-30,2026-10-03,Output,,,,,7.00,USD,usage")
    for place in ("x/a.csv", "x/b.csv", "y/a.csv"):
        home.drop(f"invoice_lines/{place}", twice)
    # from the middle of one month to the middle of the next: the month it starts in
    home.drop("invoice_lines/c.csv", invoice(
        "CROSS,google,crossing,2026-09-15,2026-10-14,2026-10-15,Output,,,,,5.00,USD,usage"
    ))  # fmt: skip
    home.compute()
    return home


def of(home: Home, invoice_id: str, columns: str) -> list[tuple[object, ...]]:
    return home.sql(f"select {columns} from marts.invoices where invoice_id = '{invoice_id}'")


def test_an_invoice_is_converted_by_the_rate_of_its_date(invoiced: Home) -> None:
    """80 + 16 EUR at 1.25."""
    assert of(invoiced, "EUR-1", (
        "usage_amount, tax_amount, payable_amount, currency, payable_usd, fx_rate,"
        " cast(fx_rate_date as varchar), fx_policy, currency_reason"
    )) == [
        (D(80), D(16), D(96), "EUR", D(120), D("1.25"), "2026-10-02", "invoice_date", None)
    ]  # fmt: skip


def test_a_month_may_be_converted_by_its_average_or_by_a_contract(invoiced: Home) -> None:
    """(1.10 + 1.15) over 2 is 1.125, so 90 USD; the contract's 1.0625 makes 85."""
    assert of(invoiced, "EUR-2", "payable_usd, fx_rate, fx_policy") == [
        (D(90), D("1.125"), "month_average")
    ]
    assert of(invoiced, "EUR-3", "payable_usd, fx_rate, fx_policy") == [
        (D(85), D("1.0625"), "contract")
    ]


def test_a_stated_unit_price_is_converted_beside_the_amount(invoiced: Home) -> None:
    assert invoiced.sql(
        "select billed_unit_price_usd from marts.fct_billed_lines"
        " where invoice_id = 'EUR-1' and charge_kind = 'usage'"
    ) == [(D("0.0000025"),)]


def test_without_a_rate_the_amount_in_usd_is_unknown_and_says_why(invoiced: Home) -> None:
    assert of(invoiced, "EUR-4", "payable_amount, payable_usd, currency_reason") == [
        (D(80), None, "latest_rate_older_than_7_days")
    ]


def test_a_foreign_bill_takes_part_in_the_reconciliation(invoiced: Home) -> None:
    """40 million tokens are 100 USD, and so are 80 EUR at 1.25; 16 EUR of tax stand outside."""
    assert invoiced.sql(
        "select status, computed_cost_usd, billed_usage_usd, difference_usd"
        " from marts.reconciliation_months where account = 'euro'"
    ) == [("matched", D(100), D(100), D(20))]


def test_prepaid_credits_are_bought_drawn_and_lost_by_the_month(invoiced: Home) -> None:
    assert invoiced.sql(
        "select cast(month as varchar), opening_amount, purchased_amount, drawn_amount,"
        " expired_amount, closing_amount, is_overdrawn from marts.prepaid_balances"
        " where account = 'prepaid' order by month"
    ) == [
        ("2026-07-01", D(0), D(100), D(0), D(0), D(100), False),
        ("2026-08-01", D(100), D(0), D(0), D(0), D(100), False),
        ("2026-09-01", D(100), D(0), D(30), D(50), D(20), False),
    ]
    assert of(invoiced, "PRE-2", "payable_amount, drawdown_amount, expiry_amount") == [
        (D(0), D(-30), D(50))
    ]


def test_a_balance_below_zero_says_that_a_purchase_is_missing(invoiced: Home) -> None:
    assert invoiced.sql(
        "select closing_amount, is_overdrawn from marts.prepaid_balances"
        " where account = 'unknown_start'"
    ) == [(D(-30), True)]


def test_the_same_bytes_under_two_names_are_one_invoice(invoiced: Home) -> None:
    assert of(invoiced, "TWICE", "account, payable_amount, lines") == [("y", D(7), 1)]


def test_an_invoice_that_crosses_a_month_belongs_to_the_month_it_starts_in(invoiced: Home) -> None:
    assert of(invoiced, "CROSS", "cast(billing_month as varchar), cast(period_end as varchar)") == [
        ("2026-09-01", "2026-10-14")
    ]
