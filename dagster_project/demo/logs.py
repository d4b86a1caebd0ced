"""The two call logs as files: LiteLLM spend logs as JSON lines, the in-house log as Parquet."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.demo import company, prices
from dagster_project.demo.calendar import (
    DAYS,
    MS_PER_DAY,
    MS_PER_SECOND,
    Ints,
    day_at,
    day_of,
    iso_many,
)
from dagster_project.demo.draws import scrambled
from dagster_project.demo.gateway import NEXT_FILE, SAME_FILE
from dagster_project.demo.tasks import Columns, chosen

WEEK = 7
_CALL_TYPES = ("acompletion", "acompletion", "aembedding", "acompletion", "acompletion")
_CHANNELS = ("openai", "openai", "openai", "gemini", "openai")
_ERROR = ',"error_information":{"error_code":"503","error_class":"ServiceUnavailableError"}'
_SALT_GATEWAY, _SALT_AGENT, _SALT_KEY = 1, 2, 3


@dataclass(frozen=True)
class WeekFile:
    """One weekly file: its first day, its bytes and how many rows it has."""

    first_day: str
    content: bytes
    rows: int
    last_day_index: int


def weeks() -> list[range]:
    """Day indexes of each weekly file; the last week is short."""
    return [range(first, min(first + WEEK, DAYS)) for first in range(0, DAYS, WEEK)]


def gateway_files(calls: Columns) -> list[WeekFile]:
    """LiteLLM spend logs by week, repeated rows included."""
    lines = _gateway_lines(calls)
    day = day_of(calls["time"])
    files: list[WeekFile] = []
    held_back: list[int] = []
    for week in weeks():
        rows = np.flatnonzero((day >= week.start) & (day < week.stop))
        again = rows[calls["copies"][rows] == SAME_FILE].tolist()
        order = [*held_back, *rows.tolist(), *again]
        held_back = rows[calls["copies"][rows] == NEXT_FILE].tolist()
        content = "".join([lines[i] for i in order]).encode()
        files.append(WeekFile(day_at(week.start).isoformat(), content, len(order), week.stop - 1))
    return files


def _spend(calls: Columns) -> list[str]:
    """LiteLLM's own cost as it prints it: a float; 0.0 for cache hits and failures."""
    pico = np.zeros(len(calls["time"]), dtype=np.int64)
    for index, model in enumerate(company.GATEWAY_MODELS):
        rates = [
            prices.pico_per_token(model, m) for m in (prices.INPUT, prices.READ, prices.OUTPUT)
        ]
        cost = (calls["prompt"] - calls["cached"]) * rates[0]
        cost += calls["cached"] * rates[1] + calls["output"] * rates[2]
        pico = np.where(calls["model"] == index, cost, pico)
    pico = np.where((calls["is_hit"] == 1) | (calls["is_void"] == 1), 0, pico)
    # Both operands are exact floats below 2**53, so the quotient is the float nearest the price.
    return [repr(value / 1e12) for value in pico.tolist()]


def _tags(row: dict[str, Any]) -> str:
    """The request_tags of one call; what has no prompt template, as an embedding, names none."""
    tags = ["env:staging" if row["is_staging"] else "env:prod"]
    if row["feature"] >= 0:
        tags.append(f"feature:{company.FEATURES[row['feature']]}")
    if row["task"]:
        tags += [f"task:task-{row['task']:06d}", f"agent:{company.AGENTS[row['agent']]}"]
    if row["ticket"]:
        tags.append(f"ticket:{row['ticket']}")
    if row["prompt_id"] != company.SEARCH_INDEX:
        tags += [
            f"prompt:{company.PROMPTS[row['prompt_id']]}", f"prompt_version:v{row['version']}",
        ]  # fmt: skip
    if row["user"] >= 0:
        tags.append(f"tenant:{company.tenant_of(row['user'])}")
    if row["attempt"] > 1:
        tags.append(f"attempt:{row['attempt']}")
    if row["is_fallback"]:
        tags.append("fallback:true")
    if row["user"] >= 0:
        tags.append("client:mobile" if row["user"] % 3 == 0 else "client:web")
        if row["user"] % 5 == 0:
            tags.append("early_access")
    return json.dumps(tags, separators=(",", ":"))


def _details(row: dict[str, Any]) -> str:
    """LiteLLM's usage details: none for failures and embeddings."""
    if row["is_failed"] or row["model"] == company.EMBEDDING:
        return ""
    return (
        f'"prompt_tokens_details":{{"cached_tokens":{row["cached"]}}},'
        f'"completion_tokens_details":{{"reasoning_tokens":{row["reasoning"]}}}'
    )


def _talk(row: dict[str, Any]) -> tuple[str, str]:
    """Messages and response as JSON: the gateway keeps the text of every eighth chat only."""
    if row["prompt_id"] != company.CHAT_ANSWER or row["serial"] % 8:
        return "{}", "{}"
    talk = row["serial"] // 8 % len(company.QUESTIONS)
    messages = [{"role": "user", "content": company.QUESTIONS[talk]}]
    return json.dumps(messages), json.dumps({"content": company.ANSWERS[talk]})


def _gateway_lines(calls: Columns) -> list[str]:
    """One JSON line per row of the gateway log."""
    names = list(calls)
    rows = zip(*(calls[name].tolist() for name in names), strict=True)
    texts = zip(
        scrambled(calls["serial"], _SALT_GATEWAY),
        iso_many(calls["time"]),
        iso_many(calls["time"] + calls["took"]),
        _spend(calls),
        strict=True,
    )
    keys = ["".join(scrambled(np.arange(4) + 4 * i, _SALT_KEY)) for i in range(len(company.TEAMS))]
    users = company.user_ids()
    return [
        _gateway_line(dict(zip(names, values, strict=True)), text, keys, users)
        for values, text in zip(rows, texts, strict=True)
    ]


def _gateway_line(
    row: dict[str, Any], texts: tuple[str, str, str, str], keys: list[str], users: list[str]
) -> str:
    """One SpendLogs row; every text in it is plain ASCII without quotes, so none is escaped."""
    call_id, start, end, spend = texts
    model, team, user = row["model"], company.TEAMS[row["team"]], row["user"]
    suffix = f"_cache_hit{row['time'] / MS_PER_SECOND!r}" if row["is_hit"] else ""
    status = "failure" if row["is_failed"] else "success"
    end_user = users[user] if user >= 0 else ""
    session = f"s-{user}-{row['time'] // MS_PER_DAY}" if user >= 0 else ""
    messages, response = _talk(row)
    retries = f'"attempted_retries":{row["retries"]},' if row["retries"] else ""
    error = _ERROR if row["is_failed"] else ""
    return (
        f'{{"request_id":"chatcmpl-{call_id}{suffix}","call_type":"{_CALL_TYPES[model]}",'
        f'"api_key":"{keys[row["team"]]}","spend":{spend},'
        f'"total_tokens":{row["prompt"] + row["output"]},"prompt_tokens":{row["prompt"]},'
        f'"completion_tokens":{row["output"]},"startTime":"{start}","endTime":"{end}",'
        f'"model":"{company.GATEWAY_MODELS[model]}",'
        f'"model_group":"{company.GATEWAY_MODEL_GROUPS[model]}",'
        f'"custom_llm_provider":"{_CHANNELS[model]}","user":"{company.SERVICE_ACCOUNT}",'
        f'"metadata":{{"user_api_key_alias":"gateway-{team[5:]}",'
        f'{retries}"additional_usage_values":{{{_details(row)}}}{error}}},'
        f'"cache_hit":"{"True" if row["is_hit"] else "False"}",'
        f'"request_tags":{_tags(row)},"team_id":"{team}",'
        f'"end_user":"{end_user}","session_id":"{session}","status":"{status}",'
        f'"messages":{messages},"response":{response}}}\n'
    )


def agent_files(calls: Columns) -> list[WeekFile]:
    """The in-house log by week, as Parquet."""
    day = day_of(calls["time"])
    files = []
    for week in weeks():
        part = chosen(calls, (day >= week.start) & (day < week.stop))
        content = _parquet(_agent_table(part))
        rows = len(part["time"])
        files.append(WeekFile(day_at(week.start).isoformat(), content, rows, week.stop - 1))
    return files


def _parquet(table: pa.Table) -> bytes:
    """Parquet bytes with every setting written out, so the same rows give the same bytes."""
    sink = io.BytesIO()
    pq.write_table(
        table, sink, version="2.6", data_page_version="1.0", compression="none",
        use_dictionary=True, write_statistics=True, row_group_size=65_536, store_schema=False,
    )  # fmt: skip
    return sink.getvalue()


def _coded(codes: Ints, texts: tuple[str | None, ...] | list[str]) -> pa.Array:
    """Texts by code; a negative code is null."""
    values = pa.array(list(texts), pa.string())
    return values.take(pa.array(codes, mask=codes < 0))


def _numbered(prefix: str, numbers: Ints, width: int) -> pa.Array:
    """Ids like task-000042; 0 is null."""
    return pa.array([f"{prefix}{n:0{width}d}" if n else None for n in numbers.tolist()])


def _agent_table(calls: Columns) -> pa.Table:
    """The columns of the in-house log, under the names that its authors gave them."""
    users, key = company.user_ids(), calls["key"]
    sub_accounts = tuple(k.sub_account for k in company.ANTHROPIC_KEYS)
    talk = calls["serial"] % len(company.QUESTIONS)
    day = calls["time"] // MS_PER_DAY
    sessions = [
        f"s-{user}-{d}" if user >= 0 else None
        for user, d in zip(calls["user"].tolist(), day.tolist(), strict=True)
    ]
    agent = np.where(calls["agent"] == company.NO_AGENT, -1, calls["agent"])
    ids = [f"msg_{text}" for text in scrambled(calls["serial"], _SALT_AGENT)]
    columns = {
        "request_id": pa.array(ids),
        "ts": pa.array(calls["time"] * 1000).cast(pa.timestamp("us", tz="UTC")),
        "workspace": _coded(key, sub_accounts),
        "api_key": _coded(key, tuple(k.api_key_id for k in company.ANTHROPIC_KEYS)),
        "model_asked": _coded(calls["model"], company.AGENT_MODEL_ALIASES),
        "model": _coded(calls["model"], company.AGENT_MODELS),
        "mode": _coded(calls["is_batch"], ("realtime", "batch")),
        "input_tokens": pa.array(calls["input"]),
        "cache_read_input_tokens": pa.array(calls["read"]),
        "cache_write_5m_tokens": pa.array(calls["write_5m"]),
        "cache_write_1h_tokens": pa.array(calls["write_1h"]),
        "output_tokens": pa.array(calls["output"]),
        "thinking_tokens": pa.array(calls["thinking"]),
        "feature": _coded(calls["feature"], company.FEATURES),
        "team": _coded(calls["team"], company.TEAMS),
        "agent": _coded(agent, company.AGENTS),
        "template": _coded(calls["prompt_id"], company.PROMPTS),
        "template_version": pa.array([f"v{v}" for v in calls["version"].tolist()]),
        "env": _coded(calls["is_staging"], ("prod", "staging")),
        "user_id": _coded(calls["user"], users),
        "tenant": _coded(calls["user"], company.user_tenants()),
        "session": pa.array(sessions, pa.string()),
        "task": _numbered("task-", calls["task"], 6),
        "ticket": _numbered("", calls["ticket"], 5),
        "attempt": pa.array(calls["attempt"]),
        "is_retry": pa.array(calls["attempt"] > 1),
        "result": _coded(calls["is_failed"], ("success", "error")),
        "stop_reason": _coded(np.where(calls["is_failed"] == 1, -1, 0), ("end_turn",)),
        "latency_ms": pa.array(calls["took"]),
        "prompt": _coded(talk, company.QUESTIONS),
    }
    return pa.table(columns)
