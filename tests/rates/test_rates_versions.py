"""Versions are append-only, a build is deterministic, and two versions are compared by price."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rate_samples import BUILT_ON, built, given, imported, row

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.build import (
    BuiltCard,
    PackageVersions,
    Seeds,
    as_version,
    build_content,
    content_hash,
)
from dagster_project.rates.card import CardRow, VersionRow, card_row, read_seed, seed_text
from dagster_project.rates.layers import Resolved
from dagster_project.rates.names import FactNames
from dagster_project.rates.show import price_table
from dagster_project.rates.sources import BuildInput, read_build_input
from dagster_project.rates.versions import diff, find_version, rows_of

PACKAGES = PackageVersions("9.9", "8.8")
JULY = "2026-07-01T00:00:00Z"


def _version(rows: Sequence[CardRow], before: Seeds | None = None, day: str = BUILT_ON) -> Seeds:
    card = BuiltCard(list(rows), [], Resolved(FactNames()))
    known = before or Seeds([], [], [], False)
    return as_version(card, known.card, known.versions, PACKAGES, built_on=day)


def test_the_first_version_freezes_every_row() -> None:
    first = _version([row(), row(meter="output_tokens")])
    assert [found.added_in for found in first.card] == ["1", "1"]
    version = first.versions[0]
    assert version.rate_card_version == f"{BUILT_ON}.{version.sha256[:12]}"
    assert (version.row_count, version.is_current) == ("2", "true")
    assert version.sha256 == content_hash([row(meter="output_tokens"), row()])


def test_identical_content_makes_no_new_version() -> None:
    first = _version([row()])
    again = _version([row()], first, "2026-12-24")
    assert not again.is_new_version
    assert again.texts() == first.texts()


def test_a_changed_price_closes_its_row_and_adds_one() -> None:
    first = _version([row(), row(meter="output_tokens")])
    second = _version([row(published_price="3"), row(meter="output_tokens")], first)
    history = [(found.published_price, found.added_in, found.removed_in) for found in second.card]
    assert sorted(history) == [("2", "1", ""), ("2", "1", "2"), ("3", "2", "")]
    assert [found.is_current for found in second.versions] == ["false", "true"]
    assert {found.published_price for found in rows_of(second.card, 1)} == {"2"}
    assert len(rows_of(second.card, 2)) == 2


def test_a_price_that_returns_is_added_again_and_never_revived() -> None:
    first = _version([row()])
    second = _version([row(published_price="3")], first)
    third = _version([row()], second)
    assert sorted((found.added_in, found.removed_in) for found in third.card) == [
        ("1", "2"),
        ("2", "3"),
        ("3", ""),
    ]
    assert third.versions[2].sha256 == third.versions[0].sha256


def test_every_version_can_be_read_back_whole(tmp_path: Path) -> None:
    seeds = _version([row(published_price="3")], _version([row()]))
    path = tmp_path / "rate_card.csv"
    path.write_text(seed_text(seeds.card, CardRow), newline="")
    again = read_seed(path, CardRow)
    assert again == seeds.card
    for version in seeds.versions:
        number = int(version.version_number)
        assert content_hash(rows_of(again, number)) == version.sha256


def test_another_card_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rate_card.csv"
    path.write_text("provider,channel\nopenai,openai\n")
    with pytest.raises(ConfigurationError, match="its columns are not those of a built card"):
        read_seed(path, CardRow)


def _shuffled(source: BuildInput, seed: int) -> BuildInput:
    chance = random.Random(seed)
    parts = {
        name: chance.sample(values, len(values))
        for name in (
            "genai",
            "genai_names",
            "litellm",
            "azure",
            "listed",
            "first_seen",
            "conflicts",
        )
        for values in [getattr(source, name)]
    }
    models = chance.sample(source.facts.models, len(source.facts.models))
    return replace(source, facts=replace(source.facts, models=models), **parts)


def _bytes(card: BuiltCard) -> dict[str, str]:
    return as_version(card, [], [], PACKAGES, built_on=BUILT_ON).texts()


def test_shuffled_input_gives_the_same_bytes() -> None:
    source = read_build_input()
    assert _bytes(build_content(_shuffled(source, 7))) == _bytes(build_content(source))


def test_a_rate_id_depends_on_key_start_and_published_price_only() -> None:
    card = built(given(litellm=[imported(valid_from="2026-01-01T00:00:00Z")]))
    line = card.resolved.models["openai", "m-1"].lines[0]
    same = card_row(replace(line, valid_to=JULY, note="x", status="confirmed"))
    assert same.rate_id == card_row(line).rate_id
    assert len(same.rate_id) == 16
    for change in ({"valid_from": JULY}, {"per": 1000}, {"ctx_min": 5}):
        assert card_row(replace(line, **change)).rate_id != same.rate_id  # type: ignore[arg-type]


def test_a_price_per_hour_of_a_meter_in_minutes_stays_exact() -> None:
    found = built(
        given(
            litellm=[
                imported(meter="code_execution_container_minutes", price="0.05", per="60"),
                imported(meter="audio_seconds", price="0.0045", per="60"),
                imported(meter="container_1gb_minutes", price="0.03", per="20"),
                imported(meter="requests", price="1", per="3"),
            ]
        )
    ).rows
    units = {item.meter: (item.unit_price, item.note.rpartition("; ")[2]) for item in found}
    assert units["code_execution_container_minutes"][0] == "0.05"
    assert units["audio_seconds"][0] == "0.27"
    assert units["container_1gb_minutes"][0] == "0.0015"
    assert units["requests"] == ("0.333333333333333333", "unit price rounded half up at 1e-18")


def _changes(old: list[CardRow], new: list[CardRow]) -> list[tuple[str, ...]]:
    seeds = _version(new, _version(old))
    return [
        (c.change, c.ctx_min_tokens, c.valid_from[:7], c.old_price[:1], c.new_price[:1], c.ratio)
        for c in diff(seeds.card, 1, 2)
    ]


def test_a_diff_names_added_removed_and_changed_prices_with_their_ratio() -> None:
    gone, come = row(meter="output_tokens"), row(meter="requests")
    assert _changes([row(), gone], [row(published_price="3"), come]) == [
        ("changed", "0", "2026-01", "2", "3", "1.5"),
        ("removed", "0", "2026-01", "2", "", ""),
        ("added", "0", "2026-01", "", "2", ""),
    ]


def test_a_closed_price_and_its_successor_are_one_change_from_its_day_on() -> None:
    new = [row(valid_to=JULY), row(valid_from=JULY, published_price="4")]
    assert _changes([row()], new) == [("changed", "0", "2026-07", "2", "4", "2")]


def test_a_band_that_gets_its_own_price_changes_above_its_limit_only() -> None:
    new = [row(ctx_max_tokens="272001"), row(ctx_min_tokens="272001", published_price="5")]
    assert _changes([row()], new) == [("changed", "272001", "2026-01", "2", "5", "2.5")]


def test_a_row_that_is_only_cut_in_two_is_no_change() -> None:
    new = [row(valid_to=JULY), row(valid_from=JULY)]
    assert _changes([row()], new) == []


def test_a_note_or_a_source_is_no_price_change() -> None:
    assert _changes([row()], [row(note="seen again", source="another page")]) == []


def test_version_zero_is_the_empty_card() -> None:
    seeds = _version([row()])
    assert [change.change for change in diff(seeds.card, 0, 1)] == ["added"]


def test_a_version_is_found_by_number_or_name() -> None:
    versions = _version([row()]).versions
    assert find_version(versions, "1") == 1
    assert find_version(versions, versions[0].rate_card_version) == 1
    with pytest.raises(ConfigurationError, match="no version '7' of the rate card; known: 1"):
        find_version(versions, "7")


def test_the_table_of_a_model_shows_periods_bands_and_unknown_starts() -> None:
    card = built(
        given(
            genai=[
                imported("genai-prices", valid_from="2026-01-01T00:00:00Z", valid_to=JULY),
                imported("genai-prices", price="3", valid_from=JULY),
            ],
            litellm=[
                imported(meter="output_tokens", price="8"),
                imported(meter="web_search_calls", price="10", per="1000"),
            ],
        )
    )
    shown = price_table(card.rows, card.aliases, "openai/m-1", "", None)
    assert "m-1, billed by openai, made by openai  (openai/m-1: gateway_prefix)" in shown
    assert "2026-11-12 *" in shown
    assert "web_search_calls  10" in shown
    at_once = price_table(card.rows, card.aliases, "m-1", "2026-05-01T00:00:00Z", "openai")
    assert "2026-01-01" in at_once
    assert "2026-07-01" not in at_once.split("read from")[0].replace("  2026-07-01", "", 1)
    with pytest.raises(ConfigurationError, match="knows no model 'm-2'"):
        price_table(card.rows, card.aliases, "m-2", "", None)


def test_a_version_row_has_the_columns_that_the_warehouse_reads() -> None:
    assert list(VersionRow.__dataclass_fields__)[:4] == [
        "version_number",
        "rate_card_version",
        "built_on",
        "is_current",
    ]
