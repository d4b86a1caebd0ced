"""Usage records beside other sources: what is one traffic, what is none, and what is one record.

gpt-5-mini costs 0.25 USD per million input and 2 per million output tokens, Sonnet 4.6 3 and 15;
a 1 GB container 0.03 per 20 minutes, a stored GiB and day 0.10.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from exports import MINI, SONNET, json_lines, openai_usage
from harness import Home

D = Decimal
DAY = "2026-10-05"
AT = f"{DAY}T09:00:00Z"


def record(
    case_id: str, usage: dict[str, Any], model: str = MINI, channel: str = "openai", **more: Any
) -> dict[str, Any]:
    """One record of a call, with the usage object that its provider returned."""
    return {
        "case_id": case_id,
        "channel": channel,
        "response_model": model,
        "ts_utc": AT,
        "usage_native_json": usage,
        **more,
    }


def images(number: int) -> dict[str, int]:
    """A usage object with a meter beside the tokens."""
    return {"input_tokens": 1000, "output_tokens": 100, "file_search_calls": number}


def iterations(*outputs: int, **more: Any) -> dict[str, Any]:
    """An Anthropic usage object whose answer took several iterations of 1,000 input tokens."""
    parts = [
        {"type": "message", "input_tokens": 1000, "output_tokens": output,
         "cache_read_input_tokens": 0}
        for output in outputs
    ]  # fmt: skip
    return {"input_tokens": 1000, "cache_read_input_tokens": 0, "output_tokens": outputs[-1],
            "iterations": parts, **more}  # fmt: skip


@pytest.fixture(scope="module")
def recorded(home: Home) -> Home:
    home.drop(
        "openai_usage/store.json",
        openai_usage({DAY: [("key_one", MINI, 4_000_000, 0, 1_000_000, 12)]}),
    )
    home.drop(
        "usage_records/a.jsonl",
        json_lines(
            # charges of a period stand beside the provider's own count of that day's calls
            record("store", {"vector_store_gib_days": 12}, "(vector_store)"),
            record("box", {"session_seconds": 61, "memory_gb": 1}, "(container_1gb)"),
            # nobody publishes what a container of 2 GB costs
            record("odd", {"session_seconds": 61, "memory_gb": 2}, "(container_2gb)",
                   account="boxes"),
            # copies that agree, and copies whose searches differ
            record("same", images(2), account="copies"),
            record("same", images(2), account="copies"),
            record("torn", images(2), account="copies"),
            record("torn", images(3), account="copies"),
            # one answer of two iterations, shipped twice, the second time with its user
            record("twice", iterations(100, 200), SONNET, "anthropic", account="parts"),
            record("twice", iterations(100, 200), SONNET, "anthropic", account="parts", user="u"),
            # the copies agree on the first iteration alone
            record("half", iterations(100, 200), SONNET, "anthropic", account="parts"),
            record("half", iterations(100, 300), SONNET, "anthropic", account="parts"),
            # one copy lacks the last iteration
            record("cut", iterations(100, 200), SONNET, "anthropic", account="parts"),
            record("cut", iterations(100), SONNET, "anthropic", account="parts"),
            # a channel that no list knows says `default` like every other
            record("house", {"input_tokens": 5, "output_tokens": 5}, "m", "house_gateway",
                   service_tier="default"),
        ),
    )  # fmt: skip
    home.compute()
    return home


def test_charges_of_a_period_make_no_call_log_of_a_day(recorded: Home) -> None:
    """4 million x 0.25 + 1 million x 2 per million; 12 x 0.10; five minutes at least x 0.0015."""
    lines = recorded.sql(
        "select charge_origin, meter, quantity, cost_usd from marts.fct_charge_lines"
        " where channel = 'openai' and account = 'default' order by all"
    )
    assert lines == [
        ("period", "container_1gb_minutes", D(5), D("0.0075")),
        ("period", "vector_store_gib_days", D(12), D("1.2")),
        ("usage_bucket", "input_uncached_tokens", D(4_000_000), D(1)),
        ("usage_bucket", "output_tokens", D(1_000_000), D(2)),
    ]


def test_a_charge_of_a_period_without_a_price_is_listed_and_counted(recorded: Home) -> None:
    assert recorded.sql(
        "select usage_rows, requests, total_tokens, at_risk_usd, length(suggestion) > 20"
        " from marts.unpriced_usage where account = 'boxes'"
    ) == [(1, 0, 0, None, True)]
    assert recorded.sql(
        "select computed_cost_usd, is_lower_bound from marts.reconciliation_months"
        " where account = 'boxes'"
    ) == [(D(0), True)]


def test_a_meter_beside_the_tokens_is_part_of_what_copies_must_agree_on(recorded: Home) -> None:
    assert recorded.sql(
        "select row_number, reason_code from marts.quarantined_rows"
        " where value_hint in ('same', 'torn') order by all"
    ) == [(5, "duplicate"), (6, "conflicting_usage"), (7, "conflicting_usage")]
    assert recorded.sql(
        "select source_call_id, other_meters from marts.fct_llm_calls where account = 'copies'"
    ) == [("default/same", [{"meter": "file_search_calls", "quantity": D(2)}])]


def test_a_record_of_several_iterations_is_kept_or_set_aside_whole(recorded: Home) -> None:
    """Two iterations cost 2 x 1000 x 3 + 300 x 15 per million."""
    assert recorded.sql(
        "select split_part(source_call_id, '#', 1), count(*), sum(requests), sum(cost_usd),"
        " count(user_key) from marts.fct_llm_calls where account = 'parts' group by 1"
    ) == [("default/twice", 2, 1, D("0.0105"), 2)]
    assert recorded.sql(
        "select row_number, reason_code from marts.quarantined_rows where row_number between 8"
        " and 13 order by all"
    ) == [
        (8, "duplicate"),
        (10, "conflicting_usage"),
        (11, "conflicting_usage"),
        (12, "conflicting_usage"),
        (13, "conflicting_usage"),
    ]


def test_the_common_words_for_a_tier_hold_at_a_channel_without_words_of_its_own(
    recorded: Home,
) -> None:
    assert recorded.sql(
        "select service_tier, unpriced_reason from marts.fct_llm_calls"
        " where channel = 'house_gateway'"
    ) == [("standard", "unknown_model")]
