"""Reading the packages: every price key finds its meter, its band and its unit, or is counted."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.imports import azure_retail, genai, litellm, run
from dagster_project.rates.imports.first_seen import Snapshot, first_seen
from dagster_project.rates.imports.makers import maker
from dagster_project.rates.imports.rows import ImportRow, ListedModel, Reading, read_rows
from dagster_project.rates.snapshot_dates import snapshot_date


def _read(**entries: dict[str, Any]) -> Reading:
    """Read entries as the wheel's JSON gives them: every number a Decimal."""
    text = json.dumps({name.replace("__", "/"): entry for name, entry in entries.items()})
    return litellm.read(json.loads(text, parse_float=Decimal, parse_int=Decimal))


def _found(reading: Reading, **where: str) -> list[tuple[str, str, str]]:
    rows = [
        row
        for row in sorted(reading.rows)
        if all(getattr(row, name) == value for name, value in where.items())
    ]
    return [(row.ctx_min_tokens, row.ctx_max_tokens, row.price) for row in rows]


def test_more_than_272k_starts_one_token_later_and_xai_starts_at_its_threshold() -> None:
    reading = _read(
        m={
            "litellm_provider": "openai",
            "mode": "chat",
            "input_cost_per_token": 2.5e-6,
            "input_cost_per_token_above_272k_tokens": 5e-6,
        },
        xai__g={
            "litellm_provider": "xai",
            "mode": "chat",
            "input_cost_per_token": 2e-6,
            "input_cost_per_token_above_200k_tokens": 4e-6,
        },
    )
    assert _found(reading, channel="openai") == [("0", "272001", "2.5"), ("272001", "", "5")]
    assert _found(reading, channel="xai") == [("0", "200000", "2"), ("200000", "", "4")]


def test_a_tier_without_a_long_context_price_has_no_rate_there() -> None:
    reading = _read(
        m={
            "litellm_provider": "openai",
            "mode": "chat",
            "input_cost_per_token": 2e-6,
            "input_cost_per_token_above_272k_tokens": 4e-6,
            "input_cost_per_token_priority": 4e-6,
            "input_cost_per_token_ultrafast": 12e-6,
            "input_cost_per_token_above_272k_tokens_ultrafast": 24e-6,
        }
    )
    assert _found(reading, service_tier="priority") == [("0", "272001", "4")]
    assert [band[0] for band in _found(reading, service_tier="ultrafast")] == ["0", "272001"]


@pytest.mark.parametrize(
    ("provider", "key", "meter"),
    [
        ("anthropic", "cache_creation_input_token_cost", "input_cache_write_5m_tokens"),
        ("anthropic", "cache_creation_input_token_cost_above_1hr", "input_cache_write_1h_tokens"),
        ("openai", "cache_creation_input_token_cost", "input_cache_write_30m_tokens"),
        ("openai", "cache_creation_input_token_cost_above_12hr", "input_cache_write_12h_tokens"),
        ("openai", "cache_read_input_token_cost_batches", "input_cache_read_tokens"),
        ("openai", "input_cost_per_audio_token", "input_audio_tokens"),
        ("openai", "cache_read_input_audio_token_cost", "input_audio_cache_read_tokens"),
        ("openai", "cache_read_input_image_token_cost", "input_image_cache_read_tokens"),
        ("openai", "output_cost_per_image_token", "output_image_tokens"),
        ("openai", "output_cost_per_audio_token", "output_audio_tokens"),
    ],
)
def test_every_token_key_finds_its_meter(provider: str, key: str, meter: str) -> None:
    reading = _read(m={"litellm_provider": provider, "mode": "chat", key: 1e-6})
    assert [row.meter for row in reading.rows] == [meter]


@pytest.mark.parametrize(
    ("mode", "key", "value", "meter", "price", "per"),
    [
        ("audio_transcription", "input_cost_per_second", "0.000075", "audio_seconds", "0.0045", 60),
        ("realtime", "input_cost_per_second", "0.000833333333333", "session_seconds", "0.05", 60),
        (
            "audio_transcription",
            "input_cost_per_second",
            "0.00003083",
            "audio_seconds",
            "0.111",
            3600,
        ),
        (
            "audio_speech",
            "input_cost_per_character",
            "0.000015",
            "input_characters",
            "15",
            1_000_000,
        ),
        ("rerank", "input_cost_per_query", "0.002", "rerank_searches", "2", 1000),
        ("ocr", "ocr_cost_per_page", "0.001", "input_pages", "1", 1000),
        ("ocr", "annotation_cost_per_page", "0.003", "annotated_pages", "3", 1000),
        ("image_generation", "output_cost_per_image", "0.04", "output_images", "0.04", 1),
        ("image_generation", "input_cost_per_image", "0.04", "output_images", "0.04", 1),
        ("embedding", "input_cost_per_image", "0.0001", "input_images", "0.0001", 1),
        (
            "video_generation",
            "output_cost_per_second_1080p",
            "0.12",
            "output_video_seconds_1080p",
            "0.12",
            1,
        ),
        (
            "video_generation",
            "output_cost_per_video_per_second",
            "0.1",
            "output_video_seconds",
            "0.1",
            1,
        ),
    ],
)
def test_every_other_key_finds_meter_and_published_unit(  # noqa: PLR0917  one case, six values
    mode: str, key: str, value: str, meter: str, price: str, per: int
) -> None:
    reading = litellm.read({"m": {"litellm_provider": "openai", "mode": mode, key: Decimal(value)}})
    assert [(row.meter, row.price, row.per) for row in reading.rows] == [(meter, price, str(per))]


def test_a_search_price_by_size_is_counted_and_a_flat_one_taken() -> None:
    sizes = {"search_context_size_low": 0.01, "search_context_size_high": 0.01}
    flat = _read(m={"litellm_provider": "openai", "search_context_cost_per_query": sizes})
    assert [(row.meter, row.price, row.per) for row in flat.rows] == [
        ("web_search_calls", "10", "1000")
    ]
    sizes["search_context_size_high"] = 0.05
    uneven = _read(m={"litellm_provider": "openai", "search_context_cost_per_query": sizes})
    assert uneven.rows == []
    assert uneven.unmapped == {"search_context_cost_per_query": ["m"]}


def test_geography_and_speed_factors_become_rows_of_their_own() -> None:
    reading = _read(
        m={
            "litellm_provider": "anthropic",
            "mode": "chat",
            "input_cost_per_token": 4e-6,
            "input_cost_per_token_batches": 2e-6,
            "provider_specific_entry": {"us": 1.1, "fast": 2.0},
        }
    )
    found = {(r.processing, r.service_tier, r.geo): r.price for r in reading.rows}
    assert found == {
        ("realtime", "standard", "global"): "4",
        ("batch", "standard", "global"): "2",
        ("realtime", "fast", "global"): "8",
        ("realtime", "standard", "us"): "4.4",
        ("batch", "standard", "us"): "2.2",
        ("realtime", "fast", "us"): "8.8",
    }


def test_openai_regional_processing_is_one_geography() -> None:
    reading = _read(
        m={
            "litellm_provider": "openai",
            "mode": "chat",
            "input_cost_per_token": 1e-5,
            "regional_processing_uplift_multiplier_eu": 1.1,
            "regional_processing_uplift_multiplier_us": 1.1,
        }
    )
    assert _found(reading, geo="regional") == [("0", "", "11")]


def test_hours_of_day_split_into_peak_and_off_peak() -> None:
    windows = litellm._DEEPSEEK_OFF_PEAK
    entry = {
        "litellm_provider": "deepseek",
        "mode": "chat",
        "input_cost_per_token": 1.32e-6,
        "off_peak_pricing": {"input_cost_per_token": 6.6e-7, "windows": windows},
    }
    text = json.loads(json.dumps({"d": entry}), parse_float=Decimal)
    schedules = {row.schedule: row.price for row in litellm.read(text).rows}
    assert schedules == {"deepseek_peak": "1.32", "deepseek_offpeak": "0.66"}
    text["d"]["off_peak_pricing"]["windows"] = []
    other = litellm.read(text)
    assert other.rows == []
    assert list(other.unmapped) == ["off_peak_pricing with other hours"]


def test_zero_and_float_traces_are_rejected_and_unknown_keys_counted() -> None:
    reading = _read(
        m={
            "litellm_provider": "openai",
            "mode": "chat",
            "input_cost_per_token": 1.0399999999999998e-6,
            "output_cost_per_token": 0,
            "output_cost_per_dream": 0.1,
        }
    )
    assert reading.rows == []
    assert reading.listed[0].has_price == "false"
    assert reading.unmapped == {"output_cost_per_dream": ["m"]}
    assert set(reading.rejected) == {"more than 9 decimals", "a price of zero says nothing"}


@pytest.mark.parametrize(
    ("channel", "raw_model", "expected"),
    [
        ("aws", "us.anthropic.claude-opus-5-5", ("anthropic.claude-opus-5-5", "us")),
        ("aws", "us-gov.openai.gpt-oss-20b-1:0", ("openai.gpt-oss-20b-1:0", "us-gov")),
        ("aws", "anthropic.claude-opus-5-5", ("anthropic.claude-opus-5-5", "in_region")),
        ("aws", "bedrock/ap-south-1/deepseek.v3.2", ("deepseek.v3.2", "ap-south-1")),
        ("aws", "bedrock_mantle/us-gov-west-1/xai.grok-4.3", ("xai.grok-4.3", "us-gov-west-1")),
        ("aws", "bedrock/claude_platform/claude-opus-5", ("claude-opus-5", "global")),
        ("aws", "bedrock/invoke/anthropic.claude-v1", ("anthropic.claude-v1", "in_region")),
        ("azure", "azure/us/gpt-5.4", ("gpt-5.4", "data_zone_us")),
        ("azure", "azure/apac/gpt-6.1-sol", ("gpt-6.1-sol", "data_zone_apac")),
        ("azure", "azure/global-standard/gpt-4o-mini", ("gpt-4o-mini", "global")),
        ("azure", "azure_ai/Phi-4", ("phi-4", "global")),
        ("google", "vertex_ai/gemini-3.5-flash", ("gemini-3.5-flash", "global")),
        ("google", "gemini/gemini-3.5-flash", ("gemini-3.5-flash", "global")),
        ("openrouter", "openrouter/openai/gpt-4o", ("openai/gpt-4o", "global")),
    ],
)
def test_an_id_gives_model_and_geography(
    channel: str, raw_model: str, expected: tuple[str, str]
) -> None:
    assert litellm.identify(channel, raw_model) == expected


@pytest.mark.parametrize(
    ("channel", "key", "provider"),
    [
        ("aws", "anthropic.claude-opus-5", "anthropic"),
        ("aws", "512-x-512/50-steps/stability.stable-diffusion-xl-v0", "stability"),
        ("aws", "claude-opus-5", "anthropic"),
        ("azure", "gpt-5.4", "openai"),
        ("azure", "fw-deepseek-v3.2", "deepseek"),
        ("azure", "phi-4", "microsoft"),
        ("google", "claude-opus-5", "anthropic"),
        ("google", "meta/llama-3.3-70b-instruct-maas", "meta"),
        ("groq", "openai/gpt-oss-20b", "openai"),
        ("openrouter", "x-ai/grok-4.7", "xai"),
        ("openrouter", "some-lab/thing", "some-lab"),
        ("azure", "model-nobody-knows", "azure"),
    ],
)
def test_the_maker_is_told_from_the_id(channel: str, key: str, provider: str) -> None:
    assert maker(channel, key) == provider


def test_the_price_file_is_read_out_of_the_wheel_with_exact_numbers(tmp_path: Path) -> None:
    wheel = tmp_path / "litellm-8.8-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        entry = {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1.1e-07}
        archive.writestr(litellm.PRICE_FILE, json.dumps({"sample_spec": {}, "m": entry}))
    reading = run.import_litellm(wheel, "2026-11-12", "2026-11-22", tmp_path)
    assert reading.rows[0].price == "0.11"
    assert read_rows(tmp_path / "litellm.csv", ImportRow) == reading.rows
    assert read_rows(tmp_path / "listed_models.csv", ListedModel) == reading.listed
    written = (tmp_path / "sources.toml").read_text()
    assert 'version = "8.8"' in written
    assert 'released_on = "2026-11-12"' in written


def test_a_file_that_is_no_such_wheel_is_named(tmp_path: Path) -> None:
    other = tmp_path / "litellm-1.0-py3-none-any.whl"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("something", "else")
    with pytest.raises(ConfigurationError, match="is no LiteLLM wheel"):
        litellm.read_price_file(other)
    with pytest.raises(ConfigurationError, match="no such wheel"):
        litellm.read_price_file(tmp_path / "missing.whl")


class ClauseEquals:
    """A stand-in for the package's own clause; the reader tells clauses apart by their name."""

    def __init__(self, text: str) -> None:
        self.equals = text

    def is_match(self, name: str) -> bool:
        return name == self.equals


@dataclass
class _Model:
    id: str
    prices: Any
    price_variants: list[Any] = field(default_factory=list)

    @property
    def match(self) -> ClauseEquals:
        return ClauseEquals(self.id)


def _since(day: str) -> Any:
    return SimpleNamespace(start_date=date.fromisoformat(day))


def _list(**prices: Any) -> Any:
    return SimpleNamespace(**prices)


def _genai(provider: str, model: _Model) -> Reading:
    reading, _ = genai.read_providers([SimpleNamespace(id=provider, models=[model])])
    return reading


def test_dated_entries_become_periods_and_tiers_become_bands() -> None:
    tiered = SimpleNamespace(
        base=Decimal("2.5"), tiers=[SimpleNamespace(start=272000, price=Decimal(5))]
    )
    model = _Model(
        "m-1",
        [
            SimpleNamespace(constraint=None, prices=_list(input_mtok=Decimal(3))),
            SimpleNamespace(constraint=_since("2026-08-21"), prices=_list(input_mtok=tiered)),
        ],
    )
    rows = sorted(_genai("openai", model).rows)
    assert [(r.valid_from[:10], r.valid_to[:10], r.ctx_min_tokens, r.price) for r in rows] == [
        ("", "2026-08-21", "0", "3"),
        ("2026-08-21", "", "0", "2.5"),
        ("2026-08-21", "", "272001", "5"),
    ]


def test_a_variant_goes_back_to_the_standard_price_it_was_read_beside() -> None:
    """The package models batch from October 2026 on; a change before it is not crossed."""
    batch = SimpleNamespace(
        when={"processing": "batch"},
        prices=_list(input_mtok=Decimal(1)),
        constraint=_since("2026-10-14"),
    )
    flat = _Model("m-1", _list(input_mtok=Decimal(2)), [batch])
    assert [r.valid_from for r in _genai("openai", flat).rows if r.processing == "batch"] == [""]
    dated = [
        SimpleNamespace(constraint=None, prices=_list(input_mtok=Decimal(9))),
        SimpleNamespace(constraint=_since("2026-07-30"), prices=_list(input_mtok=Decimal(2))),
    ]
    changed = _Model("m-1", dated, [batch])
    starts = [r.valid_from for r in _genai("openai", changed).rows if r.processing == "batch"]
    assert starts == ["2026-07-30T00:00:00Z"]


def test_fast_and_priority_of_openai_are_one_tier_and_anthropic_fast_is_another() -> None:
    variants = [
        SimpleNamespace(
            when={"service_tier": name}, prices=_list(input_mtok=Decimal(4)), constraint=None
        )
        for name in ("fast", "priority")
    ]
    reading = _genai("openai", _Model("m-1", _list(input_mtok=Decimal(2)), variants))
    assert {row.service_tier for row in reading.rows} == {"standard", "priority"}
    speed = SimpleNamespace(
        when={"speed": "fast"}, prices=_list(input_mtok=Decimal(4)), constraint=None
    )
    reading = _genai("anthropic", _Model("c-1", _list(input_mtok=Decimal(2)), [speed]))
    assert {row.service_tier for row in reading.rows} == {"standard", "fast"}


def test_an_unknown_variant_or_price_key_is_counted() -> None:
    variant = SimpleNamespace(
        when={"route": "mistral/eu"}, prices=_list(input_mtok=Decimal(4)), constraint=None
    )
    model = _Model("m-1", _list(input_mtok=Decimal(2), input_smells_kcount=Decimal(1)), [variant])
    reading = _genai("openrouter", model)
    assert set(reading.unmapped) == {
        "input_smells_kcount",
        "price_variants {'route': 'mistral/eu'}",
    }
    assert len(reading.rows) == 1


@pytest.mark.parametrize(
    ("provider", "model", "key", "meter"),
    [
        ("openai", "gpt-live-1", "audio_hours", "session_seconds"),
        ("openai", "gpt-realtime-translate", "audio_hours", "audio_seconds"),
        ("groq", "whisper-large-v3", "audio_hours", "audio_seconds"),
        ("google", "gemini-2.5-flash", "web_searches_kcount", "grounded_prompts"),
        ("google", "gemini-3.5-flash", "web_searches_kcount", "grounding_search_queries"),
        ("google", "claude-opus-5", "web_searches_kcount", "web_search_calls"),
        ("anthropic", "claude-opus-5", "cache_write_mtok", "input_cache_write_5m_tokens"),
        ("openai", "gpt-6-sol", "cache_write_mtok", "input_cache_write_30m_tokens"),
        ("mistral", "mistral-ocr-4-0", "input_document_kpages", "input_pages"),
        ("openai", "tts-1", "input_mchars", "input_characters"),
    ],
)
def test_every_genai_key_finds_its_meter(provider: str, model: str, key: str, meter: str) -> None:
    reading = _genai(provider, _Model(model, _list(**{key: Decimal(1)})))
    assert [row.meter for row in reading.rows] == [meter]


def _meter(name: str, price: str, regions: list[str], since: str = "2026-03-01") -> dict[str, Any]:
    return {
        "productName": "Azure OpenAI GPT5",
        "meterName": name,
        "unitOfMeasure": "1M",
        "retailPrice": Decimal(price),
        "effectiveStartDate": f"{since}T00:00:00Z",
        "regions": regions,
    }


def test_an_azure_meter_is_split_by_zone_and_keeps_its_effective_day() -> None:
    reading = azure_retail.read(
        [
            _meter("5.4 inp Dz 1M Tokens", "2.75", ["eastus", "swedencentral"]),
            _meter("5.4 inp Dz 1M Tokens", "3", ["japaneast"], "2026-06-01"),
            _meter("5.4 inp Dz 1M Tokens", "9", ["koreacentral"], "2026-05-01"),
            _meter("5.4 longco inp Gl 1M Tokens", "5", ["eastus"], "2026-04-01"),
        ]
    )
    found = {
        (r.geo, r.price, r.valid_from[:10], r.ctx_min_tokens, r.ctx_max_tokens)
        for r in reading.rows
    }
    assert found == {
        ("data_zone_us", "2.75", "2026-03-01", "0", "272001"),
        ("data_zone_eu", "2.75", "2026-03-01", "0", "272001"),
        # The zone of Asia-Pacific opened on 2026-06-01; the older meter only names its regions.
        ("data_zone_apac", "3", "2026-06-01", "0", "272001"),
        ("global", "5", "2026-04-01", "272001", ""),
    }


def test_an_azure_meter_with_an_unknown_word_is_counted_not_guessed() -> None:
    reading = azure_retail.read(
        [
            _meter("5.4 turbo inp Dz 1M Tokens", "1", ["eastus"]),
            _meter("5.4 ft inp Gl 1M Tokens", "1", ["eastus"]),
            _meter("5.4 inp Dz 1M Tokens", "1", ["eastus"]),
            _meter("5.4 inp Dz 1M Tokens", "2", ["westus"]),
        ]
    )
    assert reading.rows == []
    assert set(reading.unmapped) == {
        "meter name of Azure OpenAI GPT5",
        "prices that differ within one zone",
    }


@pytest.mark.parametrize(
    ("key", "day"),
    [
        ("gpt-5.4-2026-03-05", "2026-03-05"),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", "2025-10-01"),
        ("gemini-2.5-flash-preview-09-2025", "2025-09-01"),
        ("mistral-large-2512", "2025-12-01"),
        ("mistral.magistral-small-2509", "2025-09-01"),
        ("gpt-4-0613", ""),
        ("grok-4-0709", ""),
        ("claude-opus-5-5", ""),
    ],
)
def test_a_name_may_carry_its_day(key: str, day: str) -> None:
    assert snapshot_date(key) == day


def _snapshot(version: str, day: str, *prices: str) -> Snapshot:
    rows = [
        ImportRow("litellm", "openai", "openai", "m", "m", "output_tokens", price=price)
        for price in prices
    ]
    return Snapshot(version, day, rows, {("openai", "m")} if prices else set())


def test_the_last_release_with_another_price_bounds_todays_price() -> None:
    archive = [
        _snapshot("3", "2026-03-01", "2"),
        _snapshot("1", "2026-01-01", "4"),
        _snapshot("2", "2026-02-01", "2"),
        _snapshot("0", "2025-12-01"),
    ]
    found = first_seen("litellm", archive[0].rows, {("openai", "m")}, archive)
    model = next(line for line in found if not line.meter)
    price = next(line for line in found if line.meter)
    assert (model.starts_on, model.before) == ("2025-12-02", "absent")
    assert (price.starts_on, price.before, price.before_price) == (
        "2026-01-02",
        "different",
        "4/1000000",
    )


def test_a_release_without_the_meter_says_nothing_about_its_price() -> None:
    archive = [_snapshot("1", "2026-01-01", "2"), _snapshot("2", "2026-02-01", "2")]
    current = [ImportRow("litellm", "openai", "openai", "m", "m", "input_audio_tokens", price="9")]
    assert [line.meter for line in first_seen("litellm", current, set(), archive)] == []


def test_an_archived_wheel_without_a_release_day_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "litellm-1.0-py3-none-any.whl").write_bytes(b"")
    with pytest.raises(ConfigurationError, match=r"no release day for litellm-1.0"):
        run.import_archive(tmp_path, tmp_path, print)
