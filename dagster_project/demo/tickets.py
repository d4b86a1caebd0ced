"""The support tickets of the demo and everything that happens to each of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dagster_project.demo.calendar import (
    DAYS,
    END_MS,
    MS_PER_DAY,
    MS_PER_HOUR,
    OFFICE_HOURS,
    day_ms,
    day_weights,
)
from dagster_project.demo.company import users_at
from dagster_project.demo.draws import Draws

TICKETS = 900
DELETED = 6
FOLLOW_UPS = 14
FIRST_NUMBER = 20_001
MINUTE = 60_000
# The help desk closes a solved ticket by itself after four days without a reply.
CLOSE_AFTER_MS = 4 * MS_PER_DAY
AI_TAG = "ai_resolved"
HUMAN_TAG = "human_resolved"


@dataclass(frozen=True)
class Change:
    """The state of a ticket from one instant on."""

    at_ms: int
    status: str
    resolved_tag: str = ""
    solved_ms: int | None = None
    reopens: int = 0
    # A system change moves generated_timestamp and leaves updated_at where it was.
    is_system: bool = False


@dataclass
class Ticket:
    """One ticket: who asked, who answers, and its changes in time order."""

    created_ms: int
    user: int
    by_ai: bool
    changes: list[Change] = field(default_factory=list)
    number: int = 0
    parent: Ticket | None = None
    children: list[Ticket] = field(default_factory=list)

    def first_solved_ms(self) -> int:
        """Instant of the first solution, or the end of the demo while there is none."""
        return min((c.at_ms for c in self.changes if c.status == "solved"), default=END_MS)

    def reopened_ms(self) -> int | None:
        """Instant at which the customer came back, if that happened."""
        return next((c.at_ms for c in self.changes if c.reopens and c.status == "open"), None)


@dataclass(frozen=True)
class _Fate:
    """The draws that decide one ticket's course; times in milliseconds after the event before."""

    answer: int
    ai_solve: int
    human_solve: int
    reopens: bool
    reply: int
    second_solve: int
    second_by_human: bool


def plan_tickets() -> list[Ticket]:
    """All tickets in order of creation, numbered, with follow-ups linked to their parents."""
    draws = Draws(1)
    times = np.sort(draws.instants(TICKETS, day_weights(), OFFICE_HOURS))
    created, users = times.tolist(), users_at(draws, times).tolist()
    by_ai = draws.chance(TICKETS, 470).tolist()
    tickets = [Ticket(at, user, ai) for at, user, ai in zip(created, users, by_ai, strict=True)]
    for ticket, fate in zip(tickets, _fates(draws, TICKETS), strict=True):
        _live(ticket, fate)
    for i in range(DELETED):
        _delete(tickets[70 + 131 * i], after_ms=(2 + i) * MS_PER_HOUR)
    tickets += _follow_ups(draws, tickets)
    tickets.sort(key=lambda ticket: ticket.created_ms)
    for offset, ticket in enumerate(tickets):
        ticket.number = FIRST_NUMBER + offset
    return tickets


def _fates(draws: Draws, size: int) -> list[_Fate]:
    """One fate per ticket."""
    return [
        _Fate(*row)
        for row in zip(
            draws.between(size, 2 * MINUTE, 20 * MINUTE).tolist(),
            draws.skewed(size, 15 * MINUTE, 4 * MS_PER_HOUR).tolist(),
            draws.skewed(size, 2 * MS_PER_HOUR, 70 * MS_PER_HOUR).tolist(),
            draws.chance(size, 75).tolist(),
            draws.between(size, 3 * MS_PER_HOUR, 72 * MS_PER_HOUR).tolist(),
            draws.between(size, 1 * MS_PER_HOUR, 30 * MS_PER_HOUR).tolist(),
            draws.chance(size, 600).tolist(),
            strict=True,
        )
    ]


def _live(ticket: Ticket, fate: _Fate) -> None:
    """Write the changes of one ticket, as far as they fall inside the window."""
    tag = AI_TAG if ticket.by_ai else HUMAN_TAG
    opened = ticket.created_ms + fate.answer
    solved = opened + (fate.ai_solve if ticket.by_ai else fate.human_solve)
    changes = [Change(ticket.created_ms, "new"), Change(opened, "open")]
    if not ticket.by_ai:
        changes.append(Change(opened + (solved - opened) // 3, "pending"))
    changes.append(Change(solved, "solved", tag, solved))
    reopens = 0
    if fate.reopens:
        reopens = 1
        reply = solved + fate.reply
        tag = HUMAN_TAG if fate.second_by_human else tag
        changes.append(Change(reply, "open", "", None, reopens))
        solved = reply + fate.second_solve
        changes.append(Change(solved, "solved", tag, solved, reopens))
    changes.append(Change(solved + CLOSE_AFTER_MS, "closed", tag, solved, reopens))
    ticket.changes = [change for change in changes if change.at_ms <= END_MS]


def _delete(ticket: Ticket, after_ms: int) -> None:
    """Spam: deleted some hours after it came in; what would have followed did not happen."""
    at = min(ticket.created_ms + after_ms, END_MS)
    kept = [change for change in ticket.changes if change.at_ms < at]
    last = kept[-1]
    gone = Change(at, "deleted", last.resolved_tag, last.solved_ms, last.reopens)
    ticket.changes = [*kept, gone]


def _follow_ups(draws: Draws, tickets: list[Ticket]) -> list[Ticket]:
    """Replies to closed tickets: each opens a new ticket that names its parent."""
    closed = [
        ticket
        for ticket in tickets
        if ticket.changes[-1].status == "closed" and ticket.changes[-1].at_ms < day_ms(DAYS - 7)
    ]
    stride = len(closed) // FOLLOW_UPS
    delays = draws.between(FOLLOW_UPS, 6 * MS_PER_HOUR, 60 * MS_PER_HOUR).tolist()
    made = []
    for i, fate in enumerate(_fates(draws, FOLLOW_UPS)):
        parent = closed[i * stride]
        last = parent.changes[-1]
        child = Ticket(last.at_ms + delays[i], parent.user, by_ai=False, parent=parent)
        _live(child, fate)
        parent.children.append(child)
        parent.changes.append(
            Change(
                child.created_ms, last.status, last.resolved_tag, last.solved_ms, last.reopens, True
            )
        )
        made.append(child)
    return made
