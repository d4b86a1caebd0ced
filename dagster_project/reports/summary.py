"""The summary that a run prints: at most 100 columns of plain text."""

from __future__ import annotations

import textwrap
from pathlib import Path

from dagster_project.reports.alerts import WIDTH, render_drift_messages, signed
from dagster_project.reports.display import (
    day,
    moment,
    month_name,
    number,
    percent,
    printable,
    shortened,
    unit_cost,
)
from dagster_project.reports.snapshot import Books, Row, read_books
from dagster_project.reports.words import (
    BOUND_NOTE,
    TRUE_UP_LABEL,
    UNITS,
    attention,
    flags,
    label,
)

# The terminal shows totals; lines belong to `trueup reconcile`, the workbook and the page.
NO_LINES = 0


def render_summary(snapshot: Path) -> str:
    """Return unit costs, reconciliation status and data quality of the snapshot as text."""
    books = read_books(snapshot, open_lines=NO_LINES)
    blocks = [_head(books)]
    for month in (books.month, books.running_month):
        if month is not None:
            blocks.append(_unit_costs(books, books.spend(month) or {}))
    blocks.extend([_reconciliation(books), _quality(books)])
    lines = "\n\n".join(block for block in blocks if block).split("\n")
    return "\n".join(printable(line) for line in lines) + "\n"


def _head(books: Books) -> str:
    facts = books.facts
    if facts["first_usage_date"] is None:
        return "TrueUp: no usage has been loaded yet, so there is nothing to show."
    return "\n".join(
        [
            f"TrueUp: usage {day(facts['first_usage_date'])} to {day(facts['last_usage_date'])}, "
            f"outcomes known to {moment(facts['outcomes_as_of_at'])}",
            "USD. Computed = tokens x rate card; trued-up = tied to the bill. "
            "Direct = matched spend only;",
            f"loaded = all spend in scope. {BOUND_NOTE}",
        ]
    )


def _unit_costs(books: Books, spend: Row) -> str:
    month = spend["month"]
    state = "full month" if spend["is_full_month"] else "month to date"
    bound = bool(spend["is_lower_bound"])
    out = [
        f"{month_name(month)} ({state}): spend computed "
        f"{number(spend['computed_cost_usd'], lower_bound=bound)}, trued-up "
        f"{number(spend['trued_up_cost_usd'], lower_bound=bound)} "
        f"({TRUE_UP_LABEL.get(spend['trued_up_status'], label(spend['trued_up_status']))})",
        "",
        f"{'':<29}{'---- direct ----':^24}{'---- loaded ----':^22}".rstrip(),
        f"{'':<20}{'outcomes':>9}"
        + "".join(f" {name:>10}" for name in ("computed", "trued-up", "computed", "trued-up")),
    ]
    for unit in UNITS:
        rows = books.unit_costs_of(unit.key, "month", month)
        out.append(unit.title)
        if not rows:
            out.append("  no spend and no outcome in this month")
        for row in rows:
            # What has no unit cost is told once, for the month that is complete.
            if row["no_unit_cost_reason"] is None or month == books.month:
                out.append(_unit_cost_line(unit.key, row))
    return "\n".join(out)


def _unit_cost_line(unit: str, row: Row) -> str:
    name = f"  {shortened(row['class'], 17):<18}"
    bound = bool(row["is_lower_bound"])
    if row["no_unit_cost_reason"]:
        amount = number(row["trued_up_cost_usd"], lower_bound=bound)
        return shortened(f"{name}{'—':>9}  {amount} USD: {row['no_unit_cost_reason']}", WIDTH)
    costs = "".join(
        f" {unit_cost(row[column], unit, lower_bound=bound):>10}"
        for column in (
            "computed_direct_unit_cost_usd",
            "trued_up_direct_unit_cost_usd",
            "computed_loaded_unit_cost_usd",
            "trued_up_loaded_unit_cost_usd",
        )
    )
    # The sign already says lower bound; 25 columns are left for the other flags.
    notes = ", ".join(flag for flag in flags(row) if flag != "lower bound")
    notes = notes.replace("partly", "part")
    return shortened(f"{name}{number(row['denominator'], 0):>9}{costs}  {notes}".rstrip(), WIDTH)


def _reconciliation(books: Books) -> str:
    months = books.statuses()
    if not months:
        return ""
    out = [
        "Does computed equal billed?",
        f"{'month':<8}{'channel':<11}{'account':<16}{'status':<12}"
        f"{'computed':>15}{'billed':>14}{'difference':>13}{'%':>11}",
    ]
    for row in months:
        computed = number(row["computed_cost_usd"], lower_bound=bool(row["is_lower_bound"]))
        is_billed = row["billed_usd"] is not None
        out.append(
            f"{month_name(row['month']):<8}{shortened(row['channel'], 10):<11}"
            f"{shortened(row['account'], 15):<16}{label(row['status']):<12}{computed:>15}"
            f"{number(row['billed_usd']):>14}"
            f"{signed(row['difference_usd']) if is_billed else '—':>13}"
            f"{percent(row['difference_ratio']) if is_billed else '—':>11}"
        )
    return "\n".join(out)


def _quality(books: Books) -> str:
    counts = {check["check_name"]: check for check in books.checks}
    unpriced, faulty, copies = (
        counts[name] for name in ("unpriced_usage", "faulty_rows", "repeated_calls")
    )
    out = [
        f"Unpriced: {number(unpriced['affected'], 0)} of {number(unpriced['total'], 0)} usage rows."
        f" Quarantined: faulty rows {number(faulty['affected'], 0)}, "
        f"copies of calls {number(copies['affected'], 0)}.",
    ]
    sentences = attention(books.checks, render_drift_messages(books.months))
    if sentences:
        out.extend(["", "Needs attention:"])
    for sentence in sentences:
        out.extend(textwrap.wrap(sentence, WIDTH, initial_indent="- ", subsequent_indent="  "))
    return "\n".join(out)
