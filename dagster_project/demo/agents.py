"""Calls of the company's own agents, which log themselves: Anthropic, realtime and batch."""

from __future__ import annotations

import numpy as np

from dagster_project.demo import company, tasks
from dagster_project.demo.calendar import OFFICE_HOURS, Ints, day_weights
from dagster_project.demo.draws import Draws
from dagster_project.demo.gateway import chosen_order
from dagster_project.demo.tasks import Columns, chosen, stacked

SANDBOX_CALLS = 1_200
NEGATIVE_CALLS = 2
TOKEN_COLUMNS = ("input", "read", "write_5m", "write_1h", "output", "thinking")
STEP_MS = 5_000

# Per model and token column: calls in a thousand that have any, lowest and highest count.
_SIZES = {
    company.HAIKU: {
        "input": (1000, 300, 3_900), "read": (800, 1_000, 7_000), "write_5m": (200, 1_000, 5_000),
        "write_1h": (30, 1_000, 4_000), "output": (1000, 60, 760),
    },
    company.SONNET: {
        "input": (1000, 2_000, 14_000), "read": (850, 4_000, 40_000),
        "write_5m": (400, 2_000, 12_000), "write_1h": (80, 2_000, 12_000),
        "output": (1000, 800, 7_000),
    },
    company.SONNET_NEW: {
        "input": (1000, 1_000, 9_000), "read": (900, 8_000, 60_000),
        "write_5m": (300, 1_000, 9_000), "write_1h": (350, 2_000, 10_000),
        "output": (1000, 300, 3_200),
    },
}  # fmt: skip
_DEFAULTS = {
    "feature": -1, "team": -1, "user": -1, "task": 0, "ticket": 0, "attempt": 1, "version": 2,
    "is_batch": 0, "is_staging": 0, "is_failed": 0, "is_void": 0,
}  # fmt: skip


def agent_calls(all_tasks: Columns) -> Columns:
    """Every row of the in-house log in time order; token columns beside each other, as Anthropic.

    `thinking` stands inside `output`. `is_void` marks rows with a negative count, which the
    warehouse must refuse; no provider usage stands behind them.
    """
    draws = Draws(5)
    triage = chosen(all_tasks, all_tasks["route"] == tasks.TRIAGE)
    drafts = chosen(all_tasks, all_tasks["route"] == tasks.AGENT_DRAFT)
    # Half of the drafts need a look at the order history as well.
    longer = chosen(drafts, drafts["number"] % 2 == 0)
    reviews = chosen(all_tasks, all_tasks["route"] == tasks.REVIEW)
    parts = [
        *_steps(draws, triage, 3, _role(company.HAIKU, "triage")),
        *_steps(draws, drafts, 3, _role(company.SONNET_NEW, "draft")),
        *_steps(draws, longer, 1, _role(company.SONNET_NEW, "draft"), offset=3),
        *_steps(draws, reviews, 4, _role(company.SONNET, "review")),
        _sandbox(draws),
        _negative(draws),
    ]
    calls = stacked(parts)
    calls["serial"] = np.arange(1, len(calls["time"]) + 1, dtype=np.int64)
    return chosen_order(calls, np.lexsort((calls["serial"], calls["time"])))


def _role(model: int, role: str) -> dict[str, Ints | int]:
    """Columns that are the same for all calls of an agent.

    The review agent names no feature: a rule on its workspace in feature_map.csv does.
    """
    roles: dict[str, dict[str, Ints | int]] = {
        "triage": {
            "feature": company.TICKET_TRIAGE, "team": company.SUPPORT, "agent": company.TRIAGE_BOT,
            "key": company.TRIAGE_KEY, "prompt_id": company.TRIAGE_PROMPT,
        },
        "draft": {
            "feature": company.SUPPORT_CHAT, "team": company.SUPPORT, "agent": company.DESK_AGENT,
            "key": company.AGENT_KEY, "prompt_id": company.AGENT_REPLY,
        },
        "review": {
            "agent": company.REVIEW_BOT, "key": company.REVIEW_KEY,
            "prompt_id": company.REVIEW_FILE, "version": 5,
        },
    }  # fmt: skip
    return {"model": model, **roles[role]}


def _block(draws: Draws, time: Ints, **given: Ints | int) -> Columns:
    """Calls of one model; `given` sets or overrides columns."""
    size = len(time)
    model = given["model"]
    assert isinstance(model, int)
    columns: Columns = {"time": time, "took": draws.skewed(size, 500, 4_900)}
    for name, (per_mille, low, high) in _SIZES[model].items():
        counts = draws.skewed(size, low, high)
        columns[name] = np.where(draws.chance(size, per_mille), counts, 0)
    thinking = columns["output"] * draws.between(size, 10, 50) // 100
    columns["thinking"] = thinking if model != company.HAIKU else np.zeros_like(thinking)
    for name, value in {**_DEFAULTS, **given}.items():
        columns[name] = np.full(size, value, dtype=np.int64) if isinstance(value, int) else value
    for name in TOKEN_COLUMNS:
        columns[name] = np.where(columns["is_failed"] == 1, 0, columns[name])
    return columns


def _steps(
    draws: Draws, task: Columns, count: int, role: dict[str, Ints | int], offset: int = 0
) -> list[Columns]:
    """`count` calls per task; a task that needs a second attempt repeats its last step.

    Four in ten first attempts ended in an error without usage, the others in a poor answer.
    """
    blocks = []
    again = task["attempt"] == 2
    for step in range(count):
        is_last = step == count - 1 and offset == 0
        failed = again & draws.chance(len(again), 400) & is_last
        blocks.append(
            _block(
                draws, task["start"] + (step + offset) * STEP_MS, **role, **_from_task(task),
                is_failed=failed.astype(np.int64),
            )
        )  # fmt: skip
    if offset == 0:
        second = chosen(task, again)
        late = second["start"] + (count + 2) * STEP_MS
        blocks.append(_block(draws, late, **role, **_from_task(second), attempt=2))
    return blocks


def _from_task(task: Columns) -> dict[str, Ints | int]:
    return {
        "user": task["user"], "task": task["number"], "ticket": task["ticket"],
        "is_batch": task["is_batch"], "is_staging": task["is_staging"],
    }  # fmt: skip


def _sandbox(draws: Draws) -> Columns:
    """Trials in the default workspace: no feature, no task, no user."""
    time = draws.instants(SANDBOX_CALLS, day_weights(), OFFICE_HOURS)
    return _block(
        draws, time, model=company.SONNET_NEW, agent=company.NO_AGENT, key=company.SANDBOX_KEY,
        prompt_id=company.SCRATCH,
    )  # fmt: skip


def _negative(draws: Draws) -> Columns:
    """Two rows whose output count is broken."""
    time = draws.instants(NEGATIVE_CALLS, day_weights(), OFFICE_HOURS)
    broken = _block(draws, time, **_role(company.SONNET_NEW, "draft"), is_void=1)
    broken["output"] = -broken["output"]
    return broken
