"""The journal of a month as CSV, for the books of finance."""

from __future__ import annotations

from pathlib import Path

from dagster_project.lib.decision_files import first_day_of
from dagster_project.lib.errors import ConfigurationError
from dagster_project.reports.exact_csv import csv_writer, safe_text
from dagster_project.reports.replacing import replacing
from dagster_project.reports.snapshot import open_snapshot

# Amounts are whole cents, so two decimals show all of them.
QUERY = """
select entry_id, line_no, posting_date, strftime(month, '%Y-%m') as month, channel, account,
    entry_kind, ledger_account, cost_center,
    cast(debit_usd as decimal(38, 2)) as debit_usd,
    cast(credit_usd as decimal(38, 2)) as credit_usd,
    description
from marts.journal_lines
where month = $month
order by posting_date, entry_id, line_no
"""


def write_journal(snapshot: Path, month: str, target: Path) -> tuple[int, int]:
    """Write the entries posted in a month; return how many entries and lines there are.

    Numbers are exact and never a formula; text that looks like one gets a leading apostrophe.
    Raises ConfigurationError for a month without any entry.
    """
    with open_snapshot(snapshot) as con:
        cursor = con.execute(QUERY, {"month": first_day_of(month)})
        names = [item[0] for item in cursor.description or []]
        rows = cursor.fetchall()
    if not rows:
        raise ConfigurationError(f"{month} has no journal entry")
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv_writer(stream)
        writer.writerow(names)
        writer.writerows([safe_text(value) for value in row] for row in rows)
    return len({row[0] for row in rows}), len(rows)
