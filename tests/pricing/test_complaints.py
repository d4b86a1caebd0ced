"""Complaints about small amounts and shared ids, on books with one hand-made price list.

`plain` costs 0.05 USD per million input tokens: 0.00000005 per token.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from books import LEDGER, Books, MakeBooks, price, record, used

D = Decimal
LIST = [price("openai", "plain", "input_uncached_tokens", "0.05")]
CALLS = 3001


@pytest.fixture(scope="module")
def books(make_books: MakeBooks) -> Books:
    """Tiny calls, and one call id under several scopes."""
    books = make_books("complaints", LIST)
    tiny = [record(f"tiny-{number}", "openai", "plain", used(1)) for number in range(CALLS)]
    books.records(*tiny, name="usage_records/tiny/a.jsonl")
    relay = {"channel": "openai", "model": "plain"}
    one = record("relay", **relay, usage=used(1000))
    for folder in ("east", "west"):
        books.records(one, name=f"usage_records/{folder}/a.jsonl")
    # the same call logged a second time, in a later file of the same account
    books.records(one, record("last", **relay, usage=used(1)), name="usage_records/east/b.jsonl")
    books.records(
        *(
            record("fork", **relay, usage=used(tokens), session_id=session)
            for session, tokens in (("s1", 1000), ("s2", 2000), ("s2", 2000))
        ),
        name="usage_records/forks/a.jsonl",
    )
    return books.build(*LEDGER, "cost_per_feature", "quarantined_rows")


def test_a_sum_of_many_tiny_costs_is_exact_to_the_last_digit(books: Books) -> None:
    """C63: 3,001 calls of one token are 0.00015005 USD, in calls, in lines and in a mart."""
    wanted = D("0.00000005") * CALLS
    assert wanted == D("0.00015005")
    at = "account = 'tiny'"
    assert books.value(f"select sum(cost_usd) from marts.fct_llm_calls where {at}") == wanted
    assert books.value(f"select min(cost_usd) from marts.fct_llm_calls where {at}") > 0
    assert books.value(f"select sum(cost_usd) from marts.fct_charge_lines where {at}") == wanted
    others = books.value(f"select sum(cost_usd) from marts.fct_llm_calls where not {at}")
    assert (
        books.value(
            "select sum(computed_cost_usd) from marts.cost_per_feature where period_grain = 'month'"
        )
        == wanted + others
    )


def test_one_id_under_two_accounts_is_two_calls_and_one_logged_twice_is_one(books: Books) -> None:
    """C74: a relay gives both accounts the same id; the east logs its call once more."""
    assert books.ask(
        "select account, count(*), sum(cost_usd) from marts.fct_llm_calls"
        " where source_call_id like '%/relay' group by account order by account"
    ) == [("east", 1, D("0.00005")), ("west", 1, D("0.00005"))]
    assert books.ask(
        "select path, reason_code from marts.quarantined_rows where path like '%east%'"
    ) == [("usage_records/east/b.jsonl", "duplicate")]


def test_one_id_in_two_sessions_is_two_calls_and_a_forked_copy_is_one(books: Books) -> None:
    """C74: 1,000 tokens in one session, 2,000 in the other, which is logged twice."""
    assert books.ask(
        "select session_id, count(*), sum(cost_usd) from marts.fct_llm_calls"
        " where account = 'forks' group by session_id order by session_id"
    ) == [("s1", 1, D("0.00005")), ("s2", 1, D("0.0001"))]
