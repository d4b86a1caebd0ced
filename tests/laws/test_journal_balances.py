"""Every journal entry balances in whole cents, whatever the shares and the signs of its lines."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rendering import model

D = Decimal
ATTO = D(1).scaleb(-18)
CENT = D("0.01")
EXAMPLES = settings(max_examples=25, deadline=None)
KINDS = (
    *("usage", "adjustment", "fee", "commitment", "credit", "refund", "tax"),
    *("purchase", "drawdown", "expiry"),
)

# Whole attodollars up to 10^7 USD, both signs: an export's amounts are no whole cents.
atto = st.integers(-(10**25), 10**25) | st.sampled_from([0, 1, -1, 5 * 10**15, 10**18])
cents = st.integers(-(10**9), 10**9).map(lambda whole: whole * 10**16)
lines = st.lists(
    st.tuples(st.sampled_from(["I-1", "I-2"]), st.sampled_from(KINDS), atto | cents),
    min_size=1,
    max_size=12,
)
costs = st.dictionaries(st.sampled_from("abcdef"), atto, max_size=6)
Line = tuple[str, str, int]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("""
            create table int_cost_center_costs (channel text, account text, month date,
                cost_center text, is_accrued boolean, expense_account text,
                computed_cost_usd decimal(38, 18), trued_up_cost_usd decimal(38, 18));
            create table accruals (channel text, account text, month date, cost_center text,
                basis text, accrued_usd decimal(38, 18), expense_account text);
            create table stg_reference__gl_accounts (role text, channel text, ledger_account text);
            create table int_invoice_lines (channel text, account text, invoice_id text,
                billing_month date, charge_kind text, billed_usd decimal(38, 18),
                is_issuer_invoice_id boolean);
        """)
        yield connection


def posted(
    con: duckdb.DuckDBPyConnection, invoice_lines: list[Line], shares: dict[str, int]
) -> list[dict[str, Any]]:
    """The journal of invoices and of an accrual that the same shares make."""
    for table in ("int_cost_center_costs", "accruals", "int_invoice_lines"):
        con.execute(f"delete from {table}")
    month = "2026-09-01"
    for invoice, kind, units in invoice_lines:
        con.execute(
            "insert into int_invoice_lines values ('c', 'a', ?, ?, ?, ?, true)",
            [invoice, month, kind, D(units) * ATTO],
        )
    for center, units in shares.items():
        con.execute(
            "insert into int_cost_center_costs values ('c', 'a', ?, ?, false, null, 0, ?)",
            [month, center, D(units) * ATTO],
        )
        con.execute(
            "insert into accruals values ('c', 'owing', ?, ?, 'not_billed', ?, null)",
            [month, center, D(units) * ATTO],
        )
    cursor = con.execute(model("int_journal_wanted"))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def rounded(units: int) -> Decimal:
    """Whole cents, half away from zero."""
    return (D(units) * ATTO).quantize(CENT, ROUND_HALF_UP)


@EXAMPLES
@given(lines, costs)
@example([("I-1", "usage", 10 * 10**18)], {"a": 10**18, "b": 10**18, "c": 10**18})
# half a cent by three: what the division loses must not round it down
@example([("I-1", "usage", 5 * 10**15)], {"a": 10**18, "b": 10**18, "c": 10**18})
@example([("I-1", "usage", 10**18), ("I-1", "tax", 5 * 10**15)], {"a": 2 * 10**18, "b": -(10**18)})
@example([("I-1", "usage", 10**18), ("I-1", "drawdown", -(10**18))], {})
def test_entries_balance_and_payables_are_the_rounded_invoices(
    con: duckdb.DuckDBPyConnection, invoice_lines: list[Line], shares: dict[str, int]
) -> None:
    journal = posted(con, invoice_lines, shares)
    by_entry: dict[str, Decimal] = {}
    payable = {"I-1": D(0), "I-2": D(0)}
    for line in journal:
        amount = line["amount_usd"]
        assert amount == amount.quantize(CENT) != 0
        by_entry[line["entry_id"]] = by_entry.get(line["entry_id"], D(0)) + amount
        if line["ledger_account"] == "Accounts payable":
            payable[line["entry_id"].split(":")[3]] -= amount
    assert set(by_entry.values()) <= {D(0)}
    for invoice, found in payable.items():
        of_invoice = [
            units for name, kind, units in invoice_lines if name == invoice and kind != "expiry"
        ]
        assert found == rounded(sum(of_invoice))
    owed = -sum(
        line["amount_usd"]
        for line in journal
        if line["entry_kind"] == "accrual" and line["ledger_account"] == "Accrued liabilities"
    )
    assert owed == rounded(sum(shares.values()))
    reversed_lines = [-row["amount_usd"] for row in journal if row["entry_kind"] == "accrual"]
    assert sorted(reversed_lines) == sorted(
        row["amount_usd"] for row in journal if row["entry_kind"] == "accrual_reversal"
    )


def test_prepaid_is_an_asset_until_it_is_drawn_or_lost(con: duckdb.DuckDBPyConnection) -> None:
    """50.00 bought, 10.00 of usage paid from it, 5.00 lost: 50.00 are payable, 35.00 are left."""
    whole = 10**18
    journal = posted(
        con,
        [
            ("I-1", "purchase", 50 * whole), ("I-1", "usage", 10 * whole),
            ("I-1", "drawdown", -10 * whole), ("I-1", "expiry", 5 * whole),
        ],
        {},
    )  # fmt: skip
    balances: dict[str, Decimal] = {}
    for line in journal:
        name = line["ledger_account"]
        balances[name] = balances.get(name, D(0)) + line["amount_usd"]
    assert balances == {
        "LLM usage expense": D(10),
        "Prepaid LLM credits": D(35),
        "Expired LLM credits": D(5),
        "Accounts payable": D(-50),
    }


def test_an_invoice_whose_rate_of_exchange_is_unknown_is_not_posted(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("delete from int_cost_center_costs; delete from accruals")
    con.execute("delete from int_invoice_lines")
    con.execute(
        "insert into int_invoice_lines values"
        " ('c', 'a', 'I-1', date '2026-09-01', 'usage', 1, true),"
        " ('c', 'a', 'I-1', date '2026-09-01', 'tax', null, true),"
        " ('c', 'a', 'derived', date '2026-09-01', 'usage', 1, false)"
    )
    assert con.execute(model("int_journal_wanted")).fetchall() == []
