"""Laws 4 and 6 on random rows: a token is in one bucket, and order decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering import modality_meters, model, priced_meters

from dagster_project.lib.columns import SQL_TYPES
from dagster_project.sources import SOURCES

EXAMPLES = settings(max_examples=40, deadline=None)
# a call log has no columns for audio and images: int_usage_rows gives every such row 0 of them
CALL_LOG_METERS = [meter for meter in priced_meters() if meter not in modality_meters()]
INPUTS = [meter for meter in CALL_LOG_METERS if meter.startswith("input_")]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def fill(con: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[Any]) -> None:
    """Make a table from declarations like 'a bigint, b varchar'."""
    con.execute(f"create or replace table {name} ({columns})")
    marks = ", ".join("?" * len(columns.split(",")))
    if rows:
        con.executemany(f"insert into {name} values ({marks})", rows)


CALL_LOG_TEXTS = (
    *("_source", "_file_id", "_account", "call_id", "channel", "account", "provider"),
    *("sub_account", "api_key_id", "model_requested", "model_served", "service_tier"),
    *("processing", "geo", "usage_convention", "feature", "team", "prompt_template"),
    *("prompt_version", "agent", "environment", "user_key", "tenant", "session_id", "trace_id"),
    *("task_id", "ticket_id", "status", "finish_reason", "prompt_hash"),
)
CALL_LOG_COUNTS = (
    *("_row_number", "input_tokens", "cache_read_tokens", "cache_write_tokens"),
    *("cache_write_5m_tokens", "cache_write_30m_tokens", "cache_write_1h_tokens"),
    *("cache_write_12h_tokens", "output_tokens", "reasoning_tokens", "web_search_calls"),
    *("attempt_no", "latency_ms"),
)
CALL_LOG = ", ".join(
    [f"{name} varchar" for name in CALL_LOG_TEXTS]
    + [f"{name} bigint" for name in CALL_LOG_COUNTS]
    + ["reported_cost varchar", "is_retry boolean", "is_fallback boolean", "is_cache_hit boolean"]
    + ["requested_at timestamp", "tags varchar"]
)
tokens = st.integers(0, 10**9)
calls = st.lists(
    st.tuples(
        st.sampled_from(["disjoint", "inclusive", "inclusive_reasoning_beside"]),
        tokens, tokens, tokens, tokens, tokens, tokens,
    ),
    min_size=1, max_size=30,
)  # fmt: skip


@EXAMPLES
@given(calls)
def test_each_token_of_a_call_is_in_one_bucket_and_no_bucket_is_negative(
    con: duckdb.DuckDBPyConnection, calls: list[tuple[str, int, int, int, int, int, int]]
) -> None:
    rows = []
    wanted = {}
    names = [part.split()[0] for part in CALL_LOG.split(", ")]
    for number, call in enumerate(calls):
        convention, fresh, read, write_5m, write_1h, output, reasoning = call
        cached = read + write_5m + write_1h
        row = dict.fromkeys(names)
        row |= {
            "call_id": str(number), "usage_convention": convention, "status": "success",
            "input_tokens": fresh if convention == "disjoint" else fresh + cached,
            "cache_read_tokens": read, "cache_write_tokens": write_5m + write_1h,
            "cache_write_5m_tokens": write_5m, "cache_write_1h_tokens": write_1h,
            "output_tokens": output, "reasoning_tokens": reasoning,
        }  # fmt: skip
        rows.append(list(row.values()))
        beside = reasoning if convention == "inclusive_reasoning_beside" else 0
        wanted[str(number)] = (fresh, fresh + cached, output + beside)
    fill(con, "call_log", CALL_LOG, rows)
    whole = " + ".join(INPUTS)
    least = f"least({', '.join(CALL_LOG_METERS)})"
    found = con.execute(
        f"select call_id, input_uncached_tokens, {whole}, output_tokens, {least}"
        f" from ({model('stg_call_log__calls')})"
    ).fetchall()
    assert {row[0]: row[1:4] for row in found} == wanted
    assert all(row[4] >= 0 for row in found)


USAGE_RECORDS = ", ".join(
    [
        *("_source varchar", "_file_id varchar", "_row_number bigint", "_account varchar"),
        *(
            f"{column.name} {SQL_TYPES.get(column.kind, 'varchar')}"
            for column in SOURCES["usage_records"].columns
        ),
    ]
)
# What a call used: text, cache reads, cache writes, audio in and out, answer, reasoning.
parts = st.fixed_dictionaries(
    dict.fromkeys(("fresh", "read", "write", "audio", "answer", "spoken", "thought"), tokens)
)


def chat(used: dict[str, int]) -> dict[str, Any]:
    """Cache and audio stand inside the prompt, reasoning and audio inside the completion."""
    prompt = used["fresh"] + used["read"] + used["write"] + used["audio"]
    completion = used["answer"] + used["thought"] + used["spoken"]
    return {
        "prompt_tokens": prompt, "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": used["read"], "audio_tokens": used["audio"],
                                  "cache_write_tokens": used["write"]},
        "completion_tokens_details": {"reasoning_tokens": used["thought"],
                                      "audio_tokens": used["spoken"]},
    }  # fmt: skip


def responses(used: dict[str, int]) -> dict[str, Any]:
    """The same under the names of the Responses interface."""
    said = chat(used)
    return {
        "input_tokens": said["prompt_tokens"], "output_tokens": said["completion_tokens"],
        "input_tokens_details": said["prompt_tokens_details"],
        "output_tokens_details": said["completion_tokens_details"],
    }  # fmt: skip


def anthropic(used: dict[str, int]) -> dict[str, Any]:
    """Cache stands beside the input; there is no audio."""
    return {
        "input_tokens": used["fresh"] + used["audio"], "cache_read_input_tokens": used["read"],
        "cache_creation_input_tokens": used["write"],
        "cache_creation": {"ephemeral_5m_input_tokens": used["write"] // 3,
                           "ephemeral_1h_input_tokens": used["write"] - used["write"] // 3},
        "output_tokens": used["answer"] + used["thought"] + used["spoken"],
    }  # fmt: skip


def converse(used: dict[str, int]) -> dict[str, Any]:
    """Bedrock's names for the same."""
    return {
        "inputTokens": used["fresh"] + used["audio"], "cacheReadInputTokens": used["read"],
        "cacheWriteInputTokens": used["write"],
        "cacheDetails": [{"ttl": "1h", "inputTokens": used["write"] // 4}],
        "outputTokens": used["answer"] + used["thought"] + used["spoken"],
    }  # fmt: skip


def gemini(used: dict[str, int]) -> dict[str, Any]:
    """Cache inside the prompt, thoughts and the prompts of tools beside."""
    return {
        "promptTokenCount": used["fresh"] + used["read"] + used["audio"],
        "cachedContentTokenCount": used["read"], "toolUsePromptTokenCount": used["write"],
        "candidatesTokenCount": used["answer"] + used["spoken"],
        "thoughtsTokenCount": used["thought"],
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": used["fresh"] + used["read"]},
                                {"modality": "AUDIO", "tokenCount": used["audio"]}],
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": used["spoken"]}],
    }  # fmt: skip


def deepseek(used: dict[str, int]) -> dict[str, Any]:
    """Hits and misses are the parts of the prompt."""
    miss = used["fresh"] + used["write"] + used["audio"]
    return {
        "prompt_tokens": miss + used["read"], "prompt_cache_hit_tokens": used["read"],
        "prompt_cache_miss_tokens": miss,
        "completion_tokens": used["answer"] + used["thought"] + used["spoken"],
    }  # fmt: skip


SHAPES = {
    "openai": chat, "azure": responses, "anthropic": anthropic, "aws": converse, "google": gemini,
    "deepseek": deepseek,
}  # fmt: skip


@EXAMPLES
@given(st.lists(st.tuples(st.sampled_from(sorted(SHAPES)), parts), min_size=1, max_size=20))
def test_each_token_of_a_usage_object_is_in_one_bucket_whatever_its_shape(
    con: duckdb.DuckDBPyConnection, records: list[tuple[str, dict[str, int]]]
) -> None:
    names = [part.split()[0] for part in USAGE_RECORDS.split(", ")]
    rows = [
        list((dict.fromkeys(names) | {
            "case_id": str(number), "channel": channel, "usage": json.dumps(SHAPES[channel](used))
        }).values())
        for number, (channel, used) in enumerate(records)
    ]  # fmt: skip
    fill(con, "usage_records", USAGE_RECORDS, rows)
    inputs = " + ".join(meter for meter in priced_meters() if meter.startswith("input_"))
    outputs = " + ".join(meter for meter in priced_meters() if meter.startswith("output_"))
    found = con.execute(
        f"select call_id, {inputs}, {outputs}, input_cache_read_tokens,"
        f" least({', '.join(priced_meters())}), invalid_reason"
        f" from ({model('stg_usage_records__calls')})"
    ).fetchall()
    asked = ("fresh", "read", "write", "audio")
    answered = ("answer", "spoken", "thought")
    assert {row[0]: row[1:4] for row in found} == {
        str(number): (
            sum(used[name] for name in asked), sum(used[name] for name in answered), used["read"]
        )
        for number, (_, used) in enumerate(records)
    }  # fmt: skip
    assert all(row[4] >= 0 and row[5] is None for row in found)


CALLS = (
    "source varchar, account_label varchar, call_id varchar, file_id varchar, row_number bigint,"
    " part_number integer, other_meters varchar,"
    " requested_at timestamp, session_id varchar, model_served varchar, "
    + ", ".join(f"{meter} bigint" for meter in priced_meters())
    + ", reasoning_tokens bigint, user_key varchar, task_id varchar, ticket_id varchar,"
    " feature varchar, latency_ms bigint, finish_reason varchar"
)
copies = st.lists(
    st.tuples(
        st.sampled_from(["x", "y"]),
        st.sampled_from(["m", "n"]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from([None, "u"]),
        st.sampled_from([None, None, "s1", "s2"]),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@EXAMPLES
@given(copies, st.randoms(use_true_random=False))
def test_the_order_in_which_rows_lie_decides_nothing(
    con: duckdb.DuckDBPyConnection, copies: list[tuple[Any, ...]], random: Any
) -> None:
    """One verdict per copy, at most one copy of a call and session kept, in every order."""
    rows = [
        ["log", "default", call, f"file{number % 3}", number, None, None, "2026-10-05", session,
         served,
         *([size] * len(priced_meters())), None, user, None, None, None, None, None]
        for number, (call, served, size, user, session) in enumerate(copies)
    ]  # fmt: skip
    verdicts = []
    for _ in range(3):
        random.shuffle(rows)
        fill(con, "int_calls_unioned", CALLS, rows)
        verdicts.append(
            con.execute(
                "select row_number, call_id, verdict from"
                f" ({model('int_call_verdicts')}) order by row_number"
            ).fetchall()
        )
    assert verdicts[0] == verdicts[1] == verdicts[2]
    sessions = {number: copy[4] for number, copy in enumerate(copies)}
    kept = [(call, sessions[number]) for number, call, verdict in verdicts[0] if verdict == "kept"]
    assert len(kept) == len(set(kept))
