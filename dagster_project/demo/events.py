"""What the product recorded: Segment tracks, and the product's own task events."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from dagster_project.demo import company, tasks
from dagster_project.demo.calendar import (
    DAYS,
    END_MS,
    FIRST_MS,
    MS_PER_DAY,
    MS_PER_HOUR,
    OFFICE_HOURS,
    Ints,
    day_at,
    day_of,
    day_weights,
    iso_many,
)
from dagster_project.demo.draws import Draws, scrambled
from dagster_project.demo.logs import WeekFile, weeks
from dagster_project.demo.tasks import Columns

MESSAGE_SENT = "Assistant Message Sent"
SEARCHED = "Search Performed"
EXPORTED = "Document Exported"
SETTINGS = "Settings Opened"
REVENUES = ("1.90", "4.90", "9.90")
RESENT_MESSAGES = 25
REPEATED_EVENTS = 30
# A task that was never judged: the user closed the window.
UNJUDGED_PER_MILLE = 12
_SALT_MESSAGE, _SALT_EXTRA, _SALT_ANONYMOUS = 5, 6, 7


@dataclass(frozen=True)
class _Timed:
    """A finished line and the instant that decides its file."""

    at_ms: int
    line: str


def segment_files(calls: Columns, all_tasks: Columns) -> list[WeekFile]:
    """Segment events by week of receipt."""
    draws = Draws(7)
    timed = [
        *_activity(draws, calls),
        *_quiet_activity(draws),
        *_exports(draws, all_tasks),
        *_identifies(),
    ]
    timed.sort(key=lambda event: (event.at_ms, event.line))
    stride = len(timed) // RESENT_MESSAGES
    # Segment delivers at least once: a few messages arrive again, unchanged.
    resent = [timed[i * stride] for i in range(RESENT_MESSAGES)]
    return _weekly(timed, resent)


def product_files(all_tasks: Columns) -> list[WeekFile]:
    """Task events by week: started, and then succeeded or failed."""
    draws = Draws(8)
    users = company.user_ids()
    unjudged = draws.chance(len(all_tasks["start"]), UNJUDGED_PER_MILLE).tolist()
    started, ended = iso_many(all_tasks["start"]), iso_many(all_tasks["ended"])
    timed = []
    for i, (number, start, end, user, ticket, route, attempt, succeeded) in enumerate(
        zip(
            *(
                all_tasks[name].tolist()
                for name in (
                    "number", "start", "ended", "user", "ticket", "route", "attempt", "succeeded",
                )
            ),
            strict=True,
        )
    ):  # fmt: skip
        ticket_key = f',"ticket":"{ticket}"' if ticket else ""
        task_type = company.TASK_TYPES[tasks.ROUTE_TASK_TYPE[route]]
        about = (
            f'"task":"task-{number:06d}","type":"{task_type}","user":"{users[user]}"{ticket_key}'
        )
        head = f'{{"id":"ev-{number:06d}-0","at":"{started[i]}","event":"task_started","attempt":1,'
        timed.append(_Timed(start, f"{head}{about}}}\n"))
        if not unjudged[i]:
            kind = "task_succeeded" if succeeded else "task_failed"
            head = f'{{"id":"ev-{number:06d}-1","at":"{ended[i]}","event":"{kind}",'
            timed.append(_Timed(end, f'{head}"attempt":{attempt},{about}}}\n'))
    timed.sort(key=lambda event: event.at_ms)
    stride = len(timed) // REPEATED_EVENTS
    return _weekly(timed, [timed[i * stride + 11] for i in range(REPEATED_EVENTS)])


def _weekly(timed: list[_Timed], repeated: list[_Timed]) -> list[WeekFile]:
    """Files by week; repeated lines stand at the end of their week's file."""
    files = []
    for week in weeks():
        first, last = FIRST_MS + week.start * MS_PER_DAY, FIRST_MS + week.stop * MS_PER_DAY
        lines = [event.line for event in (*timed, *repeated) if first <= event.at_ms < last]
        day = day_at(week.start).isoformat()
        files.append(WeekFile(day, "".join(lines).encode(), len(lines), week.stop - 1))
    return files


def _activity(draws: Draws, calls: Columns) -> list[_Timed]:
    """Messages and searches of users whose calls went through the gateway.

    The first call of a user on a day always leaves an event, of the others every tenth.
    """
    by_user = np.flatnonzero(calls["user"] >= 0)
    user_day = calls["user"][by_user] * DAYS + day_of(calls["time"][by_user])
    first = np.unique(user_day, return_index=True)[1]
    picked = np.unique(np.concatenate([first, np.arange(0, len(by_user), 10)]))
    rows = by_user[picked]
    is_search = calls["feature"][rows] == company.SEMANTIC_SEARCH
    names = np.where(is_search, 1, 0)
    times = np.maximum(calls["time"][rows] - draws.between(len(rows), 200, 2_000), FIRST_MS)
    return _tracks(draws, times, calls["user"][rows], names, events=(MESSAGE_SENT, SEARCHED))


def _quiet_activity(draws: Draws) -> list[_Timed]:
    """Users who came without causing a call, our own people, and clicks that mean nothing."""
    office = day_weights()
    quiet = draws.instants(160, office, OFFICE_HOURS)
    own = draws.instants(240, office, OFFICE_HOURS)
    clicks = draws.instants(700, office, OFFICE_HOURS)
    own_users = company.EXTERNAL_USERS + draws.between(240, 0, company.INTERNAL_USERS - 1)
    zero = np.zeros(700, dtype=np.int64)
    return [
        *_tracks(draws, quiet, company.users_at(draws, quiet), zero[:160], events=(MESSAGE_SENT,)),
        *_tracks(draws, own, own_users, zero[:240], events=(MESSAGE_SENT,)),
        *_tracks(draws, clicks, company.users_at(draws, clicks), zero, events=(SETTINGS,)),
    ]


def _exports(draws: Draws, all_tasks: Columns) -> list[_Timed]:
    """Paid exports of summarised documents: the conversions, with their revenue."""
    could = (all_tasks["route"] == tasks.SUMMARY) & (all_tasks["succeeded"] == 1)
    could &= all_tasks["user"] < company.EXTERNAL_USERS
    rows = np.flatnonzero(could & draws.chance(len(could), 80))
    times = np.minimum(
        all_tasks["ended"][rows] + draws.between(len(rows), 5_000, MS_PER_HOUR), END_MS
    )
    prices = draws.weighted(len(rows), (5, 3, 1)).tolist()
    properties = [
        f'"feature":"doc_summary","task_id":"task-{number:06d}","task_type":"doc_summary",'
        f'"success":true,"revenue":{REVENUES[price]},"currency":"USD"'
        for number, price in zip(all_tasks["number"][rows].tolist(), prices, strict=True)
    ]
    names = np.zeros(len(rows), dtype=np.int64)
    return _tracks(
        draws, times, all_tasks["user"][rows], names, events=(EXPORTED,), properties=properties
    )


_FEATURE_OF_EVENT = {
    MESSAGE_SENT: '"feature":"support_chat"',
    SEARCHED: '"feature":"semantic_search"',
    SETTINGS: "",
}


def _tracks(
    draws: Draws,
    times: Ints,
    users: Ints,
    names: Ints,
    *,
    events: tuple[str, ...],
    properties: list[str] | None = None,
) -> list[_Timed]:
    """Track calls. One in fifty is received hours later: the device was offline."""
    size = len(times)
    is_late = draws.chance(size, 20)
    delay = np.where(is_late, draws.between(size, MS_PER_HOUR, 30 * MS_PER_HOUR), 180)
    received = np.minimum(times + delay, END_MS + 500_000)
    ids = scrambled(times * 1_000 + users, _SALT_MESSAGE + len(events[0]))
    at, arrived = iso_many(times), iso_many(received)
    sent = iso_many(received - 120)
    user_ids, tenants = company.user_ids(), company.user_tenants()
    anonymous = scrambled(np.arange(len(user_ids)), _SALT_ANONYMOUS)
    timed = []
    for i, (user, name) in enumerate(zip(users.tolist(), names.tolist(), strict=True)):
        event = events[name]
        detail = properties[i] if properties is not None else _FEATURE_OF_EVENT[event]
        line = (
            f'{{"type":"track","event":"{event}","messageId":"ajs-{ids[i]}-{i}",'
            f'"userId":"{user_ids[user]}","anonymousId":"{anonymous[user]}",'
            f'"properties":{{{detail}}},"context":{{"groupId":"{tenants[user]}"}},'
            f'"originalTimestamp":"{at[i]}","sentAt":"{sent[i]}","receivedAt":"{arrived[i]}",'
            f'"timestamp":"{at[i]}"}}\n'
        )
        timed.append(_Timed(int(received[i]), line))
    return timed


def _identifies() -> list[_Timed]:
    """One identify call per external user, spread over the days: Segment sends more than tracks."""
    users = np.arange(company.EXTERNAL_USERS, dtype=np.int64)
    times = FIRST_MS + users % DAYS * MS_PER_DAY + 9 * MS_PER_HOUR + users * 1_000
    ids, at = scrambled(users, _SALT_EXTRA), iso_many(times)
    return [
        _Timed(
            int(times[i]),
            json.dumps(
                {
                    "type": "identify", "messageId": f"ajs-{ids[i]}",
                    "userId": company.user_id(i), "traits": {"plan": "team"},
                    "receivedAt": at[i], "timestamp": at[i],
                },
                separators=(",", ":"),
            ) + "\n",
        )
        for i in range(company.EXTERNAL_USERS)
    ]  # fmt: skip
