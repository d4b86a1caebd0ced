"""Calls that went through the LiteLLM gateway: OpenAI and Gemini, with all their mishaps."""

from __future__ import annotations

import numpy as np

from dagster_project.demo import company, tasks
from dagster_project.demo.calendar import (
    DAYS,
    END_MS,
    MS_PER_DAY,
    MS_PER_HOUR,
    OFFICE_HOURS,
    Flags,
    Ints,
    day_ms,
    day_weights,
)
from dagster_project.demo.draws import Draws
from dagster_project.demo.tasks import Columns, chosen, stacked

CHATS = 7_000
SEARCHES = 9_600
INDEX_JOBS = 2_000
SEARCH_ANSWERS = 2_200
GATEWAY_CACHE_HITS = 1_100
PREVIEW_CALLS = 25
NEGATIVE_CALLS = 4
CONFLICTING_CALLS = 3
REPEATED_CALLS = 40
# Where a repeated call stands a second time: at the end of its own file or of the next one.
SAME_FILE, NEXT_FILE = 1, 2

# prompt (with what was read from cache), output: lowest and highest tokens per prompt template.
_SIZES = {
    company.REPLY_PLAN: (900, 7_000, 80, 700),
    company.REPLY_DRAFT: (2_500, 22_000, 700, 6_500),
    company.CHAT_ANSWER: (700, 6_000, 60, 1_200),
    company.DOC_PROMPT: (3_000, 42_000, 300, 3_600),
    company.SUMMARY_CHECK: (1_500, 9_000, 80, 500),
    company.SEARCH_ANSWER: (1_200, 8_000, 80, 700),
    company.SEARCH_INDEX: (40, 8_000, 0, 0),
}
_DEFAULTS = {
    "user": -1, "task": 0, "ticket": 0, "attempt": 1, "version": 3, "is_fallback": 0,
    "is_staging": 0, "is_failed": 0, "is_hit": 0, "is_void": 0, "copies": 0, "retries": 0,
}  # fmt: skip
_FLAGS_WITHOUT_USAGE = ("is_failed", "is_hit", "is_void")


def gateway_calls(all_tasks: Columns) -> Columns:
    """Every row of the gateway log in time order, before repeated rows are written twice.

    Token columns as LiteLLM counts: `prompt` holds `cached`, `output` holds `reasoning`. `serial`
    names the provider call; a gateway cache hit has the serial of the answer that it returned.
    `is_void` marks rows that the warehouse must refuse; no provider usage stands behind them.
    """
    draws = Draws(4)
    parts = [
        _drafts(draws, chosen(all_tasks, all_tasks["route"] == tasks.GATEWAY_DRAFT)),
        _summaries(draws, chosen(all_tasks, all_tasks["route"] == tasks.SUMMARY)),
        _chats(draws),
        _searches(draws),
    ]
    calls = stacked(parts)
    calls["serial"] = np.arange(1, len(calls["time"]) + 1, dtype=np.int64)
    calls = stacked([calls, _cache_hits(draws, calls), _conflicts(calls)])
    calls["copies"] = _copies(calls)
    order = np.lexsort((calls["is_void"], calls["is_hit"], calls["serial"], calls["time"]))
    return chosen_order(calls, order)


def chosen_order(columns: Columns, order: Ints) -> Columns:
    """The same rows in another order."""
    return {name: values[order] for name, values in columns.items()}


def reached_provider(calls: Columns) -> Flags:
    """True for calls that the provider answered and counted."""
    reached = np.ones(len(calls["time"]), dtype=np.bool_)
    for name in _FLAGS_WITHOUT_USAGE:
        reached &= calls[name] == 0
    return reached


def _block(draws: Draws, time: Ints, prompt_id: int, **given: Ints | int) -> Columns:
    """Calls of one prompt template; `given` sets or overrides columns."""
    size = len(time)
    low, high, out_low, out_high = _SIZES[prompt_id]
    columns: Columns = {
        "time": time,
        "took": draws.skewed(size, 350, 5_200),
        "prompt_id": np.full(size, prompt_id, dtype=np.int64),
        "prompt": draws.skewed(size, low, high),
        "cached": np.zeros(size, dtype=np.int64),
        "output": draws.skewed(size, out_low, out_high),
        "reasoning": np.zeros(size, dtype=np.int64),
    }
    for name, value in {**_DEFAULTS, **given}.items():
        columns[name] = np.full(size, value, dtype=np.int64) if isinstance(value, int) else value
    columns["retries"] = draws.chance(size, 15).astype(np.int64)
    _fill_details(draws, columns)
    failed = columns["is_failed"] == 1
    for name in ("prompt", "cached", "output", "reasoning"):
        columns[name] = np.where(failed, 0, columns[name])
    return columns


def _fill_details(draws: Draws, columns: Columns) -> None:
    """Cache reads and reasoning tokens by model: OpenAI caches blocks of 128 from 1024 tokens."""
    size = len(columns["time"])
    share = draws.between(size, 30, 85)
    is_warm = draws.chance(size, 620)
    reasoning = columns["output"] * draws.between(size, 25, 60) // 100
    is_google = columns["model"] == company.GEMINI
    openai = columns["prompt"] * share // 100 // 128 * 128
    google = np.where(is_warm, columns["prompt"] * share // 200, 0)
    can_cache = (columns["prompt"] >= 1024) & is_warm & (columns["model"] != company.EMBEDDING)
    columns["cached"] = np.where(is_google, google, np.where(can_cache, openai, 0))
    columns["reasoning"] = np.where(columns["model"] == company.EMBEDDING, 0, reasoning)


def _from_task(task: Columns) -> dict[str, Ints | int]:
    return {
        "user": task["user"], "task": task["number"], "ticket": task["ticket"],
        "is_staging": task["is_staging"],
    }  # fmt: skip


def _drafts(draws: Draws, task: Columns) -> Columns:
    """A plan by the small model, a draft by the large one; the second attempt may fall back."""
    support: dict[str, Ints | int] = {
        "feature": company.SUPPORT_CHAT, "team": company.SUPPORT, "agent": company.REPLY_ASSISTANT,
        "key": company.HELPDESK,
    }  # fmt: skip
    size = len(task["start"])
    again = task["attempt"] == 2
    failed = again & draws.chance(size, 320)
    in_google_hours = task["start"] % MS_PER_DAY >= 7 * MS_PER_HOUR
    to_google = failed & in_google_hours & draws.chance(size, 500)
    second = chosen(task, again & ~to_google)
    fallback = chosen(task, to_google)
    plan, draft = company.REPLY_PLAN, company.REPLY_DRAFT
    return stacked(
        [
            _block(
                draws, task["start"], plan, model=company.GPT_MINI, **support, **_from_task(task)
            ),
            _block(
                draws, task["start"] + 6_000, draft, model=company.GPT,
                is_failed=failed.astype(np.int64), **support, **_from_task(task),
            ),
            _block(
                draws, second["start"] + 14_000, draft, model=company.GPT, attempt=2,
                **support, **_from_task(second),
            ),
            _block(
                draws, fallback["start"] + 14_000, draft, model=company.GEMINI, attempt=2,
                is_fallback=1, **support, **_from_task(fallback),
            ),
        ]
    )  # fmt: skip


def _summaries(draws: Draws, task: Columns) -> Columns:
    """One or two parts by Gemini, half of them checked by the small OpenAI model."""
    documents: dict[str, Ints | int] = {
        "feature": company.DOC_SUMMARY, "team": company.DOCUMENTS, "agent": company.SUMMARISER,
        "key": company.INSIGHTS,
    }  # fmt: skip
    size = len(task["start"])
    long = chosen(task, draws.chance(size, 550))
    checked = chosen(task, draws.chance(size, 500))
    again = chosen(task, task["attempt"] == 2)
    parts = [(task, 0, 1), (long, 7_000, 1), (again, 21_000, 2)]
    blocks = [
        _block(
            draws, part["start"] + delay, company.DOC_PROMPT, model=company.GEMINI,
            attempt=attempt, **documents, **_from_task(part),
        )
        for part, delay, attempt in parts
    ]  # fmt: skip
    check = _block(
        draws, checked["start"] + 14_000, company.SUMMARY_CHECK, model=company.GPT_MINI,
        **documents, **_from_task(checked),
    )  # fmt: skip
    return stacked([*blocks, check])


def _chats(draws: Draws) -> Columns:
    """Small talk without a task: some without a feature, some failed, a few on a preview model."""
    support: dict[str, Ints | int] = {
        "team": company.SUPPORT, "agent": company.REPLY_ASSISTANT, "key": company.HELPDESK,
    }  # fmt: skip
    office = day_weights()
    times, preview_times, broken_times = (
        draws.instants(count, office, OFFICE_HOURS)
        for count in (CHATS, PREVIEW_CALLS, NEGATIVE_CALLS)
    )
    untagged = draws.chance(CHATS, 70)
    chats = _block(
        draws, times, company.CHAT_ANSWER, model=company.GPT_MINI,
        user=company.users_at(draws, times),
        feature=np.where(untagged, -1, company.SUPPORT_CHAT),
        is_failed=draws.chance(CHATS, 12).astype(np.int64), **support,
    )  # fmt: skip
    preview = _block(
        draws, preview_times, company.CHAT_ANSWER, model=company.PREVIEW,
        feature=company.SUPPORT_CHAT, user=company.users_at(draws, preview_times), **support,
    )  # fmt: skip
    negative = _block(
        draws, broken_times, company.CHAT_ANSWER, model=company.GPT_MINI, is_void=1,
        feature=company.SUPPORT_CHAT, user=company.users_at(draws, broken_times), **support,
    )  # fmt: skip
    negative["output"] = -negative["output"]
    return stacked([chats, preview, negative])


def _searches(draws: Draws) -> Columns:
    """Embeddings of queries and of documents, and short answers; none of them has a task."""
    search: dict[str, Ints | int] = {
        "feature": company.SEMANTIC_SEARCH, "team": company.SEARCH, "agent": company.SEARCH_AGENT,
        "key": company.INSIGHTS,
    }  # fmt: skip
    office = day_weights()
    queries = draws.instants(SEARCHES, office, OFFICE_HOURS)
    jobs = draws.instants(INDEX_JOBS, office, OFFICE_HOURS)
    answers = draws.instants(SEARCH_ANSWERS, office, OFFICE_HOURS)
    return stacked(
        [
            _block(
                draws, queries, company.SEARCH_INDEX, model=company.EMBEDDING,
                user=company.users_at(draws, queries), **search,
            ),
            # Documents are indexed for nobody in particular: these calls have no end user.
            _block(draws, jobs, company.SEARCH_INDEX, model=company.EMBEDDING, **search),
            _block(
                draws, answers, company.SEARCH_ANSWER, model=company.GPT_MINI,
                user=company.users_at(draws, answers), **search,
            ),
        ]
    )  # fmt: skip


def _cache_hits(draws: Draws, calls: Columns) -> Columns:
    """Answers that the gateway gave from its own cache: the tokens of the first answer, no cost."""
    could = (calls["prompt_id"] == company.CHAT_ANSWER) | (
        calls["prompt_id"] == company.SEARCH_ANSWER
    )
    could &= (calls["is_failed"] == 0) & (calls["is_void"] == 0)
    could &= (calls["model"] == company.GPT_MINI) & (calls["time"] < day_ms(DAYS - 1))
    rows = np.flatnonzero(could)
    picked = rows[np.arange(GATEWAY_CACHE_HITS) * len(rows) // GATEWAY_CACHE_HITS]
    hits = {name: values[picked].copy() for name, values in calls.items()}
    delay = draws.between(GATEWAY_CACHE_HITS, 60_000, 4 * MS_PER_HOUR)
    hits["time"] = np.minimum(hits["time"] + delay, END_MS)
    hits["took"] = draws.between(GATEWAY_CACHE_HITS, 4, 30)
    hits["user"] = company.users_at(draws, hits["time"])
    hits["is_hit"] = np.ones(GATEWAY_CACHE_HITS, dtype=np.int64)
    hits["retries"] = np.zeros(GATEWAY_CACHE_HITS, dtype=np.int64)
    return hits


def _conflicts(calls: Columns) -> Columns:
    """A second record of three Gemini calls with other tokens; both records are void.

    They stand in October, which Google has not billed, so no bill depends on which one is true.
    """
    could = (calls["model"] == company.GEMINI) & (calls["is_fallback"] == 0)
    could &= (calls["attempt"] == 1) & (calls["time"] > day_ms(32))
    picked = np.flatnonzero(could)[::400][:CONFLICTING_CALLS]
    calls["is_void"][picked] = 1
    twins = {name: values[picked].copy() for name, values in calls.items()}
    twins["output"] = twins["output"] + 37
    return twins


def _copies(calls: Columns) -> Ints:
    """Mark calls that the log holds twice, unchanged; half of them across two files."""
    copies = np.zeros(len(calls["time"]), dtype=np.int64)
    could = reached_provider(calls) & (calls["model"] != company.PREVIEW)
    could &= calls["time"] < day_ms(42)
    rows = np.flatnonzero(could)
    picked = rows[np.arange(REPEATED_CALLS) * len(rows) // REPEATED_CALLS]
    copies[picked] = np.where(np.arange(REPEATED_CALLS) % 2 == 0, SAME_FILE, NEXT_FILE)
    return copies
