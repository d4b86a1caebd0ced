"""Every check of the card is broken once, by a fixture that names the offending line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rate_samples import (
    NO_REVIEW,
    built,
    facts,
    given,
    imported,
    problems,
    row,
)

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates import checks
from dagster_project.rates.card import AliasRow
from dagster_project.rates.facts import FactBook, ReviewedMove, Withdrawn
from dagster_project.rates.imports.rows import ListedModel
from dagster_project.rates.sources import (
    Conflict,
    Exclusion,
    ReviewedImport,
    read_reviewed,
    write_reviewed,
)

JULY = "2026-07-01T00:00:00Z"
LATER = "2026-08-01T00:00:00Z"


def test_a_sound_card_has_no_problem() -> None:
    assert problems(given(litellm=[imported(), imported(meter="output_tokens", price="8")])) == []


@pytest.mark.parametrize(
    "other",
    [
        row(valid_from=JULY),
        row(ctx_min_tokens="1000"),
        row(schedule="deepseek_peak"),
        row(valid_from="2025-01-01T00:00:00Z", valid_to=JULY),
    ],
)
def test_two_prices_for_one_call_overlap(other: object) -> None:
    found = list(checks.overlaps([row(), other]))  # type: ignore[list-item]
    assert len(found) == 1
    assert "openai m-1 input_uncached_tokens" in found[0].text


@pytest.mark.parametrize(
    "other",
    [
        row(meter="output_tokens"),
        row(geo="us"),
        row(service_tier="flex"),
        row(channel="azure"),
    ],
)
def test_prices_of_different_calls_do_not_overlap(other: object) -> None:
    assert list(checks.overlaps([row(), other])) == []  # type: ignore[list-item]


def test_half_open_periods_and_bands_touch_without_overlap() -> None:
    rows = [
        row(valid_to=JULY, ctx_max_tokens="272001"),
        row(valid_from=JULY, ctx_max_tokens="272001"),
        row(ctx_min_tokens="272001"),
    ]
    assert list(checks.overlaps(rows)) == []


def test_days_without_a_price_inside_a_models_life_are_a_gap() -> None:
    found = list(checks.gaps([row(valid_to=JULY), row(valid_from=LATER)]))
    assert "no price until 2026-08-01" in found[0].text
    assert list(checks.gaps([row(valid_to=JULY), row(valid_from=JULY)])) == []


def test_a_schedule_may_follow_a_price_for_all_day_without_a_gap() -> None:
    rows = [row(valid_to=JULY)] + [
        row(valid_from=JULY, schedule=name) for name in ("deepseek_peak", "deepseek_offpeak")
    ]
    assert list(checks.gaps(rows)) == []
    assert list(checks.overlaps(rows)) == []


@pytest.mark.parametrize(("before", "after"), [("2", "4.1"), ("2", "0.9"), ("0", "1"), ("1", "0")])
def test_a_large_price_move_needs_a_reviewed_line(before: str, after: str) -> None:
    rows = [
        row(valid_to=JULY, published_price=before),
        row(valid_from=JULY, published_price=after),
    ]
    found = list(checks.moves_in_time(rows, NO_REVIEW))
    assert "no reviewed line" in found[0].text
    move = ReviewedMove("m-1", "*", JULY, "published cut", "openai")
    assert list(checks.moves_in_time(rows, checks.Reviewed(FactBook([], [], [move]), []))) == []
    elsewhere = ReviewedMove("m-1", "*", JULY, "published cut", "azure")
    assert list(checks.moves_in_time(rows, checks.Reviewed(FactBook([], [], [elsewhere]), [])))


def test_a_doubled_price_is_no_large_move() -> None:
    rows = [row(valid_to=JULY), row(valid_from=JULY, published_price="4")]
    assert list(checks.moves_in_time(rows, NO_REVIEW)) == []


def test_a_new_version_may_not_silently_restate_a_price() -> None:
    found = list(checks.moves_between([row()], [row(published_price="9")], NO_REVIEW))
    assert "the current version has 2 per 1000000" in found[0].text
    assert list(checks.moves_between([row()], [row(published_price="3")], NO_REVIEW)) == []


def test_batch_above_standard_is_refused_unless_a_reviewed_line_accepts_it() -> None:
    dear = row(processing="batch", published_price="3", source="litellm 8.8")
    assert len(list(checks.batch_above_standard([row(), dear], NO_REVIEW))) == 1
    line = ReviewedImport(
        "litellm",
        "openai",
        "m-1",
        "*",
        "batch",
        "*",
        "*",
        "*",
        "accept",
        "batch_above_standard",
        "page",
    )
    reviewed = checks.Reviewed(FactBook(), [line])
    assert list(checks.batch_above_standard([row(), dear], reviewed)) == []
    assert reviewed.used == {line}


def test_a_cached_read_above_uncached_input_is_refused() -> None:
    cached = row(meter="input_cache_read_tokens", published_price="2.01")
    assert len(list(checks.cache_read_above_input([row(), cached], NO_REVIEW))) == 1
    audio = row(meter="input_audio_cache_read_tokens", published_price="9")
    assert list(checks.cache_read_above_input([row(), audio], NO_REVIEW)) == []


def test_more_decimals_than_a_vendor_prints_are_refused() -> None:
    assert len(list(checks.too_many_decimals([row(published_price="0.1234567890123")]))) == 1
    assert list(checks.too_many_decimals([row(published_price="0.123456789012")])) == []


def test_a_price_of_the_future_may_not_claim_to_be_confirmed() -> None:
    future = row(valid_from="2027-01-01T00:00:00Z")
    assert len(list(checks.future_not_announced([future], "2026-11-22"))) == 1
    announced = replace(future, status="announced")
    assert list(checks.future_not_announced([announced], "2026-11-22")) == []


def test_a_withdrawn_announcement_is_never_priced() -> None:
    line = Withdrawn("openai", "m-1", "input_uncached_tokens", "2", 1_000_000, JULY, "page", "off")
    assert len(list(checks.withdrawn_priced([row()], [line]))) == 1
    assert list(checks.withdrawn_priced([row(valid_to=JULY)], [line])) == []
    assert list(checks.withdrawn_priced([row(published_price="3")], [line])) == []


def _alias(**changes: str) -> AliasRow:
    return replace(AliasRow("openai", "m", "m-1", "openai", "", "", "", "exact", ""), **changes)


def test_a_name_may_not_mean_two_models_on_one_day() -> None:
    found = list(checks.ambiguous_names([_alias(), _alias(model_key="m-2")]))
    assert "means m-1 (exact) and m-2 (exact)" in found[0].text
    moved = [
        _alias(valid_to="2026-07-01"),
        _alias(model_key="m-2", valid_from="2026-07-01"),
    ]
    assert list(checks.ambiguous_names(moved)) == []
    assert list(checks.ambiguous_names([moved[0], replace(moved[1], valid_from="2026-06-30")]))


def test_a_name_of_a_model_without_a_price_is_refused() -> None:
    assert len(list(checks.names_without_price([_alias(model_key="m-9")], [row()]))) == 1


def _conflicting() -> dict[str, list[object]]:
    return {"genai": [imported("genai-prices")], "litellm": [imported(price="3")]}


def test_an_unlisted_conflict_fails_and_a_listed_one_passes() -> None:
    source = given(**_conflicting())
    found = problems(source)
    assert [problem.check for problem in found] == ["unlisted conflict"]
    assert "litellm 3 per 1000000, the card 2 per 1000000" in found[0].text
    source.conflicts = [
        replace(line, reason="the page says 2") for line in checks.conflicts(built(source))
    ]
    assert source.conflicts[0].decides == "genai-prices"
    assert problems(source) == []


def test_a_listed_conflict_that_no_longer_exists_fails() -> None:
    source = given(**_conflicting())
    source.conflicts = checks.conflicts(built(source))
    source.litellm = [imported()]
    assert [problem.check for problem in problems(source)] == ["conflict that no longer exists"]


def test_a_package_is_compared_at_the_day_its_price_speaks_of() -> None:
    genai = [
        imported("genai-prices", valid_to=JULY),
        imported("genai-prices", price="3", valid_from=JULY),
    ]
    assert problems(given(genai=genai, litellm=[imported(price="3")])) == []
    stale = problems(given(genai=genai, litellm=[imported()]))
    assert [problem.check for problem in stale] == ["unlisted conflict"]


def test_a_listed_model_is_priced_or_excluded_with_a_reason() -> None:
    listed = [ListedModel("litellm", "openai", "m-9", "m-9", "chat", "false")]
    source = given(listed=listed)
    assert [problem.check for problem in problems(source)] == ["not covered"]
    line = Exclusion("litellm", "openai", "m-9", "no_public_price", "listed at zero")
    source.exclusions = [line]
    assert problems(source) == []
    source.exclusions = [line, replace(line, raw_model="m-8")]
    assert "no source lists it" in problems(source)[0].text


def test_a_priced_model_may_not_be_excluded() -> None:
    source = given(litellm=[imported()])
    source.exclusions = [Exclusion("litellm", "openai", "m-1", "not_launched", "soon")]
    assert "excluded as not_launched, yet priced" in problems(source)[0].text


def test_a_model_that_both_packages_price_may_not_be_excluded() -> None:
    reject = ReviewedImport(
        "litellm", "*", "m-1", "*", "*", "*", "*", "*", "reject", "", "a misprint of the file"
    )
    source = given(genai=[imported("genai-prices")], litellm=[imported()])
    source.exclusions = [Exclusion("litellm", "openai", "m-1", "no_public_price", "none")]
    card = built(source)
    card.rows = []
    card.aliases = []
    texts = [problem.text for problem in checks.coverage_problems(source, card)]
    assert any("both packages price it" in text for text in texts)
    source.reviewed_imports = [reject]
    assert built(source).rows[0].source == "genai-prices 9.9"


def test_a_rejected_price_is_gone_and_a_reviewed_line_without_effect_fails() -> None:
    line = ReviewedImport(
        "litellm", "openai", "m-1", "output_tokens", "*", "*", "*", "*", "reject", "", "misprint"
    )
    source = given(litellm=[imported(), imported(meter="output_tokens", price="9")])
    source.reviewed_imports = [line]
    assert {found.meter for found in built(source).rows} == {"input_uncached_tokens"}
    assert problems(source) == []
    source.litellm = [imported()]
    assert [problem.check for problem in problems(source)] == ["review that is not needed"]


def test_a_move_of_an_imported_price_is_accepted_at_its_instant_only() -> None:
    genai = [
        imported("genai-prices", valid_from="2026-01-01T00:00:00Z", valid_to=JULY),
        imported("genai-prices", price="9", valid_from=JULY),
    ]
    source = given(genai=genai)
    assert [problem.check for problem in problems(source)] == ["price move"]
    line = ReviewedImport(
        "genai-prices", "*", "m-1", "*", "*", "*", "*", JULY, "accept", "price_move", "changelog"
    )
    source.reviewed_imports = [line]
    assert problems(source) == []
    source.reviewed_imports = [replace(line, at=LATER)]
    assert {problem.check for problem in problems(source)} == {
        "price move",
        "review that is not needed",
    }


def test_reviewed_lists_need_a_reason_and_keep_their_form(tmp_path: Path) -> None:
    path = tmp_path / "known_conflicts.csv"
    line = Conflict("openai", "m", "requests", "", "", "", "0", "litellm", "1", "2", "facts", "")
    write_reviewed(path, [line], Conflict)
    with pytest.raises(ConfigurationError, match=r"known_conflicts\.csv line 2: reason is empty"):
        read_reviewed(path, Conflict, ("decides", "reason"))
    written = replace(line, reason="the page")
    write_reviewed(path, [written], Conflict)
    assert read_reviewed(path, Conflict, ("decides", "reason")) == [written]
    other = tmp_path / "exclusions.csv"
    write_reviewed(other, [Exclusion("litellm", "openai", "m", "dull", "so")], Exclusion)
    with pytest.raises(ConfigurationError, match="reason_code 'dull' is not one of"):
        read_reviewed(other, Exclusion, ("reason_code", "note"))


def test_facts_and_packages_meet_in_one_check_run(tmp_path: Path) -> None:
    models = """
  - model: m-1
    from: "2026-03-05T00:00:00Z"
    source: page
    prices:
      - {mtok: {input: "2.5"}}
"""
    source = given(facts=facts(tmp_path, models), litellm=[imported(price="2.75")])
    found = problems(source)
    assert [problem.check for problem in found] == ["unlisted conflict"]
    assert checks.conflicts(built(source))[0].decides == "facts"
