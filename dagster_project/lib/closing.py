"""Closing months: review, close, reopen and restate, each a line in landing/decisions/."""

from __future__ import annotations

import csv
import json
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import duckdb

from dagster_project.lib import decision_files
from dagster_project.lib.decision_files import Line, check_author, first_day_of
from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.matching import open_residuals
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import connect

Decision = Literal["review", "close", "reopen", "restate"]


@dataclass(frozen=True)
class Author:
    """Who decides, and why in a few words.

    `despite_drift`: why a month is closed although residuals over their tolerance wait.
    """

    name: str
    note: str = ""
    despite_drift: str = ""


@dataclass(frozen=True)
class Month:
    """One calendar month of one account at one channel.

    `priced_version`: the rate card of its published rows, None where it has none.
    `decisions`: what was decided on it since the last reopening, loaded by a run or not yet.
    """

    channel: str
    account: str
    first_day: date
    priced_version: str | None
    decisions: tuple[Line, ...]

    @property
    def name(self) -> str:
        """The month as messages say it."""
        return f"{self.channel}/{self.account} {self.first_day:%Y-%m}"

    @property
    def last_day(self) -> date:
        """The month's last day."""
        days = monthrange(self.first_day.year, self.first_day.month)[1]
        return self.first_day.replace(day=days)

    @property
    def closed_version(self) -> str | None:
        """The rate card it was closed with; None while it is open."""
        closes = [line for line in self.decisions if line["decision"] == "close"]
        return str(closes[0].get("rate_card_version")) if closes else None

    @property
    def restated_version(self) -> str | None:
        """The rate card of its last restatement."""
        restated = [line for line in self.decisions if line["decision"] == "restate"]
        return str(restated[-1].get("rate_card_version")) if restated else None

    @property
    def review(self) -> Line | None:
        """The last review."""
        reviews = [line for line in self.decisions if line["decision"] == "review"]
        return reviews[-1] if reviews else None


def decide(
    settings: Settings,
    decision: Decision,
    author: Author,
    *,
    month: str,
    channel: str | None = None,
    account: str | None = None,
) -> list[Line]:
    """Land one decision for each matching channel and account; return the lines written.

    A review records on what evidence the month stands. A close also records what is published of
    it: its figures, accruals and journal, the denominators of the outcomes, and how far each
    source of them had told. A later change of any of these is then a restatement.

    Raises ConfigurationError where the month is not published, is (or is not) closed already, has
    other evidence than was reviewed, has residuals that wait, or the name looks like an address.
    """
    check_author(author.name, author.note, author.despite_drift)
    first_day = first_day_of(month)
    landed = decision_files.landed(settings)
    months = [
        found
        for found in _published(settings, first_day, landed)
        if channel in (None, found.channel) and account in (None, found.account)
    ]
    if not months:
        raise ConfigurationError(f"{month} has no usage or bill of that channel and account")
    version = current_version(settings)
    evidence = _evidence(settings, first_day)
    _check(decision, months, version)
    if decision == "close":
        _check_reviews(months, evidence, settings.close_needs, author)
        if not author.despite_drift:
            _check_residuals(settings, landed, months)
    decided_at = decision_files.now()
    recorded = _recorded(settings, decision, months, evidence)
    lines = [
        {**_line(decision, found, version, author, decided_at), **more}
        for found, more in zip(months, recorded, strict=True)
    ]
    decision_files.append(settings, f"{decision}-{month}", decided_at, lines)
    return lines


def current_version(settings: Settings) -> str:
    """Return the rate-card version that this installation prices open months with."""
    path = settings.dbt_project_dir / "seeds" / "rate_card_versions.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["is_current"] == "true":
                return row["rate_card_version"]
    raise ConfigurationError(f"{path} names no current version")


def _published(settings: Settings, first_day: date, landed: Iterable[Line]) -> list[Month]:
    with connect(settings.snapshot, read_only=True) as con:
        rows = con.execute(
            """
            select months.channel, months.account, lines.rate_card_version
            from (select distinct channel, account from marts.reconciliation_months
                where month = $day) as months
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
    month = f"{first_day:%Y-%m}"
    return [
        Month(
            channel,
            account,
            first_day,
            priced_version,
            tuple(decision_files.standing(landed, channel, account, month)),
        )
        for channel, account, priced_version in rows
    ]


def _evidence(settings: Settings, first_day: date) -> dict[tuple[str, str], Line]:
    """Return on what each account's month stands, as published; empty for an older snapshot."""
    with connect(settings.snapshot, read_only=True) as con:
        if not _marts(con) >= {"close_states", "close_evidence"}:
            return {}
        hashes = con.execute(
            "select channel, account, current_evidence_hash from marts.close_states"
            " where month = $day",
            {"day": first_day},
        ).fetchall()
        return {
            (channel, account): {
                "evidence_hash": evidence_hash,
                "evidence": _records(
                    con,
                    "select evidence_kind, items, kind_hash, last_arrival_no"
                    " from marts.close_evidence where month = $day and channel = $channel"
                    " and account = $account order by evidence_kind",
                    {"day": first_day, "channel": channel, "account": account},
                ),
            }
            for channel, account, evidence_hash in hashes
        }


def _recorded(
    settings: Settings,
    decision: Decision,
    months: list[Month],
    evidence: dict[tuple[str, str], Line],
) -> list[Line]:
    """Return what a decision keeps of each month as it is published, as JSON texts."""
    recorded: list[Line] = [{} for _ in months]
    if decision not in ("review", "close"):
        return recorded
    with connect(settings.snapshot, read_only=True) as con:
        marts = _marts(con)
        for month, line in zip(months, recorded, strict=True):
            stands_on = evidence.get((month.channel, month.account))
            if stands_on is not None:
                line["evidence_hash"] = stands_on["evidence_hash"]
                line["evidence"] = json.dumps(stands_on["evidence"])
            if decision != "close":
                continue
            scope = {"day": month.first_day, "channel": month.channel, "account": month.account}
            if "outcome_months" in marts and "outcome_sources" in marts:
                line["outcomes"] = json.dumps(_records(con, _OUTCOMES, {"day": month.first_day}))
                line["outcome_sources"] = json.dumps(_records(con, _OUTCOME_SOURCES, {}))
            for name, query in _OF_MONTH.items():
                if _MART_OF[name] in marts:
                    line[name] = json.dumps(_records(con, query, scope))
    return recorded


def _marts(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {
        name
        for (name,) in con.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
    }


def _records(
    con: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, Any]
) -> list[dict[str, Any]]:
    cursor = con.execute(query, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


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
_SCOPE = "where month = $day and channel = $channel and account = $account"
_MART_OF = {"figures": "close_figures", "accruals": "accruals", "journal": "journal_lines"}
_OF_MONTH = {
    "figures": f"""
select measure, amount_usd::varchar as amount_usd
from marts.close_figures {_SCOPE} order by measure
""",
    "accruals": f"""
select cost_center, basis, expense_account, accrued_usd::varchar as accrued_usd
from marts.accruals {_SCOPE} order by cost_center, basis
""",
    "journal": f"""
select entry_id, source_entry_id, line_no, posting_date::varchar as posting_date, entry_kind,
    ledger_account, cost_center, debit_usd::varchar as debit_usd,
    credit_usd::varchar as credit_usd, description
from marts.journal_lines {_SCOPE} order by entry_id, line_no
""",
}


def _check(decision: Decision, months: list[Month], version: str) -> None:
    today = datetime.now(tz=UTC).date()
    for month in months:
        is_looked_at = decision in ("review", "close")
        if is_looked_at and month.closed_version is not None:
            raise ConfigurationError(f"{month.name} is closed already, with {month.closed_version}")
        if is_looked_at and month.last_day >= today:
            raise ConfigurationError(f"{month.name} is not over yet")
        if is_looked_at and month.priced_version not in (None, version):
            raise ConfigurationError(
                f"{month.name} is published with rate card {month.priced_version}, and {version} "
                "came since; run `trueup run` and look at the month first"
            )
        if not is_looked_at and month.closed_version is None:
            raise ConfigurationError(f"{month.name} is not closed")
        if decision == "restate" and version == (month.restated_version or month.closed_version):
            raise ConfigurationError(f"{month.name} stands at rate card {version} already")


def _check_reviews(
    months: list[Month],
    evidence: dict[tuple[str, str], Line],
    needs: str,
    author: Author,
) -> None:
    """Refuse to close on other evidence than was reviewed, or without the review that is asked.

    Nobody has to review unless TRUEUP_CLOSE_NEEDS says so; `close_states` shows who did.
    """
    for month in months:
        if needs and month.review is None:
            raise ConfigurationError(f"{month.name} is not reviewed; run `trueup review` first")
        if (
            needs == "second_person"
            and month.review is not None
            and str(month.review["decided_by"]).casefold() == author.name.strip().casefold()
        ):
            raise ConfigurationError(
                f"{month.name} was reviewed by {author.name.strip()}; somebody else has to close it"
            )
        review, now = month.review, evidence.get((month.channel, month.account))
        if review is None or now is None or review.get("evidence_hash") == now["evidence_hash"]:
            continue
        before = {
            kind["evidence_kind"]: kind["kind_hash"]
            for kind in json.loads(review.get("evidence") or "[]")
        }
        after = {kind["evidence_kind"]: kind["kind_hash"] for kind in now["evidence"]}
        changed = sorted(kind for kind in before | after if before.get(kind) != after.get(kind))
        raise ConfigurationError(
            f"{month.name}: the evidence changed since {review['decided_by']} reviewed it "
            f"({', '.join(changed)}); look at the month and run `trueup review` again"
        )


def _check_residuals(settings: Settings, landed: list[Line], months: list[Month]) -> None:
    """Refuse to close over residuals that are over their tolerance and that nobody decided on."""
    waiting = [
        f"{month.name} {found}"
        for month in months
        for found in open_residuals(settings, landed, month.channel, month.account, month.first_day)
    ]
    if waiting:
        raise ConfigurationError(
            "residuals over their tolerance wait for a decision:\n  "
            + "\n  ".join(waiting)
            + "\nconfirm, write off or defer them with `trueup match`, or close with "
            '--despite-drift "why"'
        )


def _line(
    decision: Decision,
    month: Month,
    version: str,
    author: Author,
    decided_at: datetime,
) -> Line:
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
        **({"despite_drift": author.despite_drift} if author.despite_drift else {}),
    }
    return decision_files.identified(line)
