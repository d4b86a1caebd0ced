"""Breached tolerances in words that are enough to act on, for asset checks and exit codes."""

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.reports.display import month_name, number, percent, printable
from dagster_project.reports.snapshot import Row, fetch, open_snapshot, parse_month
from dagster_project.reports.words import label

# Lines named in a message; the mart has them all.
LARGEST_LINES = 3

# In the order of dbt/seeds/tolerance_kinds.csv.
TOLERANCES = ("rounding", "rate", "over_count", "coverage", "unexplained")

BREACHES = """
    select * from marts.reconciliation_tolerances
    where is_breached and ($month is null or month = $month)
    order by month, channel, account, currency, sort_order
"""
LINES = """
    select
        tolerances.tolerance, lines.channel, lines.account, lines.month, lines.currency,
        coalesce(lines.finding, lines.meaning) as finding, lines.action
    from marts.reconciliation_tolerances as tolerances
    inner join marts.reconciliation_lines as lines
        on tolerances.channel = lines.channel
        and tolerances.account = lines.account
        and tolerances.month = lines.month
        and tolerances.currency = lines.currency
        and list_contains(string_split(tolerances.breached_codes, ', '), lines.residual_code)
    where tolerances.is_breached and ($month is null or tolerances.month = $month)
    qualify row_number() over (
        partition by lines.channel, lines.account, lines.month, lines.currency, tolerances.tolerance
        order by abs(lines.residual_usd) desc, lines.reconciliation_line_id
    ) <= $lines
    order by abs(lines.residual_usd) desc, lines.reconciliation_line_id
"""
KEY = ("channel", "account", "month", "currency", "tolerance")


def breach_messages(
    con: duckdb.DuckDBPyConnection, month: str | None = None
) -> dict[str, list[str]]:
    """Return the messages of each breached tolerance, of one month (YYYY-MM) or of all."""
    wanted = None if month is None else parse_month(month)
    lines = fetch(con, LINES, month=wanted, lines=LARGEST_LINES)
    messages: dict[str, list[str]] = {name: [] for name in TOLERANCES}
    for breach in fetch(con, BREACHES, month=wanted):
        of_breach = [line for line in lines if all(line[name] == breach[name] for name in KEY)]
        text = printable(_message(breach, of_breach))
        messages.setdefault(breach["tolerance"], []).append(text)
    return messages


def drift_messages(snapshot: Path, month: str | None = None) -> list[str]:
    """Return one message per breached tolerance of a month in the snapshot."""
    with open_snapshot(snapshot) as con:
        return [text for texts in breach_messages(con, month).values() for text in texts]


def _message(breach: Row, lines: list[Row]) -> str:
    """Who, when, how much, what share, which limit, the largest lines and what to do."""
    currency = breach["currency"]
    what = label(breach["tolerance"])
    billed = f"{number(breach['billed_usage_usd'])} {currency} billed"
    share = percent(breach["moved_ratio"])
    amount = f"{number(breach['moved_usd'])} {currency}, {share} of {billed}"
    if breach["limit_tokens"] is not None and breach["moved_tokens"] is not None:
        amount = f"{number(breach['moved_tokens'], 0)} tokens ({amount})"
        limit = f"{number(breach['limit_tokens'], 0)} tokens"
    elif breach["limit_usd"] is None:
        limit = "that of a rule for one code"
    else:
        limit = f"{number(breach['limit_usd'])} {currency}"
        if breach["tolerance_pct"] is not None:
            limit += f" ({number(breach['tolerance_pct'], 2)} %)"
    text = (
        f"{breach['channel']} / {breach['account']}, {month_name(breach['month'])}: "
        f"{what} tolerance breached by {label(breach['breached_codes'])}: {amount}; limit {limit}"
    )
    more = breach["lines"] - len(lines)
    findings = [str(line["finding"]).rstrip(".") for line in lines]
    if findings:
        text += f"; largest of {number(breach['lines'], 0)} lines: " if more > 0 else "; lines: "
        text += "; ".join(findings)
    actions = list(dict.fromkeys(str(line["action"]) for line in lines if line["action"]))
    return f"{text}. To do: {' '.join(actions)}" if actions else text
