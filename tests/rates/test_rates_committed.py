"""The committed card: it is what its sources give, covers what they list, and prices once."""

from __future__ import annotations

import csv
import time
from collections import defaultdict
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.rates.build import content_hash
from dagster_project.rates.card import (
    ALIASES_SEED,
    CARD_SEED,
    VERSIONS_SEED,
    AliasRow,
    CardRow,
    VersionRow,
    read_seed,
)
from dagster_project.rates.exact import UNIT_PRICE_PLACES
from dagster_project.rates.layers import resolve
from dagster_project.rates.rebuild import Rebuild, rebuild
from dagster_project.rates.sources import read_build_input
from dagster_project.rates.versions import rows_of
from dagster_project.rates.vocabulary import (
    CHANNELS,
    METERS,
    PROCESSINGS,
    SCHEDULES,
    SEEDS_FOLDER,
    SERVICE_TIERS,
    STATUSES,
    is_geo,
    is_instant,
    just_before,
)

# Measured 6 s on one core; a card that takes a minute is no longer built on every change.
LONGEST_BUILD_SECONDS = 60


@cache
def _committed() -> tuple[CardRow, ...]:
    return tuple(read_seed(CARD_SEED, CardRow))


@cache
def _versions() -> tuple[VersionRow, ...]:
    return tuple(read_seed(VERSIONS_SEED, VersionRow))


@cache
def _rebuilt() -> tuple[Rebuild, float]:
    started = time.monotonic()
    result = rebuild("2000-01-01", check=True)
    return result, time.monotonic() - started


def test_the_committed_card_is_what_facts_and_imports_give() -> None:
    result, seconds = _rebuilt()
    assert [str(problem) for problem in result.problems] == []
    assert result.differences == []
    assert seconds < LONGEST_BUILD_SECONDS


def test_every_version_still_has_the_rows_it_was_published_with() -> None:
    for version in _versions():
        rows = rows_of(_committed(), int(version.version_number))
        assert content_hash(rows) == version.sha256
        assert len(rows) == int(version.row_count)
        assert version.rate_card_version.endswith(version.sha256[:12])
    assert [row.is_current for row in _versions()].count("true") == 1


def test_every_listed_model_of_every_channel_is_priced_or_excluded() -> None:
    source = read_build_input()
    assert {model.channel for model in source.listed} == set(CHANNELS)
    keys = resolve(source).listed
    priced = {(row.channel, row.model_key) for row in _committed() if not row.removed_in}
    excluded = {(line.source, line.channel, line.raw_model) for line in source.exclusions}
    missing = [
        model
        for model in source.listed
        if (model.source, model.channel, model.raw_model) not in excluded
        and not any(
            (model.channel, key) in priced
            for key in keys[model.source, model.channel, model.raw_model]
        )
    ]
    assert missing == []


def test_no_excluded_model_is_priced_by_two_packages() -> None:
    source = read_build_input()
    by_key: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in (*source.genai, *source.litellm, *source.azure):
        by_key[row.channel, row.raw_model].add(row.source)
        by_key[row.channel, row.model_key].add(row.source)
    for line in source.exclusions:
        assert len(by_key[line.channel, line.raw_model]) < 2, line


def test_every_row_uses_the_words_of_the_card() -> None:
    with (SEEDS_FOLDER / "meters.csv").open(encoding="utf-8", newline="") as stream:
        known = {line["meter"] for line in csv.DictReader(stream)}
    assert known >= METERS
    for row in _committed():
        assert row.channel in CHANNELS, row
        assert row.meter in METERS, row
        assert row.processing in PROCESSINGS, row
        assert row.service_tier in SERVICE_TIERS, row
        assert row.schedule in SCHEDULES, row
        assert row.status in STATUSES, row
        assert is_geo(row.geo), row
        assert is_instant(row.valid_from), row
        assert not row.valid_to or row.valid_from < row.valid_to, row
        assert "e" not in row.unit_price.lower(), row
        assert len(row.unit_price.partition(".")[2]) <= UNIT_PRICE_PLACES, row
        assert row.source, row
        assert row.read_on, row


def test_the_seed_is_sorted_and_every_version_has_unique_ids() -> None:
    rows = list(_committed())
    assert rows == sorted(rows, key=lambda row: row.sort_key)
    for version in _versions():
        ids = [row.rate_id for row in rows_of(rows, int(version.version_number))]
        assert len(ids) == len(set(ids))


def test_every_name_leads_to_a_priced_model() -> None:
    priced = {(row.channel, row.model_key) for row in _committed() if not row.removed_in}
    aliases = read_seed(ALIASES_SEED, AliasRow)
    assert {(alias.channel, alias.model_key) for alias in aliases} <= priced
    assert not [alias for alias in aliases if alias.raw_model != alias.raw_model.strip()]


@cache
def _by_cell() -> list[list[CardRow]]:
    cells: dict[object, list[CardRow]] = defaultdict(list)
    for row in _committed():
        cells[row.cell._replace(schedule="")].append(row)
    return [cells[key] for key in sorted(cells, key=str)]


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_no_call_of_any_version_matches_two_prices(data: st.DataObject) -> None:
    """One call has one channel, model, meter, tier, geography, schedule, size and instant."""
    group = data.draw(st.sampled_from(_by_cell()))
    version = int(data.draw(st.sampled_from(_versions())).version_number)
    schedule = data.draw(st.sampled_from(sorted({row.schedule for row in group})))
    edges = {int(row.ctx_min_tokens) for row in group} | {row.ctx_max or 0 for row in group}
    tokens = data.draw(
        st.sampled_from(sorted({max(0, edge + step) for edge in edges for step in (-1, 0, 1)}))
        | st.integers(min_value=0, max_value=3_000_000)
    )
    instants = {row.valid_from for row in group} | {row.valid_to for row in group if row.valid_to}
    instants |= {just_before(instant) for instant in instants}
    instant = data.draw(st.sampled_from(sorted(instants)))
    matching = [
        row
        for row in group
        if row.is_in(version)
        and row.schedule in {schedule, "always"}
        and int(row.ctx_min_tokens) <= tokens
        and (row.ctx_max is None or tokens < row.ctx_max)
        and row.valid_from <= instant < row.end
    ]
    assert len(matching) <= 1, matching
