"""The tasks of the demo: what users asked for, when, by which route, and how it ended."""

from __future__ import annotations

import numpy as np

from dagster_project.demo import company
from dagster_project.demo.calendar import (
    END_MS,
    GOOGLE_HOURS,
    NIGHT_HOURS,
    OFFICE_HOURS,
    Flags,
    Ints,
    day_weights,
)
from dagster_project.demo.draws import Draws
from dagster_project.demo.tickets import MINUTE, Ticket

Columns = dict[str, Ints]

# Routes: the reply drafts run through the gateway or the desk agent, the rest has one route each.
GATEWAY_DRAFT, AGENT_DRAFT, TRIAGE, SUMMARY, REVIEW = range(5)
ROUTE_TASK_TYPE = (
    company.DRAFT_REPLY, company.DRAFT_REPLY, company.TRIAGE, company.SUMMARY, company.REVIEW,
)  # fmt: skip
ROUTE_FEATURE = (
    company.SUPPORT_CHAT, company.SUPPORT_CHAT, company.TICKET_TRIAGE,
    company.DOC_SUMMARY, company.CODE_REVIEW,
)  # fmt: skip
# Successful tasks per thousand, by route.
SUCCESS_PER_MILLE = (885, 900, 915, 880, 800)
# A task takes up to six calls at six-second steps, and is judged after the last one.
LONGEST_TASK_MS = 60_000

FREE_GATEWAY_DRAFTS = 3_700
FREE_AGENT_DRAFTS = 1_900
FREE_TRIAGES = 2_900
BATCH_TRIAGES = 5_300
SUMMARIES = 4_600
REVIEWS = 3_000
# The release week of 21 to 23 September nearly doubled the reviews.
RELEASE_DAYS = (20, 21, 22)


def plan_tasks(tickets: list[Ticket]) -> Columns:
    """All tasks in time order.

    Columns: number (1-based), start and ended (epoch ms), user, ticket (0 = none), route,
    is_batch, attempt (1, or 2 when a second attempt was needed), succeeded, is_staging.
    """
    draws = Draws(2)
    office = day_weights()
    parts = [
        _ticket_tasks(tickets),
        _free(draws, GATEWAY_DRAFT, FREE_GATEWAY_DRAFTS, office, OFFICE_HOURS),
        _free(draws, AGENT_DRAFT, FREE_AGENT_DRAFTS, office, OFFICE_HOURS),
        _free(draws, TRIAGE, FREE_TRIAGES, office, OFFICE_HOURS),
        # The backlog is triaged at night in batches, most of it on Sundays.
        _free(draws, TRIAGE, BATCH_TRIAGES, day_weights(40, 260, 60), NIGHT_HOURS, is_batch=1),
        _free(draws, SUMMARY, SUMMARIES, office, GOOGLE_HOURS),
        _free(draws, REVIEW, REVIEWS, _review_weights(), OFFICE_HOURS),
    ]
    tasks = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((tasks["user"], tasks["route"], tasks["start"]))
    tasks = {name: values[order] for name, values in tasks.items()}
    return _judged(draws, tasks)


def _review_weights() -> list[int]:
    weights = day_weights(saturday=10, sunday=6)
    return [w * 18 // 10 if i in RELEASE_DAYS else w for i, w in enumerate(weights)]


def _free(
    draws: Draws,
    route: int,
    total: int,
    weights: list[int],
    hours: tuple[int, ...],
    *,
    is_batch: int = 0,
) -> Columns:
    """Tasks without a ticket. Engineers review code; elsewhere one task in fifty is our own."""
    start = draws.instants(total, weights, hours)
    users = company.users_at(draws, start)
    own = company.EXTERNAL_USERS + draws.between(total, 0, company.INTERNAL_USERS - 1)
    is_own = draws.chance(total, 20) if route != REVIEW else np.ones(total, dtype=np.bool_)
    return {
        "start": start,
        "user": np.where(is_own, own, users),
        "ticket": np.zeros(total, dtype=np.int64),
        "route": np.full(total, route, dtype=np.int64),
        "is_batch": np.full(total, is_batch, dtype=np.int64),
    }


def _ticket_tasks(tickets: list[Ticket]) -> Columns:
    """One triage per ticket, then drafts between its first answer and its solution."""
    drafts = Draws(3).between(len(tickets), 2, 9).tolist()
    rows: list[tuple[int, int, int, int]] = []
    for ticket, wanted in zip(tickets, drafts, strict=True):
        rows.append((ticket.created_ms + MINUTE, ticket.user, ticket.number, TRIAGE))
        if ticket.changes[-1].status == "deleted":
            continue
        route = AGENT_DRAFT if ticket.by_ai else GATEWAY_DRAFT
        first, last = ticket.created_ms + 2 * MINUTE, ticket.first_solved_ms()
        step = max(last - first, 0) // (wanted + 1)
        starts = [first + step * k for k in range(wanted)]
        reopened = ticket.reopened_ms()
        if reopened is not None:
            starts.append(reopened + 3 * MINUTE)
        rows += [(start, ticket.user, ticket.number, route) for start in starts if start < END_MS]
    table = np.asarray(rows, dtype=np.int64)
    return {
        "start": np.minimum(table[:, 0], END_MS),
        "user": table[:, 1],
        "ticket": table[:, 2],
        "route": table[:, 3],
        "is_batch": np.zeros(len(rows), dtype=np.int64),
    }


def _judged(draws: Draws, tasks: Columns) -> Columns:
    """Add number, attempt, result, end and environment."""
    size = len(tasks["start"])
    success = np.asarray(SUCCESS_PER_MILLE, dtype=np.int64)[tasks["route"]]
    is_own = tasks["user"] >= company.EXTERNAL_USERS
    tasks["number"] = np.arange(1, size + 1, dtype=np.int64)
    tasks["attempt"] = 1 + draws.chance(size, 60).astype(np.int64)
    tasks["succeeded"] = (draws.between(size, 0, 999) < success).astype(np.int64)
    tasks["ended"] = tasks["start"] + draws.between(size, 45_000, LONGEST_TASK_MS)
    tasks["is_staging"] = (is_own & (tasks["route"] != REVIEW)).astype(np.int64)
    return tasks


def chosen(columns: Columns, mask: Flags) -> Columns:
    """The rows where the mask holds."""
    return {name: values[mask] for name, values in columns.items()}


def stacked(parts: list[Columns]) -> Columns:
    """Rows of several tables with the same columns, one after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
