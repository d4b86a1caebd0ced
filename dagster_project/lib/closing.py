"""Closing months: decisions are appended to landing and loaded like any other source."""

from __future__ import annotations

import csv
import hashlib
import json
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import duckdb

from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import connect

Decision = Literal["close", "reopen", "restate"]


@dataclass(frozen=True)
class Author:
    """Who decides, and why in a few words."""

    name: str
    note: str = ""


@dataclass(frozen=True)
class Month:
    """One calendar month of one account at one channel, as published.

    `priced_version`: the rate card of its rows, None where it has none.
    """

    channel: str
    account: str
    first_day: date
    closed_version: str | None
    restated_version: str | None
    priced_version: str | None

    @property
    def last_day(self) -> date:
        """The month's last day."""
        days = monthrange(self.first_day.year, self.first_day.month)[1]
        return self.first_day.replace(day=days)


def decide(
    settings: Settings,
    decision: Decision,
    author: Author,
    *,
    month: str,
    channel: str | None = None,
    account: str | None = None,
) -> list[dict[str, str]]:
    """Land one decision for each matching channel and account; return the lines written.

    A close also records the denominators of the month as they are published, and how far each
    source of outcomes had told: a later change of them is then a restatement.

    Raises ConfigurationError where the month is not published, is (or is not) closed already, or
    the name looks like an address.
    """
    if "@" in author.name + author.note or not author.name.strip():
        raise ConfigurationError("--by takes a name or initials; no address is kept")
    months = [
        found
        for found in _published(settings, _first_day(month))
        if channel in (None, found.channel) and account in (None, found.account)
    ]
    if not months:
        raise ConfigurationError(f"{month} has no usage or bill of that channel and account")
    version = current_version(settings)
    _check(decision, months, version)
    decided_at = datetime.now(tz=UTC)
    seen = _published_outcomes(settings, _first_day(month)) if decision == "close" else {}
    lines = [{**_line(decision, found, version, author, decided_at), **seen} for found in months]
    folder = settings.landing / "decisions"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{decided_at:%Y%m%dT%H%M%S%fZ}-{decision}-{month}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return lines


def current_version(settings: Settings) -> str:
    """Return the rate-card version that this installation prices open months with."""
    path = settings.dbt_project_dir / "seeds" / "rate_card_versions.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["is_current"] == "true":
                return row["rate_card_version"]
    raise ConfigurationError(f"{path} names no current version")


def _first_day(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise ConfigurationError(f"{month!r} is not a month; write it as 2026-09") from error


def _published(settings: Settings, first_day: date) -> list[Month]:
    with connect(settings.snapshot, read_only=True) as con:
        rows = con.execute(
            """
            select months.channel, months.account, closes.rate_card_version,
                closes.restated_version, lines.rate_card_version
            from (select distinct channel, account, month from marts.reconciliation_months
                where month = $day) as months
            left join marts.period_closes as closes
                on months.channel = closes.channel
                and months.account = closes.account
                and months.month = closes.month
            left join (
                select channel, account, max(rate_card_version) as rate_card_version
                from marts.fct_charge_lines
                where date_trunc('month', usage_date) = $day and charge_class is null
                group by channel, account
            ) as lines
                on months.channel = lines.channel
                and months.account = lines.account
            order by 1, 2
            """,
            {"day": first_day},
        ).fetchall()
    return [Month(row[0], row[1], first_day, *row[2:]) for row in rows]


def _published_outcomes(settings: Settings, first_day: date) -> dict[str, str]:
    """Return what the snapshot says of the month's outcomes, as two JSON lists.

    Empty for a snapshot of a version that did not count them.
    """
    with connect(settings.snapshot, read_only=True) as con:
        marts = {name for (name,) in con.execute(_OUTCOME_MARTS).fetchall()}
        if not marts >= _RECORDED_FROM:
            return {}
        outcomes = _records(con, _OUTCOMES, {"day": first_day})
        sources = _records(con, _OUTCOME_SOURCES, {})
    return {"outcomes": json.dumps(outcomes), "outcome_sources": json.dumps(sources)}


def _records(
    con: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, Any]
) -> list[dict[str, Any]]:
    cursor = con.execute(query, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


_RECORDED_FROM = {"outcome_months", "outcome_sources"}
_OUTCOME_MARTS = "select table_name from duckdb_tables() where schema_name = 'marts'"
_OUTCOMES = """
select unit, class, outcomes_final as final, outcomes_provisional as provisional,
    loaded_cost_usd::varchar as loaded_cost_usd
from marts.outcome_months where month = $day order by unit, class
"""
_OUTCOME_SOURCES = """
select source, account_label as account, known_through_at::varchar as known_through_at,
    last_arrival_no
from marts.outcome_sources order by source, account_label
"""


def _check(decision: Decision, months: list[Month], version: str) -> None:
    today = datetime.now(tz=UTC).date()
    for month in months:
        name = f"{month.channel}/{month.account} {month.first_day:%Y-%m}"
        if decision == "close" and month.closed_version is not None:
            raise ConfigurationError(f"{name} is closed already, with {month.closed_version}")
        if decision == "close" and month.last_day >= today:
            raise ConfigurationError(f"{name} is not over yet")
        if decision == "close" and month.priced_version not in (None, version):
            raise ConfigurationError(
                f"{name} is published with rate card {month.priced_version}, and {version} came "
                "since; run `trueup run` and look at the month first"
            )
        if decision != "close" and month.closed_version is None:
            raise ConfigurationError(f"{name} is not closed")
        if decision == "restate" and version == (month.restated_version or month.closed_version):
            raise ConfigurationError(f"{name} stands at rate card {version} already")


def _line(
    decision: Decision,
    month: Month,
    version: str,
    author: Author,
    decided_at: datetime,
) -> dict[str, str]:
    line = {
        "decision": decision,
        "channel": month.channel,
        "account": month.account,
        "month": f"{month.first_day:%Y-%m}",
        "first_day": month.first_day.isoformat(),
        "last_day": month.last_day.isoformat(),
        "rate_card_version": version,
        "decided_by": author.name.strip(),
        "decided_at": decided_at.isoformat().replace("+00:00", "Z"),
        "note": author.note,
    }
    digest = hashlib.sha256(json.dumps(line, sort_keys=True).encode()).hexdigest()
    return {"decision_id": digest[:16], **line}
