"""The commands of a month's end: review, close, match, journal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.settings import Settings

Command = Callable[..., Any]
NEXT_RUN = "takes effect with the next `trueup run`"


def _of_months(command: Command) -> Command:
    """Options that every decision on a month takes."""
    for option in reversed(
        (
            click.option("--month", required=True, help="Month as YYYY-MM."),
            click.option("--channel", help="This channel only; default: every one of the month."),
            click.option("--account", help="This account only; default: every account."),
            click.option(
                "--by", "decided_by", required=True, help="Who decides: name or initials."
            ),
            click.option("--note", help="Why, in a few words."),
        )
    ):
        command = option(command)
    return command


@click.command()
@_of_months
def review(decided_by: str, note: str | None, **scope: Any) -> None:
    """Note that somebody looked at a month: it may be closed while its evidence stays the same.

    The evidence are the landed files, rules and rate card that the month stands on. When one of
    them changes afterwards, `trueup close` asks for another review.
    """
    _decide("review", decided_by, note, **scope)


@click.command()
@_of_months
@click.option("--despite-drift", metavar="NOTE", help="Close over residuals that wait; says why.")
@click.option("--reopen", is_flag=True, help="Open a closed month again.")
@click.option("--restate", is_flag=True, help="Book a newer card's difference as correction rows.")
def close(
    decided_by: str,
    note: str | None,
    despite_drift: str | None,
    reopen: bool,
    restate: bool,
    **scope: Any,
) -> None:
    """Close a month: it keeps its rate card, and changes only by dated rows.

    Refused while a residual over its tolerance waits (see `trueup match`), and where the month's
    evidence is not what was reviewed. The decision is landed as a file of its own and takes effect
    with the next run.
    """
    if reopen and restate:
        raise ConfigurationError("--reopen and --restate exclude each other")
    if despite_drift is not None and (reopen or restate or not despite_drift.strip()):
        raise ConfigurationError("--despite-drift closes a month, and says why in a note")
    decision = "reopen" if reopen else "restate" if restate else "close"
    _decide(decision, decided_by, note, despite_drift=despite_drift or "", **scope)


def _decide(
    decision: Any, decided_by: str, note: str | None, *, despite_drift: str = "", **scope: Any
) -> None:
    from dagster_project.lib.closing import Author, decide  # noqa: PLC0415

    settings = Settings.from_environment()
    _require_snapshot(settings)
    for line in decide(settings, decision, Author(decided_by, note or "", despite_drift), **scope):
        click.echo(
            f"{line['decision']:<8} {line['channel']}/{line['account']} {line['month']} "
            f"rate card {line['rate_card_version']}"
        )
    click.echo(NEXT_RUN)


@click.command()
@click.argument("decision", type=click.Choice(["confirm", "write-off", "defer", "unmatch"]))
@click.option("--line", "line_id", help="One line: its reconciliation_line_id.")
@click.option("--code", help="Every line of this residual code in the month.")
@click.option("--month", help="Month as YYYY-MM.")
@click.option("--channel", help="This channel only.")
@click.option("--account", help="This account only.")
@click.option("--by", required=True, help="Who decides: name or initials.")
@click.option("--note", help="Why; a write-off needs it.")
@click.option("--until", metavar="MONTH", help="Defer: the month by which it must be settled.")
def match(decision: Any, by: str, note: str | None, until: str | None, **asked: str | None) -> None:
    """Decide on residuals: confirm the cause, write it off, defer it, or take a decision back.

    \b
    trueup match confirm --month 2026-09 --channel openai --code unlogged --by "A. Controller"
    trueup match write-off --line 3f0c… --by "A. Controller" --note "below the cost of asking"

    A decision holds for the amount that it saw; when that changes, the line waits again.
    """
    from dagster_project.lib.matching import Asked  # noqa: PLC0415
    from dagster_project.lib.matching import match as decide_match  # noqa: PLC0415

    settings = Settings.from_environment()
    _require_snapshot(settings)
    lines = decide_match(
        settings,
        decision.replace("-", "_"),
        Asked(**asked),
        by=by,
        note=note or "",
        until=until,
    )
    for line in lines:
        click.echo(
            f"{decision:<9} {line['channel']}/{line['account']} {line['month']} "
            f"{line['residual_code']} {line['residual_usd'].rstrip('0').rstrip('.')} USD "
            f"{line['reconciliation_line_id']}"
        )
    click.echo(NEXT_RUN)


@click.command()
@click.option("--month", required=True, help="Month of posting as YYYY-MM.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write; default: exports/journal-<month>.csv.",
)
def journal(month: str, out: Path | None) -> None:
    """Write a month's journal entries as CSV: debits and credits in whole cents, balanced."""
    from dagster_project.reports.journal import write_journal  # noqa: PLC0415

    settings = Settings.from_environment()
    _require_snapshot(settings)
    target = out or settings.exports / f"journal-{month}.csv"
    entries, lines = write_journal(settings.snapshot, month, target)
    click.echo(f"{entries} entries, {lines} lines: {target}")


def _require_snapshot(settings: Settings) -> None:
    """Say what comes first, where nothing has been published yet."""
    if not settings.snapshot.is_file():
        raise ConfigurationError(f"no snapshot at {settings.snapshot} yet; run `trueup run` first")


closing_commands = (review, close, match, journal)
