"""A company of eleven calls whose every figure is made by hand.

Prices in USD per million tokens (dbt/seeds/rate_card.csv):
  gpt-5-mini  input 0.25, cache read 0.025, output 2     gpt-5      input 1.25, output 10
  haiku 4.5   input 1, cache read 0.1, write 5m 1.25, output 5      sonnet 4.6 input 3, output 15

openai / default, ledger: LiteLLM log
  10-05 c1 mini 600 + 400 read + 300 out = 0.00015 + 0.00001 + 0.0006      = 0.00076  T1 u1 search
        c2 mini 2000 + 500 out           = 0.0005 + 0.001                  = 0.0015   T1 u1 search
        c3 gpt-5 10000 + 1000 out        = 0.0125 + 0.01                   = 0.0225   ticket 101 u2
        c4 mini failed, no tokens                                          = 0        T1 u1 search
                                                                      day  = 0.02476
  10-06 c5 mini 4000 + 1000 out          = 0.001 + 0.002                   = 0.003    T2 u1 search
        c6 mini 400 + 100 out            = 0.0001 + 0.0002                 = 0.0003   no user
                                                                      day  = 0.0033
  bill  10-05 0.02476, 10-06 0.00555: 0.00225 for 1000 + 100 tokens of gpt-5 past the gateway
anthropic / default, ledger: the company's own log
  10-05 a1 haiku 100 + 1000 read + 2000 write + 200 out
                 = 0.0001 + 0.0001 + 0.0025 + 0.001                        = 0.0037   T3 u2
  10-06 a2 sonnet 1000 + 100 out         = 0.003 + 0.0015                  = 0.0045 ticket 102 staff
  bill  10-05 0.37 cents; 10-06 not billed yet
anthropic / research, ledger: provider usage, nobody logs it
  10-05    haiku 10000 + 1000 out        = 0.01 + 0.005                    = 0.015
  bill  Console CSV: 0.01 and 0.01, so 0.005 of rounding

Computed 0.02806 + 0.0082 + 0.015 = 0.05126; billed 0.03031 + 0.0037 + 0.02 = 0.05401; with 0.0045
accrued the trued-up total is 0.05851.
Outcomes: T1 and T3 succeed, T2 fails; ticket 101 is solved, 102 reopened; u1 and u2 are active.
"""

from __future__ import annotations

from exports import (
    ASSISTANT_MAPPING,
    GPT,
    HAIKU,
    MINI,
    PRODUCT_MAPPING,
    SONNET,
    anthropic_costs,
    anthropic_tokens,
    anthropic_usage,
    console_costs,
    json_lines,
    message,
    openai_costs,
    openai_usage,
    product_event,
    spend_log,
    ticket,
    tickets,
    track,
)
from harness import Home

OPENAI_FIRST_DAY = [
    ("key_gateway", f"{MINI}, input", 2600, "0.000650000000000000000000000000000000000"),
    ("key_gateway", f"{MINI}, cached input", 400, "0.000010000000000000000000000000000000000"),
    ("key_gateway", f"{MINI}, output", 800, "0.0016"),
    ("key_gateway", f"{GPT}, input", 10000, "0.0125"),
    ("key_gateway", f"{GPT}, output", 1000, "0.01"),
]
OPENAI_SECOND_DAY = [
    ("key_gateway", f"{MINI}, input", 4000, "0.001"),
    ("key_gateway", f"{MINI}, output", 1000, "0.002"),
    ("key_map", f"{MINI}, input", 400, "0.0001"),
    ("key_map", f"{MINI}, output", 100, "0.0002"),
    ("key_direct", f"{GPT}, input", 1000, "0.00125"),
    ("key_direct", f"{GPT}, output", 100, "0.001"),
]
SECOND_DAY_CALLS = [
    spend_log("c5", "2026-10-06T09:00:00.250Z", MINI, 4000, 1000, user="u1",
              tags=["feature:search", "task:T2", "env:prod"]),
    spend_log("c6", "2026-10-06T23:59:59.999Z", MINI, 400, 100, api_key="key_map"),
]  # fmt: skip
FEATURE_MAP = (
    "channel,account,match_type,match_value,feature,team,valid_from,valid_to\n"
    "openai,default,api_key_id,key_map,batch_tools,data,2026-01-01,\n"
)


def first_day_calls() -> str:
    """The LiteLLM log of 2026-10-05."""
    return json_lines(
        spend_log("c1", "2026-10-05T00:00:00.000Z", MINI, 1000, 300, cached=400, user="u1",
                  tags=["feature:search", "task:T1", "attempt:1", "env:prod"]),
        spend_log("c2", "2026-10-05T09:00:01.000Z", MINI, 2000, 500, user="u1",
                  tags=["feature:search", "task:T1", "attempt:2", "env:prod"]),
        spend_log("c3", "2026-10-05T09:00:02.000Z", GPT, 10000, 1000, user="u2",
                  tags=["feature:support", "ticket:101", "env:prod"]),
        spend_log("c4", "2026-10-05T09:00:03.000Z", MINI, 0, 0, user="u1", status="failure",
                  tags=["feature:search", "task:T1", "env:prod"]),
    )  # fmt: skip


def write_reference(home: Home) -> None:
    """The company's mappings and rules."""
    home.reference("mappings/assistant_calls", ASSISTANT_MAPPING)
    home.reference("mappings/product_events", PRODUCT_MAPPING)
    home.reference("feature_map", FEATURE_MAP)
    home.reference(
        "internal_users", "user_id,reason,valid_from,valid_to\nstaff-1,employee,2026-01-01,\n"
    )
    home.reference(
        "outcome_rules",
        "source,event_name,property,value,outcome_type,task_type,resolution_kind\n"
        "segment_tracks,Session Started,,,user_active,,\n",
    )


def write_company(home: Home) -> None:
    """Land everything that the company has exported."""
    write_reference(home)
    home.drop("litellm_spend_logs/2026-10-05.jsonl", first_day_calls())
    home.drop("litellm_spend_logs/2026-10-06.jsonl", json_lines(*SECOND_DAY_CALLS))
    home.drop("openai_usage/2026-10.json", openai_usage({
        "2026-10-05": [("key_gateway", MINI, 3000, 400, 800, 3),
                       ("key_gateway", GPT, 10000, 0, 1000, 1)],
        "2026-10-06": [("key_gateway", MINI, 4000, 0, 1000, 1), ("key_map", MINI, 400, 0, 100, 1),
                       ("key_direct", GPT, 1000, 0, 100, 1)],
    }))  # fmt: skip
    home.drop(
        "openai_costs/2026-10.json",
        openai_costs({"2026-10-05": OPENAI_FIRST_DAY, "2026-10-06": OPENAI_SECOND_DAY}),
    )
    home.drop("assistant_calls/2026-10.jsonl", json_lines(
        message("a1", "2026-10-05T10:00:00Z", HAIKU,
                anthropic_tokens(100, 200, read=1000, write_5m=2000),
                user="u2", task="T3", feature="assistant"),
        message("a2", "2026-10-06T10:00:00+00:00", SONNET, anthropic_tokens(1000, 100),
                user="staff-1", ticket="102", feature="assistant"),
    ))  # fmt: skip
    home.drop("anthropic_costs/2026-10-05.json", anthropic_costs({"2026-10-05": [
        (HAIKU, "uncached_input_tokens", "0.01"),
        (HAIKU, "cache_read_input_tokens", "0.01"),
        (HAIKU, "cache_creation.ephemeral_5m_input_tokens", "0.25"),
        (HAIKU, "output_tokens", "0.1"),
    ]}))  # fmt: skip
    home.drop("anthropic_usage/research/2026-10-05.json", anthropic_usage({
        "2026-10-05": [("apikey_eval", HAIKU, anthropic_tokens(10000, 1000))]}))  # fmt: skip
    home.drop("anthropic_console_costs/research/2026-10-05.csv", console_costs(
        ("2026-10-05", "Claude Haiku 4.5", "apikey_eval", "input_no_cache", "0.01"),
        ("2026-10-05", "Claude Haiku 4.5", "apikey_eval", "output", "0.01"),
    ))  # fmt: skip
    write_outcomes(home)


def write_outcomes(home: Home) -> None:
    """Sessions, task events and tickets."""
    home.drop("segment_tracks/2026-10.jsonl", json_lines(
        track("m1", "2026-10-05T08:00:00Z", "Session Started", "u1"),
        track("m2", "2026-10-05T08:00:00Z", "Session Started", "u2"),
        track("m3", "2026-10-06T08:00:00Z", "Session Started", "u1"),
        track("m4", "2026-10-05T08:00:00Z", "Session Started", "staff-1"),
        track("m5", "2026-10-05T08:00:00Z", "Page Opened", "u3"),
    ))  # fmt: skip
    home.drop("product_events/2026-10.jsonl", json_lines(
        product_event("e1", "2026-10-05T09:00:05Z", "task_succeeded", "T1", "u1"),
        product_event("e2", "2026-10-06T09:00:05Z", "task_failed", "T2", "u1"),
        product_event("e3", "2026-10-06T11:00:00Z", "task_succeeded", "T3", "u2"),
    ))  # fmt: skip
    home.drop("zendesk_tickets/2026-10.json", tickets(
        ticket(101, "solved", "2026-10-05T12:00:00Z"),
        ticket(102, "solved", "2026-10-06T12:00:00Z"),
        ticket(102, "open", "2026-10-07T12:00:00Z"),
        ticket(103, "open", "2026-10-20T12:00:00Z"),
    ))  # fmt: skip
