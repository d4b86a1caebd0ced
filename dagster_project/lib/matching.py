"""Decisions on residuals: confirm, write off, defer, or take a decision back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from dagster_project.lib import decision_files
from dagster_project.lib.decision_files import Line, check_author, first_day_of
from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import connect
from dagster_project.sources.decisions import MATCHES

Match = Literal["confirm", "write_off", "defer", "unmatch"]


@dataclass(frozen=True)
class Residual:
    """One line of the reconciliation with an amount, as published."""

    line_id: str
    channel: str
    account: str
    month: date
    code: str
    amount_usd: str
    is_over_tolerance: bool
    deferred_until: date | None


@dataclass(frozen=True)
class Asked:
    """Which residuals a decision is for: one line by its id, or a code of a month's accounts."""

    month: str | None = None
    channel: str | None = None
    account: str | None = None
    line_id: str | None = None
    code: str | None = None


def match(
    settings: Settings,
    decision: Match,
    asked: Asked,
    *,
    by: str,
    note: str = "",
    until: str | None = None,
) -> list[Line]:
    """Land one decision for each residual line asked for; return the lines written.

    Each names the line and the amount it saw, so a later change of the amount opens it again.

    Raises ConfigurationError for a line or code that the snapshot does not have, a write-off
    without a note, a deferral without a later month, and a decision already taken (or not taken).
    """
    check_author(by, note)
    if decision == "write_off" and not note.strip():
        raise ConfigurationError("a write-off needs a --note that says why")
    if (decision == "defer") != (until is not None):
        raise ConfigurationError("--until is for defer: the month by which it must be settled")
    if (asked.line_id is None) == (asked.code is None):
        raise ConfigurationError("name one --line, or a --code with its --month")
    if asked.code is not None and asked.month is None:
        raise ConfigurationError("--code needs its --month")
    found = _asked_for(settings, asked)
    pending = _standing_matches(decision_files.landed(settings))
    found = [
        residual for residual in found if (residual.line_id in pending) or decision != "unmatch"
    ]
    if not found:
        raise ConfigurationError("nothing was decided on these lines that could be taken back")
    for residual in found:
        if until is not None and first_day_of(until, "--until") <= residual.month:
            raise ConfigurationError(f"--until {until} is not after {residual.month:%Y-%m}")
    decided_at = decision_files.now()
    lines = [
        decision_files.identified(
            {
                "decision": decision,
                "channel": residual.channel,
                "account": residual.account,
                "month": f"{residual.month:%Y-%m}",
                "first_day": residual.month.isoformat(),
                "last_day": residual.month.isoformat(),
                "decided_by": by.strip(),
                "decided_at": decided_at.isoformat().replace("+00:00", "Z"),
                "note": note,
                "reconciliation_line_id": residual.line_id,
                "residual_code": residual.code,
                "residual_usd": residual.amount_usd,
                **({} if until is None else {"deferred_until": until}),
            }
        )
        for residual in found
    ]
    decision_files.append(settings, decision.replace("_", "-"), decided_at, lines)
    return lines


def open_residuals(
    settings: Settings, landed: Iterable[Line], channel: str, account: str, month: date
) -> list[str]:
    """Return what stands in the way of closing a month, one text per residual code.

    That is every line over tolerance that nobody decided on, and every line deferred until this
    month or an earlier one. Decisions that wait in landing for the next run count.
    """
    pending = _standing_matches(landed)
    waiting: dict[tuple[str, date], list[Residual]] = defaultdict(list)
    for residual in _residuals(
        settings, "channel = $channel and account = $account", channel=channel, account=account
    ):
        is_due = residual.deferred_until is not None and residual.deferred_until <= month
        if not (residual.month == month and residual.is_over_tolerance) and not is_due:
            continue
        line = pending.get(residual.line_id)
        holds = line is not None and line["residual_usd"] == residual.amount_usd
        if holds and not _is_due(line, month):
            continue
        waiting[residual.code, residual.month].append(residual)
    return [
        _described(code, of_month, month, residuals)
        for (code, of_month), residuals in sorted(waiting.items())
    ]


def _described(code: str, of_month: date, month: date, residuals: list[Residual]) -> str:
    due = "" if of_month == month else f" of {of_month:%Y-%m}, deferred until now"
    count = len(residuals)
    largest = residuals[0]
    return (
        f"{code}{due}: {count} line{'s' if count != 1 else ''}, such as {largest.line_id} "
        f"({largest.amount_usd.rstrip('0').rstrip('.')} USD)"
    )


def _is_due(line: Line | None, month: date) -> bool:
    """Say whether a landed decision only put the line off until this month or an earlier one."""
    until = (line or {}).get("deferred_until")
    return until is not None and first_day_of(str(until)) <= month


def _standing_matches(landed: Iterable[Line]) -> dict[str, Line]:
    """Return the last decision on each line, those that were taken back left out."""
    found: dict[str, Line] = {}
    for line in landed:
        if line["decision"] in MATCHES and "reconciliation_line_id" in line:
            found[str(line["reconciliation_line_id"])] = line
    return {key: line for key, line in found.items() if line["decision"] != "unmatch"}


def _asked_for(settings: Settings, asked: Asked) -> list[Residual]:
    conditions = {
        "line_id": "reconciliation_line_id = $line_id",
        "code": "residual_code = $code",
        "month": "month = $month",
        "channel": "channel = $channel",
        "account": "account = $account",
    }
    values: dict[str, Any] = {
        "line_id": asked.line_id,
        "code": asked.code,
        "month": None if asked.month is None else first_day_of(asked.month),
        "channel": asked.channel,
        "account": asked.account,
    }
    given = {name: value for name, value in values.items() if value is not None}
    found = _residuals(settings, " and ".join(conditions[name] for name in given), **given)
    if not found:
        what = f"line {asked.line_id}" if asked.line_id else f"residual {asked.code}"
        raise ConfigurationError(
            f"the published reconciliation has no {what} with an amount there; "
            '`trueup sql "from residual_matches"` lists them'
        )
    return found


def _residuals(settings: Settings, condition: str, **values: object) -> list[Residual]:
    with connect(settings.snapshot, read_only=True) as con:
        if not con.execute(
            "select 1 from duckdb_tables() where schema_name = 'marts'"
            " and table_name = 'residual_matches'"
        ).fetchall():
            return []
        rows = con.execute(
            "select reconciliation_line_id, channel, account, month, residual_code,"
            " residual_usd::varchar, is_over_tolerance, deferred_until"
            f" from marts.residual_matches where {condition}"
            " order by channel, account, month, residual_code, abs(residual_usd) desc,"
            " reconciliation_line_id",
            values,
        ).fetchall()
    return [Residual(*row) for row in rows]
