"""Which model a reported name means: exactly, by account and date, else a reason and a line to add.

Per million input tokens: `plain` costs 2, `other` 4, `newer` 8; a fine-tune of `plain` 3; a model
of a maker on AWS 5 in its region and 6 through the profile `us`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from books import LEDGER, Books, MakeBooks, Row, price, record, terms, used

D = Decimal
IN = "input_uncached_tokens"
UNMAPPED = "unmapped_inference_profile"
ARN = "arn:aws:bedrock:us-east-1:111122223333:"
LIST = [
    price("openai", "plain", IN, "2"),
    price("openai", "other", IN, "4"),
    price("openai", "ft:plain", IN, "3"),
    *(price("azure", model, IN, at) for model, at in (("plain", "2"), ("newer", "8"))),
    price("azure", "plain", IN, "2.5", geo="data_zone_us"),
    price("aws", "maker.m-v1:0", IN, "5", provider="maker", geo="in_region"),
    price("aws", "maker.m-v1:0", IN, "6", provider="maker", geo="us"),
    price("anthropic", "tiered", IN, "5"),
    price("openrouter", "openai/plain", IN, "2"),
]
REVIEWED: list[Row] = [
    {"channel": "aws", "raw_model": "us.maker.m-v1:0", "model_key": "maker.m-v1:0",
     "provider": "maker", "geo": "us"},
    {"channel": "openai", "raw_model": "popular", "model_key": "plain", "provider": "openai",
     "valid_to": "2026-10-10"},
    {"channel": "openai", "raw_model": "popular", "model_key": "other", "provider": "openai",
     "valid_from": "2026-10-10"},
]  # fmt: skip
OWN = "channel,account,name,model_key,geo,valid_from,valid_to,note\n"
LINES = """\
azure,*,prod-chat,plain,,,,everybody's deployment
azure,one,prod-chat,newer,,2026-10-10,,moved on the tenth
azure_direct,zoned,prod-eu,plain,data_zone_us,,2026-10-10,until the tenth
openai,one,plain,other,,,,its own line wins
openai,*,ft:plain:acme:support:9x,other,,,,one fine-tune of several
bedrock,*,arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc,us.maker.m-v1:0,,,,
azure,*,lost,no-such-model,,,,
"""
MILLION = used(1_000_000)
KNOWN = [
    # (name of the call, channel, account, model, day, dollars for a million input tokens)
    ("itself", "openai", "default", "plain", 5, 2),
    ("alias before its move", "openai", "default", "popular", 9, 2),
    ("alias after its move", "openai", "default", "popular", 10, 4),
    ("fine-tune", "openai", "default", "ft:plain:acme:billing:7y", 5, 3),
    ("fine-tune without suffix", "openai", "default", "ft:plain:acme::7y", 5, 3),
    ("fine-tune with a line", "openai", "default", "ft:plain:acme:support:9x", 5, 4),
    ("own line of the account", "openai", "one", "plain", 5, 4),
    ("deployment", "azure", "default", "prod-chat", 5, 2),
    ("deployment before its move", "azure", "one", "prod-chat", 9, 2),
    ("deployment after its move", "azure", "one", "prod-chat", 10, 8),
    ("deployment of a data zone", "azure", "zoned", "prod-eu", 9, "2.5"),
    ("profile", "bedrock", "default", "us.maker.m-v1:0", 5, 6),
    ("profile in an ARN", "bedrock", "default", f"{ARN}inference-profile/us.maker.m-v1:0", 5, 6),
    ("application profile", "bedrock", "default", f"{ARN}application-inference-profile/abc", 5, 6),
    ("model in an ARN", "bedrock", "default",
     "arn:aws:bedrock:us-east-1::foundation-model/maker.m-v1:0", 5, 5),
]  # fmt: skip
UNKNOWN = [
    ("snapshot", "openai", "plain-2031-01-01", "unknown_model"),
    ("longer name", "openai", "plain-lite", "unknown_model"),
    ("letter case", "openai", "Plain", "unknown_model"),
    ("fine-tune of nothing", "openai", "ft:nothing:acme::1", "unknown_model"),
    ("deployment", "azure", "prod-mail", "unmapped_deployment"),
    ("mapped to nothing", "azure", "lost", "no_published_rate"),
    ("application profile", "aws", f"{ARN}application-inference-profile/x", UNMAPPED),
    ("profile of nothing", "aws", f"{ARN}inference-profile/us.nobody.m", UNMAPPED),
    ("provisioned", "aws", f"{ARN}provisioned-model/x", "capacity_billed"),
    ("model of nobody", "aws", "nobody.m-v1:0", "unknown_model"),
    ("variant", "openrouter", "openai/plain:online", "variant_without_reported_cost"),
    ("router", "openrouter", "openrouter/auto", "variant_without_reported_cost"),
    ("other place", "azure", "plain", "no_published_rate"),
    ("tier", "anthropic", "tiered", "contract_rate_required"),
]  # fmt: skip


def known() -> list[Row]:
    return [
        record(name, channel, model, MILLION, at=f"2026-10-{day:02}T12:00:00Z", account=account,
               **({"geo": "in_region"} if "foundation" in model else {}))
        for name, channel, account, model, day, _ in KNOWN
    ]  # fmt: skip


def unknown() -> list[Row]:
    more: dict[str, Row] = {
        "other place": {"geo": "data_zone_apac"},
        "tier": {"service_tier": "priority"},
    }
    return [
        record(f"no {name}", channel, model, MILLION, account="unknown", **more.get(name, {}))
        for name, channel, model, _ in UNKNOWN
    ]


@pytest.fixture(scope="module")
def books(make_books: MakeBooks) -> Books:
    books = make_books("names", LIST, REVIEWED)
    books.reference("model_aliases", OWN + LINES)
    books.records(*known(), *unknown())
    return books.build(*LEDGER)


def test_every_name_that_some_table_knows_is_priced(books: Books) -> None:
    found = books.ask(
        "select split_part(source_call_id, '/', 2), cost_usd from marts.fct_llm_calls"
        " where account <> 'unknown' order by 1"
    )
    assert found == sorted((name, D(dollars)) for name, *_, dollars in KNOWN)


def test_a_name_that_no_table_knows_costs_nothing_known_and_says_why(books: Books) -> None:
    found = books.ask(
        "select channel || ': ' || split_part(source_call_id, '/', 2), cost_usd, unpriced_reason"
        " from marts.fct_llm_calls where account = 'unknown' order by 1"
    )
    assert found == sorted(
        (f"{channel}: no {name}", None, why) for name, channel, _, why in UNKNOWN
    )


def listed(books: Books) -> dict[str, tuple[Any, ...]]:
    return {
        row[0]: row[1:]
        for row in books.ask(
            "select channel || ' ' || model_served, unpriced_reason, requests, total_tokens,"
            " at_risk_usd, suggestion from marts.unpriced_usage"
        )
    }


def test_every_unknown_name_is_listed_with_what_may_be_at_risk(books: Books) -> None:
    """OpenAI: 2 + 2 + 4 + 3 + 3 + 4 + 4 USD for seven million tokens; Anthropic: nothing priced."""
    found = listed(books)
    assert set(found) == {f"{channel} {model}" for _, channel, model, _ in UNKNOWN}
    mean = D("3.142857")
    assert found["openai plain-lite"][:4] == ("unknown_model", 1, 1_000_000, mean)
    assert found["anthropic tiered"][3] is None
    assert all(len(row[4]) > 20 for row in found.values())


def test_the_suggested_line_prices_the_name_once_it_is_completed(
    books: Books, make_books: MakeBooks
) -> None:
    """C60: a user's own line prices a model that no table knew.

    2 for each mapped name on openai and azure, 6 on AWS, 9 by contract.
    """
    names, contracts = [], []
    for suggestion in (row[4] for row in listed(books).values()):
        if found := re.search(r"model_aliases\.csv: (.*)$", suggestion):
            name = "us.maker.m-v1:0" if found[1].startswith("aws") else "plain"
            line = found[1].replace("<model_key>", name)
            names.append(line.replace("<global or data_zone_us>", "global"))
        elif found := re.search(r"contracts\.csv: (.*)$", suggestion):
            line = found[1].replace("<contract>", "mine").replace("<price>", "9")
            contracts.append(line.replace("<meter>", IN))
    assert (len(names), len(contracts)) == (8, 1)
    mended = make_books("mended", LIST, REVIEWED)
    mended.reference("model_aliases", OWN + "".join(f"{line}\n" for line in names))
    mended.reference("contracts", terms() + f"{contracts[0]}\n")
    mended.records(*unknown())
    mended.build(*LEDGER)
    costs = mended.ask(
        "select channel, model_served, cost_usd from marts.fct_llm_calls"
        " where cost_usd is not null order by all"
    )
    reasons = ("unknown_model", "unmapped_deployment", UNMAPPED)
    dollars = {"openai": 2, "azure": 2, "aws": 6, "anthropic": 9}
    assert costs == sorted(
        (channel, model, D(dollars[channel]))
        for _, channel, model, why in UNKNOWN
        if why in reasons or channel == "anthropic"
    )


def test_one_name_of_one_account_and_day_means_one_model(books: Books) -> None:
    assert (
        books.ask(
            "select one.raw_model from intermediate.int_model_aliases as one"
            " inner join intermediate.int_model_aliases as other"
            " on one.channel = other.channel and one.raw_model = other.raw_model"
            " and one.account is not distinct from other.account and one.is_own = other.is_own"
            " and one.valid_from < other.valid_to and other.valid_from < one.valid_to"
            " group by one.channel, 1, one.account, one.valid_from having count(*) > 1"
        )
        == []
    )
