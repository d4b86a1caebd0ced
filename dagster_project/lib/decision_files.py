"""The decisions that lie in landing: the only place where they are kept, and only ever added to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.settings import Settings

Line = dict[str, Any]


def check_author(name: str, *texts: str | None) -> None:
    """Raise ConfigurationError for an empty name, or an address in any of the texts."""
    if not name.strip() or any("@" in text for text in (name, *texts) if text):
        raise ConfigurationError("--by takes a name or initials; no address is kept")


def first_day_of(month: str, option: str = "") -> date:
    """Return the first day of a month written as 2026-09; `option` names it in the error."""
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        where = f"{option}: " if option else ""
        raise ConfigurationError(f"{where}{month!r} is not a month; write it as 2026-09") from error


def now() -> datetime:
    """Return the moment of a decision."""
    return datetime.now(tz=UTC)


def identified(line: Line) -> Line:
    """Return the line with its id in front: a digest of what it says."""
    digest = hashlib.sha256(json.dumps(line, sort_keys=True).encode()).hexdigest()
    return {"decision_id": digest[:16], **line}


def append(settings: Settings, name: str, decided_at: datetime, lines: Iterable[Line]) -> None:
    """Land the lines as a file of their own, whole or not at all."""
    folder = settings.landing / "decisions"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{decided_at:%Y%m%dT%H%M%S%fZ}-{name}.jsonl"
    draft = path.with_name(f"{path.name}.part")
    draft.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    draft.replace(path)


def landed(settings: Settings) -> list[Line]:
    """Return every decision in landing, the oldest first, loaded by a run or not yet.

    A line that is no decision is left to the loader, which puts it into quarantine.
    """
    found: dict[str, Line] = {}
    folder = settings.landing / "decisions"
    for path in sorted(folder.rglob("*.jsonl")) if folder.exists() else []:
        for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                line = json.loads(text)
                key = str(line["decision_id"])
                {line["decided_at"], line["decision"], line["channel"], line["account"]}
                {line["month"]}
            except (ValueError, KeyError, TypeError):
                continue
            found.setdefault(key, line)
    return sorted(found.values(), key=lambda line: (str(line["decided_at"]), line["decision_id"]))


def standing(lines: Iterable[Line], channel: str, account: str, month: str) -> list[Line]:
    """Return the decisions on one month that no reopening has ended."""
    found: list[Line] = []
    for line in lines:
        if (line["channel"], line["account"], line["month"]) == (channel, account, month):
            found = [] if line["decision"] == "reopen" else [*found, line]
    return found
