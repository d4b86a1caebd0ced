"""Three price lists asked for the same cases."""

from __future__ import annotations

import builtins
import csv
import json
import warnings
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.compare import genai, litellm, litellm_file
from dagster_project.rates.compare.__main__ import main
from dagster_project.rates.compare.cases import CHANNEL_ALIASES, Case, read_cases
from dagster_project.rates.compare.document import MARK
from dagster_project.rates.compare.litellm_file import PriceFile
from dagster_project.rates.compare.ours import read_answers
from dagster_project.rates.compare.outcomes import (
    EXACT,
    MUST_NOT,
    NO_UNIT,
    NOT_FOUND,
    OVER,
    UNDER,
    Answer,
    judge,
)
from dagster_project.rates.compare.quantities import Quantities, read_usage, with_iterations
from dagster_project.rates.imports.litellm import PRICE_FILE

COLUMNS = (
    *("case_id", "category", "provider", "channel", "requested_model", "response_model", "ts_utc"),
    *("service_tier", "processing", "inference_geo", "usage_native_json", "expected_status"),
    *("expected_reason", "expected_usd", "document", "arithmetic"),
)


def a_case(usage: Mapping[str, Any], *, model: str = "m", **changes: Any) -> Case:
    values: dict[str, Any] = {
        "case_id": "C1",
        "category": "basic",
        "channel": "openai",
        "raw_channel": "openai_direct",
        "model": model,
        "requested_at": datetime(2026, 11, 2, 12, tzinfo=UTC),
        "service_tier": "standard",
        "is_batch": False,
        "geo": "global",
        "usage": usage,
        "expected_reason": "",
        "expected_usd": None,
        "document": "a page",
        **changes,
    }
    return Case(**values)


def asked(entry: Mapping[str, object], case: Case) -> Answer:
    parsed = json.loads(json.dumps(entry), parse_float=Decimal, parse_int=Decimal)
    return litellm.price(case, PriceFile("0", "0", {"m": parsed}))


TOKENS = {"input_tokens": 1000, "output_tokens": 100}


# ---------- quantities


def test_a_prompt_is_whole_whatever_the_provider_leaves_out_of_it() -> None:
    anthropic = {"input_tokens": 10, "cache_read_input_tokens": 20, "output_tokens": 5}
    anthropic |= {"cache_creation_input_tokens": 7}
    converse = {"inputTokens": 10, "cacheReadInputTokens": 20, "cacheWriteInputTokens": 7}
    openai = {"input_tokens": 37, "input_tokens_details": {"cached_tokens": 20}}
    gemini = {"promptTokenCount": 37, "cachedContentTokenCount": 20}
    deepseek = {"prompt_cache_hit_tokens": 20, "prompt_cache_miss_tokens": 17}

    for native in (anthropic, converse, openai, gemini, deepseek):
        counted = read_usage(native, "any")
        assert (counted.input_tokens, counted.cache_read_tokens) == (37, 20), native


def test_reasoning_is_added_only_where_it_stands_beside_the_answer() -> None:
    chat = {
        "prompt_tokens": 1,
        "completion_tokens": 50,
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    gemini = {"promptTokenCount": 1, "candidatesTokenCount": 50, "thoughtsTokenCount": 30}

    assert read_usage(chat, "openai").output_tokens == 50
    assert read_usage(chat, "xai").output_tokens == 80
    assert read_usage({**chat, "total_tokens": 51}, "xai").output_tokens == 50
    assert read_usage(gemini, "google").output_tokens == 80


def test_writes_of_both_lifetimes_add_up_to_the_written_tokens() -> None:
    native = {
        "input_tokens": 0,
        "cache_creation_input_tokens": 43,
        "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 40},
    }

    counted = read_usage(native, "anthropic")

    assert counted.cache_write_tokens == 43
    assert (counted.cache_write_5m_tokens, counted.cache_write_1h_tokens) == (3, 40)


def test_iterations_add_up_to_what_was_billed() -> None:
    native = {
        "input_tokens": 20,
        "output_tokens": 10,
        "server_tool_use": {"web_search_requests": 2},
        "iterations": [
            {"type": "compaction", "input_tokens": 180, "output_tokens": 35},
            {
                "type": "message",
                "input_tokens": 20,
                "cache_creation_input_tokens": 7,
                "cache_creation": {"ephemeral_1h_input_tokens": 7},
                "output_tokens": 10,
            },
        ],
    }

    top, whole = (read_usage(usage, "x") for usage in (native, with_iterations(native)))

    assert (top.input_tokens, top.output_tokens) == (20, 10)
    assert (whole.input_tokens, whole.output_tokens) == (207, 45)
    assert (whole.cache_write_1h_tokens, whole.cache_write_5m_tokens) == (7, 0)
    assert top.web_searches == whole.web_searches == 2
    assert with_iterations(TOKENS) is TOKENS


def test_a_container_counts_started_minutes_and_no_fewer_than_five() -> None:
    def minutes(seconds: int) -> int:
        return read_usage({"session_seconds": seconds, "memory_gb": 1}, "x").container_minutes

    assert [minutes(seconds) for seconds in (130, 300, 301)] == [5, 5, 6]


def test_a_failed_request_counts_nothing_and_a_storage_charge_is_not_nothing() -> None:
    assert read_usage({"error": "rate_limit_exceeded"}, "openai") == Quantities()
    assert read_usage({"cachedContents": {"ttl_seconds": 60}}, "google").is_other_charge


def test_a_meter_may_be_named_outright_beside_the_tokens() -> None:
    native = {**TOKENS, "web_search_calls": 2, "output_video_seconds_720p": 8, "annotated_pages": 3}

    counted = read_usage(native, "x")

    assert (counted.input_tokens, counted.web_searches, counted.annotated_pages) == (1000, 2, 3)
    assert (counted.video_seconds, counted.video_size) == (8, "720p")
    assert read_usage({"billed_units": {"search_units": 4}}, "cohere").rerank_searches == 4
    assert read_usage({"usage_info": {"pages_processed": 5}}, "mistral").pages == 5
    assert read_usage({"ptus": 100, "hours": 2}, "azure").is_other_charge


def test_genai_prices_is_told_the_grounding_that_google_bills() -> None:
    usage = {"promptTokenCount": 1, "groundingMetadata": {"webSearchQueries": ["a", "b"]}}

    def told(model: str) -> object:
        case = a_case(usage, channel="google", model=model)
        return genai.known_usage(case, read_usage(usage, "google"))["web_searches"]

    assert (told("gemini-2.5-pro"), told("gemini-3.1-pro")) == (1, 2)


def test_a_cached_prompt_with_an_image_is_not_refused_by_genai_prices() -> None:
    pytest.importorskip("genai_prices")
    usage = {
        "input_tokens": 1500,
        "input_tokens_details": {"image_tokens": 1000, "cached_tokens": 200},
        "output_tokens": 10,
    }

    assert genai.price(a_case(usage, model="gpt-image-1.5")).amount is not None


# ---------- outcomes


def test_a_package_is_rounded_to_twelve_decimals_and_trueup_is_not() -> None:
    nearly = Answer(Decimal("0.0791666666666350"))
    expected = Decimal("0.079166666666666667")

    assert judge(nearly, expected, is_package=True) == EXACT
    assert judge(nearly, expected, is_package=False) == UNDER


def test_every_answer_has_one_outcome() -> None:
    one = Decimal(1)
    assert judge(Answer(Decimal("1.000")), one, is_package=False) == EXACT
    assert judge(Answer(Decimal(2)), one, is_package=True) == OVER
    assert judge(Answer.none(NOT_FOUND), one, is_package=True) == NOT_FOUND
    assert judge(Answer.none(NO_UNIT), one, is_package=True) == NO_UNIT
    assert judge(Answer(Decimal(0)), None, is_package=True) == MUST_NOT
    assert judge(Answer.none(NOT_FOUND), None, is_package=True) == EXACT


# ---------- LiteLLM's keys

RATES = {"input_cost_per_token": 2e-6, "output_cost_per_token": 1e-5}


def test_the_base_price_is_exact_decimals() -> None:
    assert asked(RATES, a_case(TOKENS)).amount == Decimal("0.003")


def test_cached_tokens_leave_the_input_and_cost_its_price_without_a_key() -> None:
    usage = {"input_tokens": 1000, "input_tokens_details": {"cached_tokens": 400}}

    assert asked(RATES, a_case(usage)).amount == Decimal("0.002")
    own = {**RATES, "cache_read_input_token_cost": 5e-7}
    assert asked(own, a_case(usage)).amount == Decimal("0.0014")


def test_a_threshold_moves_every_token_and_is_passed_by_more_than_it() -> None:
    entry = {
        **RATES,
        "input_cost_per_token_above_1k_tokens": 4e-6,
        "output_cost_per_token_above_1k_tokens": 2e-5,
    }
    above = {"input_tokens": 1001, "output_tokens": 100}

    assert asked(entry, a_case(TOKENS)).amount == Decimal("0.003")
    assert asked(entry, a_case(above)).amount == Decimal("0.006004")
    assert asked(entry, a_case(TOKENS, channel="xai")).amount == Decimal("0.006")


def test_a_tier_without_a_key_of_its_own_falls_back_to_the_standard_price() -> None:
    entry = {**RATES, "input_cost_per_token_flex": 1e-6}

    assert asked(entry, a_case(TOKENS, service_tier="flex")).amount == Decimal("0.002")
    assert asked(entry, a_case(TOKENS, service_tier="priority")).amount == Decimal("0.003")


def test_fast_is_the_priority_key_but_a_factor_at_anthropic() -> None:
    entry = {**RATES, "input_cost_per_token_priority": 4e-6, "provider_specific_entry": {"fast": 6}}

    assert asked(entry, a_case(TOKENS, service_tier="fast")).amount == Decimal("0.005")
    anthropic = a_case(TOKENS, service_tier="fast", channel="anthropic")
    assert asked(entry, anthropic).amount == Decimal("0.018")


def test_batch_without_batch_keys_is_half_and_with_them_cached_tokens_are_input() -> None:
    usage = {
        "input_tokens": 1000,
        "input_tokens_details": {"cached_tokens": 400},
        "output_tokens": 100,
    }
    entry = {**RATES, "cache_read_input_token_cost": 5e-7}
    batch = {**entry, "input_cost_per_token_batches": 1.5e-6}

    # (600 x 2 + 400 x 0.5 + 100 x 10) / 2, per million
    assert asked(entry, a_case(usage, is_batch=True)).amount == Decimal("0.0012")
    # 1000 x 1.5 + 100 x 10 / 2
    assert asked(batch, a_case(usage, is_batch=True)).amount == Decimal("0.002")


def test_one_hour_writes_have_a_key_and_fall_back_to_the_five_minute_one() -> None:
    usage = {
        "input_tokens": 0,
        "cache_creation_input_tokens": 300,
        "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
    }
    five = {**RATES, "cache_creation_input_token_cost": 2.5e-6}
    hour = {**five, "cache_creation_input_token_cost_above_1hr": 4e-6}

    assert asked(five, a_case(usage)).amount == Decimal("0.00075")
    assert asked(hour, a_case(usage)).amount == Decimal("0.00105")


def test_a_region_multiplies_tokens_and_no_fee() -> None:
    entry = {
        **RATES,
        "regional_processing_uplift_multiplier_eu": 1.1,
        "search_context_cost_per_query": {"search_context_size_medium": 0.01},
    }
    usage = {**TOKENS, "output_items": {"web_search_call": 3}}

    assert asked(entry, a_case(usage, geo="eu")).amount == Decimal("0.0333")


def test_modalities_have_prices_of_their_own() -> None:
    entry = {
        **RATES,
        "input_cost_per_audio_token": 3.2e-5,
        "cache_read_input_audio_token_cost": 4e-7,
        "output_cost_per_audio_token": 6.4e-5,
    }
    usage = {
        "input_tokens": 6000,
        "input_token_details": {
            "text_tokens": 1000,
            "audio_tokens": 5000,
            "cached_tokens_details": {"audio_tokens": 2000},
        },
        "output_tokens": 3200,
        "output_token_details": {"text_tokens": 200, "audio_tokens": 3000},
    }

    # 1000 x 2 + 3000 x 32 + 2000 x 0.4 + 200 x 10 + 3000 x 64
    assert asked(entry, a_case(usage)).amount == Decimal("0.2928")


@pytest.mark.parametrize(
    ("at", "is_off_peak"),
    [
        (datetime(2026, 8, 20, 2, tzinfo=UTC), False),
        (datetime(2026, 8, 20, 4, tzinfo=UTC), True),
        (datetime(2026, 8, 20, 23, 59, tzinfo=UTC), True),
        (datetime(2026, 10, 17, 2, tzinfo=UTC), True),
    ],
    ids=["Thursday peak", "first instant", "past the last window's start", "Saturday"],
)
def test_off_peak_windows_are_half_open_and_have_weekdays(at: datetime, is_off_peak: bool) -> None:
    entry = {
        **RATES,
        "off_peak_pricing": {
            "input_cost_per_token": 1e-6,
            "windows": [
                {"hours_utc": ["04:00-06:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
                {"hours_utc": "00:00-00:00", "weekdays": [6, 7]},
            ],
        },
    }

    amount = asked(entry, a_case({"input_tokens": 1000}, requested_at=at)).amount

    assert amount == (Decimal("0.001") if is_off_peak else Decimal("0.002"))


def test_a_grounded_prompt_counts_once_or_by_its_queries() -> None:
    entry = {"search_context_cost_per_query": {"search_context_size_medium": 0.014}}
    usage = {"promptTokenCount": 0, "groundingMetadata": {"webSearchQueries": ["a", "b"]}}
    per_query = {**entry, "web_search_billing_unit": "per_query"}

    case = a_case(usage, channel="google")

    assert asked(entry, case).amount == Decimal("0.014")
    assert asked(per_query, case).amount == Decimal("0.028")


def test_an_entry_without_a_key_for_the_case_has_no_unit() -> None:
    assert asked({"input_cost_per_token": 1e-6}, a_case({"seconds": 5})) == Answer.none(NO_UNIT)
    assert asked({}, a_case({"cachedContents": {}}, model="other")) == Answer.none(NO_UNIT)
    assert asked({}, a_case(TOKENS, model="other")) == Answer.none(NOT_FOUND)


def test_names_are_exact_and_only_a_fine_tune_loses_its_suffix() -> None:
    def named(channel: str, model: str, geo: str = "global") -> Case:
        return a_case(TOKENS, channel=channel, model=model, geo=geo)

    def found(case: Case, *names: str) -> bool:
        return litellm.find_entry(case, Quantities(), {name: {} for name in names}) is not None

    assert found(named("openai", "ft:gpt-4.1-mini:acme::B1"), "ft:gpt-4.1-mini")
    assert found(named("openai", "openai/gpt-4o"), "gpt-4o")
    assert found(named("google", "gemini-2.5-pro"), "gemini/gemini-2.5-pro")
    assert found(named("azure", "gpt-5.4", "data_zone_eu"), "azure/eu/gpt-5.4")
    assert not found(named("azure", "gpt-5.4", "data_zone_us"), "azure/eu/gpt-5.4")
    assert not found(named("anthropic", "claude-haiku-4-5-lite"), "claude-haiku-4-5")


# ---------- LiteLLM's wheel


def a_wheel(folder: Path, entries: Mapping[str, object]) -> Path:
    wheel = folder / "litellm-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(PRICE_FILE, json.dumps(entries))
    return wheel


def test_a_price_is_read_with_every_printed_digit(tmp_path: Path) -> None:
    prices = litellm_file.read_prices(a_wheel(tmp_path, {"m": {"input_cost_per_token": 7.5e-8}}))

    assert prices.version == "1.2.3"
    assert prices.entries["m"]["input_cost_per_token"] == Decimal("0.000000075")


def test_the_environment_names_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(litellm_file.WHEEL_VARIABLE, str(a_wheel(tmp_path, {})))

    assert litellm_file.read_prices(None).version == "1.2.3"


def test_without_a_network_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(litellm_file.WHEEL_VARIABLE, raising=False)
    monkeypatch.setattr(litellm_file, "CACHE", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    with pytest.raises(ConfigurationError, match=r"network.*--litellm-wheel"):
        litellm_file.find_wheel(None)


def test_another_file_than_a_wheel_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "litellm.txt"
    other.write_text("no wheel")

    with pytest.raises(ConfigurationError, match="no LiteLLM wheel"):
        litellm_file.read_prices(other)


# ---------- genai-prices


def test_a_missing_package_names_the_group_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "genai_prices":
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(ConfigurationError, match=r"pip install -e \.\[rates\]"):
        genai.price(a_case(TOKENS))


def test_the_request_context_is_the_documented_one() -> None:
    def context(**changes: Any) -> dict[str, str]:
        return genai.price_context(a_case(TOKENS, **changes))

    assert context() == {}
    assert context(is_batch=True) == {"processing": "batch"}
    assert context(service_tier="flex") == {"service_tier": "flex"}
    assert context(service_tier="fast", channel="anthropic") == {"speed": "fast"}


def test_every_key_that_we_pass_is_one_of_its_own() -> None:
    package = pytest.importorskip("genai_prices")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        package.Usage(**dict.fromkeys({*genai.USAGE_KEYS.values(), "input_audio_seconds"}, 0))


def test_its_examples_of_flex_batch_and_fast_mode_come_out_as_documented() -> None:
    pytest.importorskip("genai_prices")
    million = {"input_tokens": 1_000_000, "output_tokens": 1_000_000}

    def amount(model: str, day: int, **changes: Any) -> Decimal | None:
        at = datetime(2026, 10, day, tzinfo=UTC) if day < 31 else datetime(2026, 11, 10, tzinfo=UTC)
        return genai.price(a_case(million, model=model, requested_at=at, **changes)).amount

    assert amount("o3", 12, service_tier="flex") == 5
    assert amount("o3", 14, is_batch=True) == 5
    fast = amount("claude-fable-5-2", 31, service_tier="fast", channel="anthropic")
    assert fast == 96


def test_an_unknown_model_and_a_contradiction_are_no_price() -> None:
    pytest.importorskip("genai_prices")
    contradiction = {"input_tokens": 10, "input_tokens_details": {"cached_tokens": 20}}

    assert genai.price(a_case(TOKENS, model="gpt-7-nova")) == Answer.none(NOT_FOUND)
    assert genai.price(a_case(contradiction, model="gpt-5")).amount is None
    assert genai.price(a_case({"session_seconds": 9, "memory_gb": 1})) == Answer.none(NO_UNIT)


# ---------- the case file, TrueUp's answers, the document


def write_cases(path: Path, *rows: Mapping[str, str]) -> Path:
    usual = {
        "case_id": "C1",
        "category": "basic",
        "channel": "openai_direct",
        "response_model": "m",
        "ts_utc": "2026-11-02T12:00:00Z",
        "service_tier": "default",
        "processing": "realtime",
        "inference_geo": "global_standard",
        "usage_native_json": json.dumps(TOKENS),
        "expected_status": "priced",
        "expected_usd": "0.003",
        "document": "the vendor's | price page",
    }
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({**usual, **row} for row in rows)
    return path


def test_a_case_speaks_the_house_vocabulary(tmp_path: Path) -> None:
    file = write_cases(
        tmp_path / "cases.csv",
        {"channel": "vertex_ai"},
        {"channel": "mistral_direct", "expected_status": "unpriced", "expected_usd": ""},
    )

    vertex, mistral = read_cases(file)

    assert (vertex.channel, vertex.service_tier, vertex.geo) == ("google", "standard", "global")
    assert vertex.expected_usd == Decimal("0.003")
    assert (mistral.channel, mistral.expected_usd) == ("mistral", None)
    assert CHANNEL_ALIASES.is_file()


def test_the_usage_object_may_name_speed_and_geography_and_a_tier_may_be_batch(
    tmp_path: Path,
) -> None:
    usage = json.dumps({**TOKENS, "speed": "fast", "inference_geo": "us"})
    file = write_cases(
        tmp_path / "cases.csv",
        {"usage_native_json": usage, "inference_geo": "not_available"},
        {"service_tier": "batch"},
    )

    reported, batch = read_cases(file)

    assert (reported.service_tier, reported.geo, reported.is_batch) == ("fast", "us", False)
    assert (batch.service_tier, batch.is_batch) == ("standard", True)


def test_a_case_file_without_its_columns_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text("case_id,model\nC1,m\n")

    with pytest.raises(ConfigurationError, match="lacks the column category"):
        read_cases(file)


def test_an_answer_of_trueup_must_be_a_decimal_string() -> None:
    answers, version = read_answers(
        '{"case_id": "C1", "cost_usd": "450359962.73704965", "rate_card_version": "v1"}\n'
        '{"case_id": "C2", "cost_usd": null, "reason": "unknown_model", "rate_card_version": "v1"}'
    )

    assert answers["C1"].amount == Decimal("450359962.73704965")
    assert (answers["C2"].amount, version) == (None, "v1")
    with pytest.raises(ConfigurationError, match="decimal string"):
        read_answers('{"case_id": "C1", "cost_usd": 0.5}')


def test_the_document_keeps_its_head_and_lists_what_somebody_misses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("genai_prices")
    file = write_cases(
        tmp_path / "cases.csv",
        {"case_id": "C1"},
        {"case_id": "C2", "response_model": "m2", "expected_status": "unpriced"},
    )
    ours = tmp_path / "ours.jsonl"
    ours.write_text(
        '{"case_id": "C1", "cost_usd": "0.003", "rate_card_version": "v1"}\n'
        '{"case_id": "C2", "cost_usd": null, "reason": "unknown_model"}\n'
    )
    wheel = a_wheel(tmp_path, {"m": RATES, "m2": RATES})
    out = tmp_path / "compare.md"
    out.write_text(f"# By hand\n\n{MARK}\n\nold table\n")
    command = [str(file), "--ours", str(ours), "--litellm-wheel", str(wheel), "--out", str(out)]

    assert main(command) == 0
    first = out.read_text()
    assert main(command) == 0

    assert out.read_text() == first
    assert first.startswith(f"# By hand\n\n{MARK}\n\n- Cases: 2 of `cases.csv`.\n")
    assert "old table" not in first
    row = next(line for line in first.splitlines() if line.startswith("| C1 "))
    assert row.endswith("| 0.003 | exact | not found | exact | the vendor's \\| price page |")
    row = next(line for line in first.splitlines() if line.startswith("| C2 "))
    assert "exact | exact | 0.003 (priced, must not be)" in row
    assert "TrueUp: 2 exact" in capsys.readouterr().out


def test_a_case_that_stands_in_two_files_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write_cases(tmp_path / name, {"case_id": "C1"}) for name in ("a.csv", "b.csv")]

    assert main([str(file) for file in files]) == ConfigurationError.exit_code
    assert "the case C1 stands twice" in capsys.readouterr().err


def test_a_case_without_an_answer_of_ours_stops_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("genai_prices")
    file = write_cases(tmp_path / "cases.csv", {"case_id": "C1"})
    ours = tmp_path / "ours.jsonl"
    ours.write_text("\n")
    command = [str(file), "--ours", str(ours), "--litellm-wheel", str(a_wheel(tmp_path, {}))]

    assert main([*command, "--out", str(tmp_path / "out.md")]) == ConfigurationError.exit_code
    assert "lack 1 cases, first C1" in capsys.readouterr().err
    assert not (tmp_path / "out.md").exists()
