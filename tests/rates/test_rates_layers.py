"""Facts before genai-prices before LiteLLM, the starts of imported prices, bands and names."""

from __future__ import annotations

from pathlib import Path

from rate_samples import built, facts, given, imported, named, prices, seen

from dagster_project.rates.imports.genai import GenaiName
from dagster_project.rates.imports.rows import ListedModel

FACT = """
  - model: m-1-2026-03-05
    aliases: [m-1]
    from: "2026-03-05T00:00:00Z"
    source: page
    prices:
      - {mtok: {input: "2.5"}}
"""


def _statuses(card: object, **where: str) -> set[str]:
    rows = card.rows  # type: ignore[attr-defined]
    return {r.status for r in rows if all(getattr(r, k) == v for k, v in where.items())}


def test_a_fact_beats_both_packages_and_they_fill_what_it_leaves_out(tmp_path: Path) -> None:
    book = facts(tmp_path, FACT)
    card = built(
        given(
            facts=book,
            genai=[imported("genai-prices", price="9")],
            litellm=[imported(price="8"), imported(meter="output_tokens", price="15")],
        )
    )
    assert prices(card, meter="input_uncached_tokens") == [("2026-03-05", "", "2.5")]
    assert prices(card, meter="output_tokens") == [("2026-03-05", "", "15")]
    assert {row.model_key for row in card.rows} == {"m-1-2026-03-05"}
    assert _statuses(card, meter="output_tokens") == {"assumed"}


def test_a_fact_owns_its_cell_whole_no_package_adds_a_band_or_a_period(tmp_path: Path) -> None:
    models = FACT.replace('{input: "2.5"}}', '{input: "2.5"}, ctx: [0, 272000]}')
    book = facts(tmp_path, models)
    card = built(given(facts=book, litellm=[imported(ctx_min_tokens="272001", price="5")]))
    assert [row.ctx_max_tokens for row in card.rows] == ["272001"]


def test_a_model_priced_by_hours_in_the_facts_gets_no_price_for_all_day(tmp_path: Path) -> None:
    models = FACT.replace("- {mtok", "- {schedule: deepseek_peak, mtok")
    card = built(given(facts=facts(tmp_path, models), litellm=[imported(price="9")]))
    assert {row.schedule for row in card.rows} == {"deepseek_peak"}


def test_genai_prices_comes_first_and_litellm_fills() -> None:
    card = built(
        given(
            genai=[imported("genai-prices", price="3")],
            litellm=[imported(price="4"), imported(meter="output_tokens", price="15")],
        )
    )
    assert prices(card, meter="input_uncached_tokens")[0][2] == "3"
    assert prices(card, meter="output_tokens")[0][2] == "15"
    assert _statuses(card) == {"assumed"}


def test_a_price_is_confirmed_only_where_both_packages_name_it() -> None:
    both = [imported("genai-prices"), imported("genai-prices", meter="output_tokens", price="8")]
    same = [imported(), imported(meter="output_tokens", price="8")]
    cache = imported(meter="input_cache_read_tokens", price="0.2")
    card = built(given(genai=both, litellm=[*same, cache]))
    assert _statuses(card, meter="input_uncached_tokens") == {"confirmed"}
    assert _statuses(card, meter="input_cache_read_tokens") == {"assumed"}
    # One disagreement on input or output makes the whole model doubtful.
    other = [imported(), imported(meter="output_tokens", price="9")]
    assert _statuses(built(given(genai=both, litellm=other))) == {"assumed"}


def test_a_price_of_the_future_is_announced() -> None:
    card = built(
        given(
            genai=[
                imported("genai-prices", valid_to="2027-01-01T00:00:00Z"),
                imported("genai-prices", price="4", valid_from="2027-01-01T00:00:00Z"),
            ]
        )
    )
    assert [row.status for row in card.rows] == ["assumed", "announced"]


def test_a_start_is_the_day_in_the_name_then_the_archive_then_the_release() -> None:
    snapshot = imported(raw_model="m-2026-01-05")
    assert prices(built(given(litellm=[snapshot])))[0][0] == "2026-01-05"
    bound = seen(
        first_version="2", first_on="2026-02-01", before_version="1", before_on="2026-01-01"
    )
    card = built(given(litellm=[imported()], first_seen=[bound]))
    assert prices(card)[0][0] == "2026-01-02"
    assert card.rows[0].valid_from_known == "false"
    assert "not yet in 1 of 2026-01-01" in card.rows[0].note
    assert prices(built(given(litellm=[imported()])))[0][0] == "2026-11-12"


def test_an_older_release_with_another_price_leaves_earlier_days_unpriced() -> None:
    row = imported(raw_model="m-2026-01-05")
    bound = seen(
        model_key="m-2026-01-05",
        meter="input_uncached_tokens",
        processing="realtime",
        service_tier="standard",
        geo="global",
        schedule="always",
        ctx_min_tokens="0",
        price="2/1000000",
        before_version="1",
        before_on="2026-06-30",
        before="different",
        before_price="4/1000000",
    )
    card = built(given(litellm=[row], first_seen=[bound]))
    assert prices(card) == [("2026-07-01", "", "2")]
    assert "4 per 1000000 in litellm 1 of 2026-06-30" in card.rows[0].note


def test_imported_prices_stay_inside_the_life_that_the_facts_tell(tmp_path: Path) -> None:
    models = FACT.replace('{input: "2.5"}}', '{input: "2.5"}, to: "2026-07-24T00:00:00Z"}')
    card = built(
        given(facts=facts(tmp_path, models), litellm=[imported(meter="output_tokens", price="15")])
    )
    assert prices(card, meter="output_tokens") == [("2026-03-05", "2026-07-24", "15")]


def test_a_dated_alias_prices_the_model_it_led_to_on_the_packages_day(tmp_path: Path) -> None:
    moved = FACT.replace("[m-1]", '[{name: m-1, valid_to: "2026-10-01"}]') + FACT.replace(
        "m-1-2026-03-05", "m-2-2026-10-01"
    ).replace("[m-1]", '[{name: m-1, valid_from: "2026-10-01"}]')
    card = built(
        given(facts=facts(tmp_path, moved), litellm=[imported(meter="output_tokens", price="15")])
    )
    assert {row.model_key for row in card.rows if row.meter == "output_tokens"} == {
        "m-2-2026-10-01"
    }


def test_vertex_and_ai_studio_are_one_row_and_the_api_price_speaks_first() -> None:
    studio = imported(channel="google", raw_model="gemini/g-1", model_key="g-1", price="2")
    vertex = imported(channel="google", raw_model="vertex_ai/g-1", model_key="g-1", price="3")
    card = built(given(litellm=[vertex, studio]))
    assert prices(card) == [("2026-11-12", "", "2")]


def test_all_meters_of_a_combination_share_their_bands() -> None:
    card = built(
        given(
            litellm=[
                imported(ctx_max_tokens="272001"),
                imported(ctx_min_tokens="272001", price="4"),
                imported(meter="output_tokens", price="8"),
                imported(meter="web_search_calls", price="10", per="1000"),
                imported(meter="output_tokens", price="4", processing="batch"),
            ]
        )
    )
    bands = {
        (row.meter, row.ctx_min_tokens, row.ctx_max_tokens)
        for row in card.rows
        if row.processing == "realtime"
    }
    assert bands == {
        (meter, *band)
        for meter in ("input_uncached_tokens", "output_tokens", "web_search_calls")
        for band in (("0", "272001"), ("272001", ""))
    }
    # A fee follows every combination, unscaled.
    assert prices(card, processing="batch", meter="web_search_calls") == [("2026-11-12", "", "10")]


def test_a_fee_lives_no_longer_than_the_token_prices_it_stands_beside() -> None:
    card = built(
        given(
            genai=[
                imported(
                    "genai-prices",
                    service_tier="flex",
                    valid_from="2026-04-01T00:00:00Z",
                    valid_to="2026-05-01T00:00:00Z",
                ),
                imported("genai-prices", valid_from="2026-01-01T00:00:00Z"),
                imported(
                    "genai-prices",
                    meter="web_search_calls",
                    price="10",
                    per="1000",
                    valid_from="2026-02-01T00:00:00Z",
                ),
            ]
        )
    )
    assert prices(card, meter="web_search_calls", service_tier="flex") == [
        ("2026-04-01", "2026-05-01", "10")
    ]
    assert prices(card, meter="web_search_calls", service_tier="standard") == [
        ("2026-02-01", "", "10")
    ]


def test_a_label_of_genai_prices_reaches_snapshots_but_no_rolling_and_no_longer_name() -> None:
    clauses = [GenaiName("anthropic", "c-label", "starts_with", "claude-x-4-5")]
    known = ("claude-x-4-5", "claude-x-4-5-20251001", "claude-x-4-5-latest", "claude-x-4-5-lite")
    litellm = [imported(channel="anthropic", raw_model=name, price="1") for name in known]
    genai = imported("genai-prices", channel="anthropic", raw_model="c-label", price="3")
    card = built(given(litellm=litellm, genai=[genai], genai_names=clauses))
    assert {row.model_key for row in card.rows if row.published_price == "3"} == {
        "claude-x-4-5",
        "claude-x-4-5-20251001",
    }


def test_another_spelling_is_a_name_of_the_model_and_not_a_second_model() -> None:
    clauses = named("m-5.2", "m-5-2")
    genai = imported("genai-prices", raw_model="m-5.2")
    card = built(given(litellm=[imported(raw_model="m-5.2")], genai=[genai], genai_names=clauses))
    names = {alias.raw_model: alias.model_key for alias in card.aliases}
    assert names["m-5-2"] == "m-5.2"
    assert {row.model_key for row in card.rows} == {"m-5.2"}


def test_the_regional_label_of_bedrock_reaches_its_profiles_but_not_govcloud() -> None:
    key = "anthropic.claude-x-4-5-20251001-v1:0"
    litellm = [
        imported(channel="aws", raw_model=f"{prefix}{key}", model_key=key, geo=geo, price="1")
        for prefix, geo in (("", "in_region"), ("us.", "us"), ("eu.", "eu"), ("us-gov.", "us-gov"))
    ]
    label = "regional.anthropic.claude-x-4-5-v1:0"
    texts = (
        "^anthropic.claude-x-4-5",
        "~us.anthropic.claude-x-4-5",
        "~us-gov.anthropic.claude-x-4-5",
    )
    kinds = {"^": "starts_with", "~": "contains"}
    clauses = [GenaiName("aws", label, kinds[text[0]], text[1:]) for text in texts]
    genai = imported(
        "genai-prices",
        channel="aws",
        raw_model=label,
        model_key=label.removeprefix("regional."),
        geo="regional",
        price="3",
    )
    card = built(given(litellm=litellm, genai=[genai], genai_names=clauses))
    found = {row.geo: row.published_price for row in card.rows}
    assert found == {"in_region": "3", "us": "3", "eu": "1", "us-gov": "1"}


def test_bedrock_names_decide_the_geography() -> None:
    key = "anthropic.claude-x"
    litellm = [
        imported(channel="aws", raw_model=f"us.{key}", model_key=key, geo="us"),
        imported(channel="aws", raw_model=key, model_key=key, geo="in_region"),
    ]
    aliases = built(given(litellm=litellm)).aliases
    geos = {alias.raw_model: alias.geo for alias in aliases}
    assert geos[key] == "in_region"
    assert geos[f"us.{key}"] == "us"
    assert geos[f"bedrock/us.{key}"] == "us"
    assert f"eu.{key}" not in geos


def test_names_are_enumerated_by_anchored_rules(tmp_path: Path) -> None:
    head = """
channel: google
provider: anthropic
sources:
  page: {title: "a page", ref: "example.org", read_on: "2026-11-01"}
models:
"""
    models = FACT.replace("m-1-2026-03-05", "claude-x-20260305").replace(
        "[m-1]", '[{name: "Claude X", note: "display name"}]'
    )
    aliases = built(given(facts=facts(tmp_path, models, head))).aliases
    rules = {alias.raw_model: alias.rule for alias in aliases}
    assert rules["claude-x-20260305"] == "exact"
    assert rules["Claude X"] == "alias"
    assert rules["vertex_ai/claude-x-20260305"] == "gateway_prefix"
    assert rules["claude-x@20260305"] == "vertex_version"
    assert rules["publishers/anthropic/models/claude-x@20260305"] == "vertex_version"
    assert "vertex_ai/Claude X" not in rules


def test_azure_names_carry_the_data_zone_of_their_prefix() -> None:
    litellm = [
        imported(channel="azure", raw_model="azure/m-1", model_key="m-1"),
        imported(channel="azure", raw_model="azure/us/m-1", model_key="m-1", geo="data_zone_us"),
    ]
    geos = {alias.raw_model: alias.geo for alias in built(given(litellm=litellm)).aliases}
    assert geos == {"m-1": "", "azure/m-1": "", "azure/us/m-1": "data_zone_us"}


def test_a_listed_id_without_a_price_is_remembered_for_the_coverage_check() -> None:
    listed = [ListedModel("litellm", "openai", "m-9", "m-9", "chat", "false")]
    card = built(given(listed=listed))
    assert card.resolved.listed["litellm", "openai", "m-9"] == ["m-9"]
    assert card.rows == []
