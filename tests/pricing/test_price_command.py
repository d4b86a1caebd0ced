"""`trueup price`: every documented case exactly, both file forms alike, faults named."""

from __future__ import annotations

import csv
import json
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from books import Command, Ended, Home, Row

from dagster_project.lib.price_file import COLUMNS, price_file
from dagster_project.lib.settings import Settings

D = Decimal
TESTS = Path(__file__).resolve().parents[1]
CASES = TESTS / "cases" / "prices.csv"
GOLDEN = TESTS.parents[1] / "shared" / "data" / "pricing" / "golden_cases.csv"
DECIMAL = re.compile(r"-?\d+(\.\d*[1-9])?")
ATTO = D(1).scaleb(-18)

GPT = {"provider": "openai", "channel": "openai", "response_model": "gpt-5-2025-08-07"}
USED = {"input_tokens": 1000, "output_tokens": 100}


def case(name: str, usage: object, **more: str) -> Row:
    """One row of a price file; gpt-5 costs 1.25 and 10 USD per million tokens."""
    text = usage if isinstance(usage, str) else json.dumps(usage)
    row = dict.fromkeys(COLUMNS, "")
    return {**row, **GPT, "case_id": name, "ts_utc": "2026-10-01T12:00:00Z",
            "usage_native_json": text, **more}  # fmt: skip


INVALID = {
    "cut short": ('{"input_tokens": 1', "not_a_usage_object"),
    "a list": ("[1, 2]", "not_a_usage_object"),
    "prose": ("none", "not_a_usage_object"),
    "negative": ({"input_tokens": -1, "output_tokens": 5}, "not_a_count"),
    "a part of a token": ({"input_tokens": 1.5, "output_tokens": 5}, "not_a_count"),
    "a word": ({"input_tokens": "many", "output_tokens": 5}, "not_a_count"),
    "beyond any prompt": ({"input_tokens": 10**30, "output_tokens": 5}, "not_a_count"),
    "beyond any clock": ({"seconds": 10**14}, "not_a_count"),
    "beyond any store": ({"vector_store_bytes": 10**17, "days": 10**17}, "not_a_count"),
    "cached": (
        {"input_tokens": 10, "input_tokens_details": {"cached_tokens": 11}, "output_tokens": 1},
        "cached_exceeds_input",
    ),
    "cached and written": (
        {"prompt_tokens": 10, "completion_tokens": 1,
         "prompt_tokens_details": {"cached_tokens": 6, "cache_write_tokens": 5}},
        "cached_exceeds_input",
    ),
    "audio of a text model": (
        {"prompt_tokens": 10, "prompt_tokens_details": {"audio_tokens": 11}},
        "cached_exceeds_input",
    ),
    "Gemini cached": (
        {"promptTokenCount": 10, "cachedContentTokenCount": 11, "candidatesTokenCount": 1},
        "cached_exceeds_input",
    ),
    "DeepSeek hits": (
        {"prompt_tokens": 10, "prompt_cache_hit_tokens": 8, "prompt_cache_miss_tokens": 3,
         "completion_tokens": 1},
        "cached_exceeds_input",
    ),
    "Anthropic writes": (
        {"input_tokens": 10, "cache_creation_input_tokens": 5, "output_tokens": 1,
         "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 1}},
        "cached_exceeds_input",
    ),
    "Converse writes": (
        {"inputTokens": 10, "outputTokens": 1, "cacheWriteInputTokens": 5,
         "cacheDetails": [{"ttl": "1h", "inputTokens": 6}]},
        "cached_exceeds_input",
    ),
    "reasoning": (
        {"input_tokens": 10, "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 6}},
        "reasoning_exceeds_output",
    ),
    "chat reasoning": (
        {"prompt_tokens": 10, "completion_tokens": 5,
         "completion_tokens_details": {"reasoning_tokens": 6}},
        "reasoning_exceeds_output",
    ),
    "thinking": (
        {"input_tokens": 10, "cache_read_input_tokens": 0, "output_tokens": 5,
         "output_tokens_details": {"thinking_tokens": 6}},
        "reasoning_exceeds_output",
    ),
}  # fmt: skip

OTHERS = [
    case("twice", USED),
    case("twice", {"input_tokens": 2000, "output_tokens": 0}),
    case("unknown", USED, response_model="gpt-5-2025-08-08"),
    case("silent", {}),
    case("refused", {"error": "rate_limit_exceeded", "http_status": 429}),
    case("charged", {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0}, provider="openrouter",
         channel="openrouter", response_model="openai/gpt-4o"),
    case("yesterday", USED, ts_utc="yesterday"),
    case("seven minutes", {"seconds": 7}, response_model="gpt-transcribe"),
    case("box", {"session_seconds": 301, "memory_gb": 4}, response_model="(container_4gb)"),
    case("xAI ticks", {"prompt_tokens": 10120, "completion_tokens": 1499, "total_tokens": 14428,
         "cost_in_usd_ticks": 232856000}, channel="xai", response_model="grok-4-0709"),
    # 18 decimals: more digits than a double holds
    case("cost as a number", '{"prompt_tokens": 1, "cost": 0.123456789012345678}',
         channel="openrouter", response_model="openai/gpt-4o"),
]  # fmt: skip


def rows_of(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write_csv(path: Path, rows: list[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_lines(path: Path, rows: list[Row]) -> Path:
    """The rows as JSON lines, the usage as an object where it is one, empty cells left out."""

    def line(row: Row) -> str:
        text = row["usage_native_json"]
        rest = {name: row[name] for name in COLUMNS[:-1] if row[name]}
        usage = text if text.startswith("{") and text.endswith("}") else json.dumps(text)
        return json.dumps(rest)[:-1] + f', "usage_native_json": {usage}}}'

    path.write_text("".join(line(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """The project's own cases, and what no price list has a case for."""
    invalid = [case(name, usage) for name, (usage, _) in INVALID.items()]
    return [*rows_of(CASES), *OTHERS, *invalid]


@pytest.fixture(scope="module")
def priced(rows: list[Row], folder: Path) -> list[Row]:
    """What comes of `rows` as CSV."""
    settings = Settings.from_environment({"TRUEUP_HOME": str(folder / "home")})
    path = write_csv(folder / "calls of all kinds.csv", rows)
    return [json.loads(line) for line in price_file(path, None, settings)]


def wrong(cases: list[Row], results: list[Row]) -> list[str]:
    """Cases whose status, reason or amount is another one, with both."""
    assert [case["case_id"] for case in cases] == [result["case_id"] for result in results]
    faults = []
    for wanted, found in zip(cases, results, strict=True):
        amount = D(wanted["expected_usd"]) if wanted["expected_usd"] else None
        expected = (wanted["expected_status"], wanted["expected_reason"] or None, amount)
        cost = None if found["cost_usd"] is None else D(found["cost_usd"])
        if expected != (found["status"], found["reason"], cost):
            faults.append(f"{wanted['case_id']}: {expected}, not {found}")
    return faults


def test_every_case_of_the_project_is_priced_to_the_last_digit(priced: list[Row]) -> None:
    cases = rows_of(CASES)
    assert len(cases) > 200
    assert wrong(cases, priced[: len(cases)]) == []


def test_every_golden_case_is_priced_to_the_last_digit(bare: Home, trueup: Command) -> None:
    if not GOLDEN.is_file():
        pytest.skip("the golden cases (../shared/data/pricing) are not on this machine")
    ended = trueup(bare, "price", GOLDEN)
    assert ended.code == 0
    assert wrong(rows_of(GOLDEN), ended.results) == []


def test_json_lines_with_objects_give_what_the_csv_gives(
    bare: Home, trueup: Command, rows: list[Row], priced: list[Row], tmp_path: Path
) -> None:
    ended = trueup(bare, "price", write_lines(tmp_path / "calls.jsonl", rows))
    assert ended.code == 0
    assert ended.results == priced


@pytest.fixture(scope="module")
def by_name(priced: list[Row]) -> dict[str, Row]:
    return {result["case_id"]: result for result in priced}


@pytest.mark.parametrize("name", INVALID)
def test_a_record_that_contradicts_itself_is_invalid_and_costs_nothing_known(
    by_name: dict[str, Row], name: str
) -> None:
    found = by_name[name]
    assert (found["status"], found["reason"]) == ("invalid_usage", INVALID[name][1])
    assert (found["cost_usd"], found["list_cost_usd"], found["lines"]) == (None, None, [])


def test_a_case_id_may_repeat_and_every_row_is_priced_in_its_place(priced: list[Row]) -> None:
    """1000 x 1.25 + 100 x 10, and 2000 x 1.25, per million."""
    assert [r["cost_usd"] for r in priced if r["case_id"] == "twice"] == ["0.00225", "0.0025"]


def test_what_is_unknown_says_why_and_what_is_free_costs_zero(by_name: dict[str, Row]) -> None:
    found = {
        name: (by_name[name]["status"], by_name[name]["reason"], by_name[name]["cost_usd"])
        for name in ("unknown", "silent", "refused", "charged", "yesterday")
    }
    assert found == {
        "unknown": ("unpriced", "unknown_model", None),
        "silent": ("unpriced", "usage_missing", None),
        "refused": ("priced", None, "0"),
        "charged": ("priced", None, "0"),
        "yesterday": ("invalid_usage", "bad_timestamp", None),
    }


def test_what_a_provider_charges_is_the_cost_to_its_last_digit(by_name: dict[str, Row]) -> None:
    """232,856,000 ticks of 10^-10 USD; and a JSON number of 18 decimals."""
    for name, cost in (("xAI ticks", "0.0232856"), ("cost as a number", "0.123456789012345678")):
        found = by_name[name]
        assert (found["cost_usd"], found["cost_basis"]) == (cost, "provider_reported")
        assert [line["meter"] for line in found["lines"]] == ["reported_usd"]


def test_a_container_counts_begun_minutes_and_a_duration_is_rounded_once(
    by_name: dict[str, Row],
) -> None:
    """301 s are 6 minutes of 0.12 / 20 USD; 7 s at 0.0045 a minute are 0.000525 USD."""
    assert by_name["box"]["cost_usd"] == "0.036"
    assert by_name["seven minutes"]["cost_usd"] == "0.000525"
    (line,) = by_name["seven minutes"]["lines"]
    assert (line["unit_price_usd"], line["unit_price_per"]) == ("0.27", 3600)


def test_the_output_is_decimal_texts_that_add_up(priced: list[Row]) -> None:
    versions = {result["rate_card_version"] for result in priced}
    assert len(versions) == 1
    for result in priced:
        amounts = [result["cost_usd"], result["list_cost_usd"]]
        for line in result["lines"]:
            assert set(line) >= {"meter", "quantity", "unit_price_usd", "cost_usd", "rate_id",
                                 "rate_status"}  # fmt: skip
            amounts += [line["quantity"], line["unit_price_usd"], line["cost_usd"]]
            if line["meter"] != "reported_usd":
                exact = D(line["quantity"]) * D(line["unit_price_usd"]) / line["unit_price_per"]
                assert D(line["cost_usd"]) == exact.quantize(ATTO, rounding=ROUND_HALF_UP)
                assert line["rate_id"]
                assert line["rate_status"] in ("confirmed", "announced", "assumed")
        assert all(DECIMAL.fullmatch(text) for text in amounts if text is not None)
        if result["status"] == "priced":
            assert sum(D(line["cost_usd"]) for line in result["lines"]) == D(result["cost_usd"])


def refused(ended: Ended, *said: str) -> None:
    assert ended.code == 2, ended
    assert ended.out == ""
    assert ended.err.count("\n") == 1
    for words in said:
        assert words in ended.err


@pytest.mark.parametrize("column", ["case_id", "channel", "ts_utc", "usage_native_json"])
def test_a_missing_column_is_named(
    bare: Home, trueup: Command, tmp_path: Path, column: str
) -> None:
    header = [name for name in COLUMNS if name != column]
    table = tmp_path / "calls.csv"
    table.write_text(",".join(header) + "\n" + ",".join("x" for _ in header) + "\n")
    refused(trueup(bare, "price", table), "calls.csv", column)
    lines = tmp_path / "calls.jsonl"
    lines.write_text(json.dumps(dict.fromkeys(header, "x")) + "\n")
    refused(trueup(bare, "price", lines), "calls.jsonl row 1", column)


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\xff\xfe\x00",
        (",".join(COLUMNS) + "\n").encode(),
        (",".join(COLUMNS) + '\n"never closed').encode(),
        (",".join(COLUMNS) + "\na,b\n").encode(),
        b'{"case_id": "a"\n',
        b'{"case_id": "a", "channel": "openai", "ts_utc": "x", "usage_native_json": {}}\n[]\n',
    ],
)
def test_a_file_that_cannot_be_read_ends_the_command_and_names_it(
    bare: Home, trueup: Command, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "some calls"
    if content is not None:
        path.write_bytes(content)
    refused(trueup(bare, "price", path), "some calls")
    refused(trueup(bare, "price", tmp_path), tmp_path.name)
