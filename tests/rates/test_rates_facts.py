"""The hand-typed facts: what they expand to, and how a wrong one is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from rate_samples import HEAD, built, facts, given, prices

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.facts import load_facts
from dagster_project.rates.vocabulary import FACTS_FOLDER

MODEL = """
  - model: m-1
    from: "2026-03-05T00:00:00Z"
    source: page
    prices:
"""


def test_the_committed_facts_read_without_an_error() -> None:
    assert len(load_facts(FACTS_FOLDER).models) > 100


def test_inclusive_vendor_bounds_become_a_half_open_band(tmp_path: Path) -> None:
    book = facts(
        tmp_path,
        MODEL
        + '      - {mtok: {input: "2.5"}, ctx: [0, 272000]}\n'
        + '      - {mtok: {input: "5"}, ctx: [272001, null]}\n',
    )
    bands = [(line.ctx_min, line.ctx_max) for line in book.models[0].lines]
    assert bands == [(0, 272001), (272001, None)]


def test_flex_copies_a_batch_that_is_itself_half_of_realtime(tmp_path: Path) -> None:
    book = facts(
        tmp_path,
        MODEL
        + "      - {service_tier: flex, same_as: batch}\n"
        + '      - {processing: batch, factor: "0.5"}\n'
        + '      - {mtok: {input: "2.5", output: "15"}}\n',
    )
    card = built(given(facts=book))
    assert prices(card, service_tier="flex", meter="output_tokens") == [("2026-03-05", "", "7.5")]
    assert prices(card, processing="batch", meter="output_tokens") == [("2026-03-05", "", "7.5")]


def test_an_uplift_scales_token_prices_and_leaves_fees_alone(tmp_path: Path) -> None:
    book = facts(
        tmp_path,
        MODEL
        + '      - {mtok: {input: "2.5"}}\n'
        + '    uplifts: [{geo: regional, factor: "1.1", from: "2026-04-01T00:00:00Z"}]\n'
        + '    fees: {web_search_calls: ["10", 1000]}\n',
    )
    card = built(given(facts=book))
    assert prices(card, geo="regional", meter="input_uncached_tokens") == [
        ("2026-04-01", "", "2.75")
    ]
    assert prices(card, geo="regional", meter="web_search_calls") == [("2026-04-01", "", "10")]
    assert prices(card, geo="global", meter="web_search_calls") == [("2026-03-05", "", "10")]


def test_a_fee_of_batch_stands_beside_the_general_one(tmp_path: Path) -> None:
    book = facts(
        tmp_path,
        MODEL
        + '      - {mtok: {input: "2"}}\n'
        + '      - {processing: batch, mtok: {input: "1"}}\n'
        + "    fees:\n"
        + '      - {meter: web_search_calls, price: "11", per: 1000}\n'
        + '      - {meter: web_search_calls, price: "10", per: 1000, processing: batch}\n',
    )
    card = built(given(facts=book))
    assert prices(card, processing="realtime", meter="web_search_calls")[0][2] == "11"
    assert prices(card, processing="batch", meter="web_search_calls")[0][2] == "10"


def test_a_product_without_a_model_keeps_its_fees_only(tmp_path: Path) -> None:
    book = facts(
        tmp_path,
        '  - product: "(none)"\n    from: "2026-01-01T00:00:00Z"\n    source: page\n'
        '    fees: {container_1gb_minutes: ["0.03", 20]}\n',
    )
    card = built(given(facts=book))
    assert [row.unit_price for row in card.rows] == ["0.0015"]
    assert card.aliases == []


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (MODEL + '      - {mtok: {inpt: "2"}}\n', "some.yml m-1 prices[1] mtok: unknown field"),
        (MODEL + "      - {mtok: {input: 2.5}}\n", "write the price as text in quotes"),
        (MODEL + '      - {mtok: {input: "2,5"}}\n', "'2,5' is not a decimal number"),
        (MODEL + '      - {mtok: {input: "-1"}}\n', "'-1' is not a price"),
        (MODEL + '      - {mtok: {input: "1"}, geo: mars}\n', "'mars' is not a geography"),
        (MODEL + '      - {mtok: {input: "1"}, service_tier: turbo}\n', "service_tier 'turbo'"),
        (MODEL + '      - {mtok: {input: "1"}, from: "2026-03"}\n', "from is written as"),
        (
            MODEL + '      - {mtok: {input: "1"}}\n      - {factor: "0.5"}\n',
            "the copy has the combination it is copied from",
        ),
        (MODEL + "      - {service_tier: flex, same_as: batch}\n", "there is nothing to copy"),
        (MODEL + '      - {factor: "0.5", same_as: batch}\n', "exactly one of mtok, same_as"),
        (MODEL + '      - {mtok: {input: "1"}, ctx: [9, 3]}\n', "ctx ends before it starts"),
        (MODEL + '      - {mtok: {input: "1"}, source: hearsay}\n', "source 'hearsay' is not"),
        (MODEL + '    fees: {output_tokens: ["1", 1000]}\n', "no such meter beside the token"),
        (MODEL + '    fees: {requests: ["1", "1000"]}\n', "`per` is a whole number"),
        ("  - {source: page}\n", "name it by `model` or by `product`"),
    ],
)
def test_a_wrong_fact_names_file_model_and_field(tmp_path: Path, models: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        facts(tmp_path, models)
    assert said in str(error.value)
    assert "some.yml" in str(error.value)


def test_a_model_written_twice_is_an_error(tmp_path: Path) -> None:
    entry = MODEL + '      - {mtok: {input: "1"}}\n'
    with pytest.raises(ConfigurationError, match="m-1 of channel openai is written twice"):
        facts(tmp_path, entry + entry)


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"some\.yml"):
        facts(tmp_path, "  - [", HEAD)
