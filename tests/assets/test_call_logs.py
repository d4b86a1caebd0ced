"""Per-call logs: LiteLLM, and in-house logs of any shape through a mapping."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.lib.hashing import keyed_hash
from tests.conftest import HASH_KEY, Landing

BASE = ("kind,,call_log,", "call_id,id,,", "requested_at,at,,", "channel,,openai,")


def _spend(**values: Any) -> dict[str, Any]:
    row = {
        "request_id": "r1",
        "startTime": "2026-03-01T10:00:00+02:00",
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "model": "gpt-5-mini",
        "spend": 0.00234,
    }
    return {**row, **values}


METADATA = {
    "user_api_key_alias": "prod",
    "attempted_retries": 1,
    "additional_usage_values": {
        "cache_read_input_tokens": 5,
        "cache_creation_input_tokens": 6,
        "prompt_tokens_details": {"cached_tokens": 40},
        "completion_tokens_details": {"reasoning_tokens": 12},
    },
}
TAGS = ["feature:search", "env:prod", "attempt:2", "fallback:true", "prompt_version:v3", "other"]
SELECTED = (
    "select request_id, started_at::varchar, prompt_tokens, cached_tokens, reasoning_tokens,"
    " cache_read_input_tokens, cache_creation_input_tokens, api_key_alias, attempted_retries,"
    " feature, environment, attempt_no, is_fallback, prompt_version, prompt_template, is_cache_hit,"
    " end_user_key from raw.litellm_spend_logs order by _row_number"
)
EXPECTED = (
    *("r1", "2026-03-01 08:00:00", 100, 40, 12, 5, 6, "prod", 1),
    *("search", "prod", 2, True, "v3", None, False, None),
)


def test_litellm_json_lines_read_metadata_as_object_or_as_text(landing: Landing) -> None:
    plain = _spend(metadata=METADATA, request_tags=TAGS, cache_hit="False", end_user="")
    as_text = {**plain, "metadata": json.dumps(METADATA), "request_tags": json.dumps(TAGS)}
    landing.drop_lines("litellm_spend_logs/a.jsonl", plain, as_text)
    assert landing.ingest("litellm_spend_logs").rows_loaded == 2
    assert landing.rows(SELECTED) == [EXPECTED, EXPECTED]


def test_litellm_csv_and_parquet_give_the_same_rows(landing: Landing, tmp_path: Path) -> None:
    row = _spend(metadata=METADATA, request_tags=TAGS, cache_hit="False", end_user="")
    landing.drop_lines("litellm_spend_logs/a.jsonl", row)
    header = list(row)
    flat = {**row, "metadata": json.dumps(METADATA), "request_tags": json.dumps(TAGS)}
    cells = ['"' + str(flat[name]).replace('"', '""') + '"' for name in header]
    landing.drop("litellm_spend_logs/b/x.csv", ",".join(header) + "\n" + ",".join(cells) + "\n")
    (tmp_path / "one.json").write_text(json.dumps(row), encoding="utf-8")
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(
            f"copy (select * replace (startTime::timestamptz as startTime) from"
            f" read_json('{tmp_path}/one.json')) to '{tmp_path}/x.parquet' (format parquet)"
        )
    landing.drop("litellm_spend_logs/c/x.parquet", (tmp_path / "x.parquet").read_bytes())
    assert landing.ingest("litellm_spend_logs").rows_loaded == 3
    assert landing.rows(SELECTED) == [EXPECTED] * 3


def test_metadata_that_is_no_json_is_a_fault_and_never_a_silent_zero(landing: Landing) -> None:
    landing.drop_lines(
        "litellm_spend_logs/a.jsonl", _spend(), _spend(request_id="r2", metadata="{'cached': 40}")
    )
    landing.ingest("litellm_spend_logs")
    assert landing.faults() == [(2, "metadata", "malformed_row", None)]


def test_malformed_lines_are_quarantined_with_their_line_and_the_rest_loads(
    landing: Landing,
) -> None:
    good = json.dumps(_spend())
    text = good + "\n" + '{"request_id": "cut\n' + "[1]\n" + good + "\n" + good[:40]
    landing.drop("litellm_spend_logs/a.jsonl", text)
    report = landing.ingest("litellm_spend_logs")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (5, 2, 3)
    assert landing.faults() == [
        (2, None, "malformed_row", None),
        (3, None, "malformed_row", None),
        (5, None, "malformed_row", None),
    ]
    assert landing.rows("select _row_number from raw.litellm_spend_logs order by 1") == [(1,), (4,)]


def test_a_file_where_no_line_can_be_read_is_rejected(landing: Landing) -> None:
    landing.drop("litellm_spend_logs/a.jsonl", "{broken\n{broken too\n")
    assert landing.ingest("litellm_spend_logs").files_rejected == 1
    assert landing.reason("litellm_spend_logs/a.jsonl") == "none of its 2 lines is a JSON object"


def test_each_fault_of_a_row_has_its_reason_and_shows_only_numbers_and_dates(
    landing: Landing,
) -> None:
    landing.drop_lines(
        "litellm_spend_logs/a.jsonl",
        _spend(),
        _spend(request_id=None),
        _spend(startTime="yesterday, by ada@example.com"),
        _spend(startTime="1999-12-31T23:59:59Z"),
        _spend(prompt_tokens=-5),
        _spend(prompt_tokens=1.5),
        _spend(prompt_tokens="1_000"),
        _spend(spend="free"),
        _spend(cache_hit="perhaps"),
        _spend(model="m" * 4097),
        _spend(model=["a", "b"]),
        _spend(prompt_tokens=-5, completion_tokens=-6),
    )
    report = landing.ingest("litellm_spend_logs")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (12, 1, 11)
    assert landing.faults() == [
        (2, "request_id", "missing_value", None),
        (3, "started_at", "bad_timestamp", "text of 29 characters"),
        (4, "started_at", "bad_timestamp", "1999-12-31T23:59:59Z"),
        (5, "prompt_tokens", "negative", "-5"),
        (6, "prompt_tokens", "not_whole", "1.5"),
        (7, "prompt_tokens", "not_a_number", "text of 5 characters"),
        (8, "spend", "not_a_number", "text of 4 characters"),
        (9, "is_cache_hit", "bad_boolean", "text of 7 characters"),
        (10, "model", "too_long", "text of 4097 characters"),
        (11, "model", "not_a_scalar", "text of 10 characters"),
        (12, "prompt_tokens", "negative", "-5"),
    ]
    ((reason,),) = landing.rows("select reason from raw.quarantine where row_number = 12")
    assert reason == "a count cannot be negative (and 1 more fault in this row)"


def test_control_totals_are_those_of_the_loaded_rows(landing: Landing) -> None:
    landing.drop_lines(
        "litellm_spend_logs/a.jsonl",
        _spend(prompt_tokens=100, spend=0.1),
        _spend(prompt_tokens=200, spend=0.2),
        _spend(prompt_tokens=4000, spend=0.4, request_id=None),
    )
    landing.ingest("litellm_spend_logs")
    ((text,),) = landing.rows("select control_totals from raw.landed_files")
    totals = json.loads(text)
    assert (totals["prompt_tokens"], totals["spend"]) == ("300", "0.3")


def test_money_written_as_a_long_json_number_keeps_its_digits(landing: Landing) -> None:
    landing.mapping("mylog", *BASE, "reported_cost,cost.usd,,")
    landing.drop(
        "mylog/a.jsonl",
        '{"id":"1","at":"2026-03-01T00:00:00Z","cost":{"usd":0.123456789012345678},'
        '"note":"\\"usd\\": 9"}\n'
        '{"id":"2","at":"2026-03-01T00:00:00Z","cost":{"usd":"0.100000000000000000000000001"}}\n'
        '{"id":"3","at":"2026-03-01T00:00:00Z","cost":{"usd":2.5e-7}}\n',
    )
    landing.ingest("call_log")
    assert landing.rows("select reported_cost from raw.call_log order by call_id") == [
        ("0.123456789012345678",),
        ("0.100000000000000000000000001",),
        ("2.5e-7",),
    ]


def _parquet(landing: Landing, place: str, query: str) -> None:
    path = landing.settings.home / "made.parquet"
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"copy ({query}) to '{path}' (format parquet)")
    landing.drop(place, path.read_bytes())
    path.unlink()


def test_a_typed_parquet_log_loads_without_text_round_trips(landing: Landing) -> None:
    landing.mapping(
        "mylog",
        *BASE,
        "input_tokens,usage.inp,,",
        "output_tokens,outp,,",
        "latency_ms,took,,seconds_to_ms",
        "reported_cost,cost,,",
        "user_key,usr,,",
        "is_retry,kind,,equals:retry",
        "prompt,prompt,,",
    )
    _parquet(
        landing,
        "mylog/a.parquet",
        "select * from (values"
        " ('c1', timestamptz '2026-03-01 01:00:00+02', {'inp': 10::bigint}, 3.0::double,"
        "  0.2505::double, 0.10::decimal(9,4), 7::bigint, 'retry', 'hi'),"
        " ('c2', timestamptz '2026-03-01 23:59:59.999999+00', {'inp': -1::bigint}, 2.5::double,"
        "  0.001::double, 1::decimal(9,4), 8::bigint, 'first', NULL))"
        ' t(id, "at", usage, outp, took, cost, usr, kind, prompt)',
    )
    report = landing.ingest("call_log")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (2, 1, 1)
    assert landing.rows(
        "select call_id, requested_at::varchar, input_tokens, output_tokens, latency_ms,"
        " reported_cost, user_key, is_retry, prompt_length, prompt_hash, _source from raw.call_log"
    ) == [
        ("c1", "2026-02-28 23:00:00", 10, 3, 251, "0.1000", keyed_hash("7", HASH_KEY), True, 2,
         keyed_hash("hi", HASH_KEY), "mylog"),
    ]  # fmt: skip
    assert landing.rows("select column_name, reason_code, reason from raw.quarantine") == [
        ("input_tokens", "negative", "a count cannot be negative (and 1 more fault in this row)")
    ]


def test_a_damaged_parquet_file_is_rejected(landing: Landing) -> None:
    landing.mapping("mylog", *BASE)
    landing.drop("mylog/a.parquet", b"PAR1" + b"\0" * 200)
    assert landing.ingest("call_log").files_rejected == 1
    assert "damaged" in landing.reason("mylog/a.parquet")


@pytest.mark.parametrize(
    ("transform", "value", "stored"),
    [
        ("epoch_s", 1772323200, "2026-03-01 00:00:00"),
        ("epoch_s", 1772323200.25, "2026-03-01 00:00:00.25"),
        ("epoch_ms", "1772323200250", "2026-03-01 00:00:00.25"),
        ("", "2026-03-01", "2026-03-01 00:00:00"),
        ("", "2026-03-01T05:00:00+05:00", "2026-03-01 00:00:00"),
        ("", "2026-03-01 00:00:00.1234567", "2026-03-01 00:00:00.123456"),
    ],
)
def test_times_reach_utc_whatever_their_form(
    landing: Landing, transform: str, value: object, stored: str
) -> None:
    landing.mapping("mylog", BASE[0], BASE[1], f"requested_at,at,,{transform}", BASE[3])
    landing.drop_lines("mylog/a.jsonl", {"id": "1", "at": value})
    landing.ingest("call_log")
    assert landing.rows("select requested_at::varchar from raw.call_log") == [(stored,)]


@pytest.mark.parametrize(
    ("shape", "usage", "stored"),
    [
        (
            "anthropic_message",
            {
                "input_tokens": 50,
                "cache_creation_input_tokens": 30,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 10,
                    "ephemeral_1h_input_tokens": 20,
                },
                "cache_read_input_tokens": 7,
                "output_tokens": 9,
                "output_tokens_details": {"thinking_tokens": 4},
            },
            ("disjoint", 50, 7, 30, 10, None, 20, None, 9, 4),
        ),
        (
            "openai_chat",
            {
                "prompt_tokens": 100,
                "completion_tokens": 30,
                "prompt_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 10},
                "completion_tokens_details": {"reasoning_tokens": 19},
            },
            ("inclusive", 100, 40, 10, None, None, None, None, 30, 19),
        ),
        (
            "openai_responses",
            {
                "input_tokens": 100,
                "input_tokens_details": {
                    "cached_tokens": 40,
                    "cache_write_tokens": 10,
                    "cache_write_tokens_details": {"ttl_30m_tokens": 4, "ttl_12h_tokens": 6},
                },
                "output_tokens": 30,
                "output_tokens_details": {"reasoning_tokens": 19},
            },
            ("inclusive", 100, 40, 10, None, 4, None, 6, 30, 19),
        ),
        (
            "gemini",
            {
                "promptTokenCount": 100,
                "toolUsePromptTokenCount": 5,
                "cachedContentTokenCount": 40,
                "candidatesTokenCount": 10,
                "thoughtsTokenCount": 19,
            },
            ("inclusive_reasoning_beside", 105, 40, None, None, None, None, None, 10, 19),
        ),
        (
            "gemini",
            {"prompt_token_count": 100, "candidates_token_count": 10},
            ("inclusive_reasoning_beside", 100, None, None, None, None, None, None, 10, None),
        ),
        (
            "bedrock_converse",
            {
                "inputTokens": 50,
                "outputTokens": 9,
                "cacheReadInputTokens": 7,
                "cacheWriteInputTokens": 30,
            },
            ("disjoint", 50, 7, 30, None, None, None, None, 9, None),
        ),
    ],
)
def test_a_usage_object_fills_the_token_columns(
    landing: Landing, shape: str, usage: dict[str, Any], stored: tuple[Any, ...]
) -> None:
    landing.mapping("mylog", *BASE, f"usage,answer.usage,,usage:{shape}")
    line = {"id": "1", "at": "2026-03-01T00:00:00Z", "answer": {"usage": usage}}
    landing.drop_lines("mylog/a.jsonl.gz", line)
    landing.ingest("call_log")
    assert landing.rows(
        "select usage_convention, input_tokens, cache_read_tokens, cache_write_tokens,"
        " cache_write_5m_tokens, cache_write_30m_tokens, cache_write_1h_tokens,"
        " cache_write_12h_tokens, output_tokens, reasoning_tokens from raw.call_log"
    ) == [stored]


def test_composite_ids_join_with_a_colon_and_alternatives_fall_back(landing: Landing) -> None:
    landing.mapping("mylog", BASE[0], "call_id,run+step|uuid,,", *BASE[2:])
    at = "2026-03-01T00:00:00Z"
    landing.drop_lines(
        "mylog/a.jsonl",
        {"run": "r", "step": 1, "uuid": "u1", "at": at},
        {"run": "r", "step": None, "uuid": "u2", "at": at},
        {"run": "r", "at": at},
    )
    landing.ingest("call_log")
    assert landing.rows("select call_id from raw.call_log order by _row_number") == [
        ("r:1",),
        ("u2",),
    ]
    assert landing.faults() == [(3, "call_id", "missing_value", None)]


def test_a_key_that_holds_a_dot_is_found_too(landing: Landing) -> None:
    landing.mapping("mylog", *BASE, "input_tokens,gen_ai.usage.input_tokens,,")
    line = {"id": "1", "at": "2026-03-01T00:00:00Z", "gen_ai.usage.input_tokens": 12}
    landing.drop_lines("mylog/a.jsonl", line)
    landing.ingest("call_log")
    assert landing.rows("select input_tokens from raw.call_log") == [(12,)]


def test_a_list_of_objects_in_one_json_document_loads_as_well(landing: Landing) -> None:
    landing.mapping("mylog", *BASE)
    at = "2026-03-01T00:00:00Z"
    landing.drop("mylog/a.json", [{"id": "1", "at": at}, {"id": "2", "at": at}])
    assert landing.ingest("call_log").rows_loaded == 2


def test_a_mapped_count_column_that_the_csv_lacks_rejects_it(landing: Landing) -> None:
    landing.mapping("mylog", *BASE, "input_tokens,tokens_in,,", "feature,feat,,")
    landing.drop("mylog/a.csv", "id,at\n1,2026-03-01\n")
    landing.drop("mylog/b.csv", "id,at,tokens_in\n1,2026-03-01,5\n")
    report = landing.ingest("call_log")
    assert (report.files_new, report.files_rejected) == (1, 1)
    assert "tokens_in (for input_tokens)" in landing.reason("mylog/a.csv")
    assert "mylog/b.csv: the file has no feat (for feature)" in report.warnings


def test_a_required_key_that_no_line_has_rejects_the_file(landing: Landing) -> None:
    landing.mapping("mylog", *BASE)
    landing.drop_lines("mylog/a.jsonl", {"ID": "1", "at": "2026-03-01"})
    landing.ingest("call_log")
    assert landing.reason("mylog/a.jsonl") == (
        "required column missing: no line has a value for call_id"
    )


def test_a_changed_mapping_loads_its_files_again(landing: Landing) -> None:
    landing.mapping("mylog", *BASE)
    landing.drop_lines("mylog/a.jsonl", {"id": "1", "at": "2026-03-01", "team_name": "x"})
    landing.ingest("call_log")
    landing.pending()
    landing.mapping("mylog", *BASE, "team,team_name,,")
    assert landing.ingest("call_log").files_new == 1
    assert landing.rows("select call_id, team from raw.call_log") == [("1", "x")]
    assert landing.pending() == ["2026-03-01"]
    assert landing.ingest("call_log").files_new == 0


def test_a_mapping_that_is_taken_away_withdraws_its_rows(landing: Landing) -> None:
    landing.mapping("mylog", *BASE)
    landing.drop_lines("mylog/a.jsonl", {"id": "1", "at": "2026-03-01"})
    landing.ingest("call_log")
    (landing.settings.reference / "mappings" / "mylog.csv").unlink()
    assert landing.ingest("call_log").files_withdrawn == 1
    assert landing.rows("select count(*) from raw.call_log") == [(0,)]


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("1", 1),
        ("59200.0", 59200),
        ("1e3", 1000),
        (" 7 ", 7),
        ("+5", 5),
        ("-0", 0),
        ("", None),
        ("999999999999999", 999999999999999),
        ("1000000000000000", "too_large"),
        ("1.50", "not_whole"),
        ("-1", "negative"),
        ("0x10", "not_a_number"),
        ("1_000", "not_a_number"),
        ("nan", "not_a_number"),
        ("\u0661", "not_a_number"),
    ],
)
def test_a_count_is_what_it_says_or_a_fault(
    landing: Landing, written: str, stored: int | str | None
) -> None:
    landing.mapping("mylog", *BASE, "input_tokens,n,,")
    landing.drop("mylog/a.csv", f"id,at,n\n1,2026-03-01,{written}\n")
    landing.ingest("call_log")
    found: list[Any] = [row[0] for row in landing.rows("select input_tokens from raw.call_log")]
    found += [row[2] for row in landing.faults()]
    assert found == [stored]


@pytest.mark.parametrize(
    "written", ["infinity", "today", "2026", "20260301", "2026-02-30", "2026-03-01T25:00:00", "1e5"]
)
def test_what_is_no_time_is_a_fault(landing: Landing, written: str) -> None:
    landing.mapping("mylog", *BASE)
    landing.drop_lines("mylog/a.jsonl", {"id": "1", "at": written})
    landing.ingest("call_log")
    assert [row[2] for row in landing.faults()] == ["bad_timestamp"]


@pytest.mark.parametrize("written", [-1, 1e12, 1772323200000, 1e30, -9.3e18, "NaN", "inf", True])
def test_an_epoch_in_the_wrong_unit_is_a_fault(landing: Landing, written: object) -> None:
    landing.mapping("mylog", BASE[0], BASE[1], "requested_at,at,,epoch_s", BASE[3])
    landing.drop_lines("mylog/a.jsonl", {"id": "1", "at": written})
    landing.ingest("call_log")
    assert [row[2] for row in landing.faults()] == ["bad_timestamp"]


def test_a_byte_order_mark_costs_no_line(landing: Landing) -> None:
    landing.mapping("mylog", *BASE)
    line = json.dumps({"id": "1", "at": "2026-03-01"})
    landing.drop("mylog/a.jsonl", f"\ufeff{line}\r\n{line}\n\n{{cut\n{line}")
    report = landing.ingest("call_log")
    assert (report.rows_in, report.rows_loaded) == (4, 3)
    assert landing.faults() == [(3, None, "malformed_row", None)]
