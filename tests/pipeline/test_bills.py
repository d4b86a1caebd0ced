"""Bills in all their combinations, one account each, compared with usage made by hand.

Gemini 2.5 Flash output costs 2.50 USD per million tokens, gpt-5-mini input 0.25, Haiku 4.5 1 and 5.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from exports import (
    HAIKU,
    MINI,
    anthropic_costs,
    anthropic_tokens,
    anthropic_usage,
    console_costs,
    invoice,
    json_lines,
    openai_costs,
    spend_log,
)
from harness import Home

from dagster_project.reports.tolerances import drift_messages

D = Decimal
MILLION = 1_000_000
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


def google(account: str, *lines: str) -> list[str]:
    """Lines of the September invoice of a Google account; each from description to kind."""
    head = f"GCP-{account},google,{account},2026-09-01,2026-09-30,2026-10-05"
    return [f"{head},{line}" for line in lines]


def output(millions: int, amount: str, currency: str = "USD", kind: str = "usage") -> str:
    """An invoice line for Gemini output tokens."""
    return f"Output,gemini-2.5-flash,output_tokens,{millions * MILLION},,{amount},{currency},{kind}"


@pytest.fixture(scope="module")
def billed(home: Home) -> Home:
    home.reference("mappings/own_log", OWN_LOG)
    used = {"big": 2000, "unbilled": 4, "taxed": 40, "euro": 40, "default": 4, "replaced": 4,
            "adjusted": 4}  # fmt: skip
    home.drop("own_log/september.jsonl", json_lines(*(
        {"id": account, "at": "2026-09-10T10:00:00Z", "account": account, "out": millions * MILLION}
        for account, millions in used.items()
    )))  # fmt: skip
    # 1000 tokens are a quarter of a cent, which the invoice rounds away
    home.drop("own_log/cents.jsonl", json_lines(
        {"id": "cents", "at": "2026-09-10T10:00:00Z", "account": "cents", "out": 1000}
    ))  # fmt: skip
    home.reference("tolerances", (
        "residual_code,channel,account,tolerance_pct,tolerance_usd\n"
        "rounding,google,cents,,0.001\n"
    ))  # fmt: skip
    home.drop("invoice_lines/september.csv", invoice(
        *google("cents", "Output,gemini-2.5-flash,output_tokens,1000,,0.00,USD,usage"),
        *google("big", output(2000, "5000.00")),
        *google("taxed", output(40, "100.00"), "Promotional credit,,,,,-20.00,USD,credit",
                "VAT,,,,,16.00,USD,tax"),
        *google("euro", output(40, "92.00", "EUR")),
        *google("replaced", output(4, "10.00"), "Extra,,,,,3.00,USD,usage"),
        *google("idle", output(4, "10.00")),
        *google("adjusted", output(4, "10.00"), "Agreed,,,,,-1.00,USD,adjustment"),
        # no account in the line: the landing folder's label counts, here 'default'
        f"GCP-none,google,,2026-09-01,2026-09-30,2026-10-05,{output(4, '10.00')}",
    ))  # fmt: skip
    home.drop("invoice_lines/corrected.csv", invoice(*google("replaced", output(4, "10.00"))))
    write_openai(home)
    write_anthropic(home)
    home.compute()
    return home


def write_openai(home: Home) -> None:
    """Two days of usage, 1 + 2 USD; the cost report has the first, the invoice the month."""
    home.drop("litellm_spend_logs/september.jsonl", json_lines(
        spend_log("o1", "2026-09-10T09:00:00Z", MINI, 4 * MILLION, 0),
        spend_log("o2", "2026-09-11T09:00:00Z", MINI, 8 * MILLION, 0, user="mover"),
    ))  # fmt: skip
    home.drop("openai_costs/september.json", openai_costs(
        {"2026-09-10": [("key_gateway", f"{MINI}, input", 4 * MILLION, "1")]}
    ))  # fmt: skip
    home.drop("invoice_lines/openai.csv", invoice(
        "OAI-1,openai,default,2026-09-01,2026-09-30,2026-10-05,API usage,,,,,3.00,USD,usage"
    ))  # fmt: skip
    home.reference("internal_users", (
        "user_id,reason,valid_from,valid_to\n"
        "mover,first stay,2026-01-01,2026-02-01\nmover,second stay,2026-09-01,2026-12-31\n"
    ))  # fmt: skip


def write_anthropic(home: Home) -> None:
    """Account one has two reports of one day; account two has a bill and no usage at all."""
    usage = anthropic_usage({"2026-09-10": [("key", HAIKU, anthropic_tokens(1000, 1000))]})
    home.drop("anthropic_usage/one/a.json", usage)
    home.drop("anthropic_usage/three/a.json", usage)
    home.drop("anthropic_costs/one/a.json", anthropic_costs(
        {"2026-09-10": [(HAIKU, "output_tokens", "0.5"), (HAIKU, "uncached_input_tokens", "0.1")]}
    ))  # fmt: skip
    # the same bytes under two accounts are two bills, as they were two reports above
    console = console_costs(("2026-09-10", "Claude Haiku 4.5", "key", "output", "0.01"))
    home.drop("anthropic_console_costs/one/a.csv", console)
    home.drop("anthropic_console_costs/two/a.csv", console)


def month(home: Home, channel: str, account: str) -> tuple[str, object, object, object, object]:
    """Status, computed, billed, payable and difference of a month."""
    ((status, *amounts),) = home.sql(
        "select status, computed_cost_usd, billed_usd, payable_usd, difference_usd"
        " from marts.reconciliation_months"
        f" where channel = '{channel}' and account = '{account}'"
    )
    return (status, *amounts)


def residuals(home: Home, channel: str, account: str) -> list[tuple[str, Decimal]]:
    """Residual codes of an account with their sums, those without amount left out."""
    return home.sql(
        "select residual_code, sum(residual_usd) from marts.reconciliation_lines"
        f" where channel = '{channel}' and account = '{account}'"
        " group by all having sum(residual_usd) <> 0 order by all"
    )


def test_an_invoice_line_of_thousands_is_compared(billed: Home) -> None:
    """Regression: quantity times price overflowed its decimal at 100 USD and stopped the run."""
    assert month(billed, "google", "big") == ("matched", D(5000), D(5000), D(5000), D(0))


def test_usage_without_any_bill_is_not_billed_yet(billed: Home) -> None:
    """4 million tokens are 10 USD."""
    assert month(billed, "google", "unbilled") == ("not_billed", D(10), None, None, D(-10))
    assert residuals(billed, "google", "unbilled") == [("not_billed", D(-10))]


def test_credits_and_tax_are_payable_and_never_usage(billed: Home) -> None:
    assert month(billed, "google", "taxed") == ("matched", D(100), D(96), D(96), D(-4))
    assert residuals(billed, "google", "taxed") == [("credit", D(-20)), ("tax", D(16))]
    assert billed.sql(
        "select billed_usage_usd, payable_usage_usd from marts.reconciliation_months"
        " where account = 'taxed'"
    ) == [(D(100), D(100))]


def test_every_charge_of_an_invoice_is_a_billed_line_and_they_sum_to_what_is_payable(
    billed: Home,
) -> None:
    """C59: usage, credit, tax and adjustment; the earlier GCP-replaced of 13 USD is gone."""
    payable = {
        "GCP-adjusted": D(9), "GCP-big": D(5000), "GCP-cents": D(0), "GCP-euro": D(92),
        "GCP-idle": D(10), "GCP-none": D(10), "GCP-replaced": D(10),
        "GCP-taxed": D(100) - D(20) + D(16), "OAI-1": D(3),
    }  # fmt: skip
    assert payable["GCP-taxed"] == D(96)
    rows = billed.sql(
        "select invoice_id, sum(billed_amount) from marts.fct_billed_lines"
        " where invoice_id is not null group by invoice_id"
    )
    assert dict(rows) == payable


def test_an_amount_in_another_currency_is_unknown_and_not_zero(billed: Home) -> None:
    """Regression: 92 EUR were compared as 0 USD, a `rate` residual took all cost away."""
    assert month(billed, "google", "euro") == ("not_billed", D(100), None, None, D(-100))
    assert billed.sql(
        "select billed_amount, billed_currency, billed_usd from marts.fct_billed_lines"
        " where account = 'euro'"
    ) == [(D(92), "EUR", None)]
    assert billed.warehouse_sql(
        "select sum(trued_up_cost_usd) from intermediate.int_cost_rows where account = 'euro'"
    ) == [(D(100),)]


def test_an_invoice_without_account_belongs_to_its_folder(billed: Home) -> None:
    """Regression: it stopped the run at the contract of fct_billed_lines."""
    assert month(billed, "google", "default") == ("matched", D(10), D(10), D(10), D(0))


def test_a_later_invoice_of_the_same_number_replaces_it_whole(billed: Home) -> None:
    assert month(billed, "google", "replaced") == ("matched", D(10), D(10), D(10), D(0))


def test_a_bill_without_any_usage_is_shown_as_such(billed: Home) -> None:
    assert month(billed, "google", "idle") == ("no_usage", D(0), D(10), D(10), D(10))
    assert any("google / idle" in text for text in drift_messages(billed.settings.snapshot))
    assert month(billed, "anthropic", "two") == ("no_usage", D(0), D("0.01"), None, D("0.01"))


def test_an_adjustment_of_usage_is_part_of_the_bill(billed: Home) -> None:
    assert month(billed, "google", "adjusted")[1:] == (D(10), D(9), D(9), D(-1))
    assert residuals(billed, "google", "adjusted") == [("unexplained", D(-1))]


def test_an_invoice_bills_the_days_that_the_cost_report_does_not_reach(billed: Home) -> None:
    """1 USD of the report stands; the invoice's other 2 are the second day."""
    assert month(billed, "openai", "default") == ("matched", D(3), D(3), D(3), D(0))
    assert residuals(billed, "openai", "default") == []


def test_of_two_reports_of_a_day_the_exact_one_is_the_bill_of_record(billed: Home) -> None:
    """0.5 + 0.1 cents; the Console's rounded cent is beside it."""
    assert month(billed, "anthropic", "one")[:3] == ("matched", D("0.006"), D("0.006"))
    assert billed.sql(
        "select source, is_bill_of_record, sum(billed_usd) from marts.fct_billed_lines"
        " where account = 'one' group by all order by all"
    ) == [
        ("anthropic_console_costs", False, D("0.01")),
        ("anthropic_costs", True, D("0.006")),
    ]


def test_the_same_bytes_under_two_accounts_are_two_accounts_rows(billed: Home) -> None:
    """Regression: row ids named the file alone, and the repeated ids stopped the run."""
    assert billed.sql(
        "select account, sum(cost_usd) from marts.fct_llm_calls where channel = 'anthropic'"
        " group by all order by all"
    ) == [("one", D("0.006")), ("three", D("0.006"))]
    assert billed.sql(
        "select count(*) from marts.fct_billed_lines where source = 'anthropic_console_costs'"
    ) == [(2,)]


def test_a_tolerance_in_dollars_alone_is_kept(billed: Home) -> None:
    """Regression: without a percentage the rule was passed over. 0.0025 is above 0.001."""
    assert month(billed, "google", "cents")[0] == "drift"
    assert residuals(billed, "google", "cents") == [("rounding", D("-0.0025"))]


def test_an_internal_user_may_come_back(billed: Home) -> None:
    """Regression: only the first period of a user counted."""
    assert billed.sql(
        "select is_internal_user from marts.fct_llm_calls where source_call_id = 'default/o2'"
    ) == [(True,)]


def test_the_sums_hold_over_all_these_bills(billed: Home) -> None:
    (computed,) = billed.sql("select sum(cost_usd) from marts.fct_llm_calls")[0]
    (residual,) = billed.sql(
        "select sum(residual_usd) from marts.reconciliation_lines"
        " where residual_code <> 'not_billed' and is_usage"
    )[0]
    assert billed.sql(
        "select sum(computed_cost_usd), sum(trued_up_cost_usd) from marts.cost_per_feature"
        " where period_grain = 'month'"
    ) == [(computed, computed + residual)]
