"""The command `trueup`."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from dagster_project.close_commands import closing_commands
from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.lib.progress import say
from dagster_project.lib.settings import PROJECT_ROOT, Settings
from dagster_project.lib.warehouse import writer_lock
from dagster_project.rates.commands import rates

EXIT_DRIFT = 1


class Day(click.ParamType):
    """A UTC day as YYYY-MM-DD."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parse the day or explain the form it must have."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day; write it as 2026-09-30", param, ctx)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="trueup")
def trueup() -> None:
    """What a unit of value costs, and whether the providers' bills agree.

    Files go into $TRUEUP_HOME/landing/<source>/ (default home: data/). Each run loads what is new,
    prices it, reconciles it with the bills and publishes $TRUEUP_HOME/exports/.

    \b
    Exit codes: 0 done, 1 drift over tolerance (reconcile, run --fail-on-drift),
    2 configuration or an unreadable input of the command itself, 3 the run failed.
    """


@trueup.command()
@click.option("--remove", is_flag=True, help="Take the demo's own files away again.")
def demo(remove: bool) -> None:
    """Write the demo company's exports (45 days, fixed dates) into landing/."""
    from dagster_project.demo import demo_is_landed, remove_demo, write_demo  # noqa: PLC0415

    settings = Settings.from_environment()
    if remove:
        if not demo_is_landed(settings.home):
            click.echo("no demo is landed here; nothing to remove")
            return
        remove_demo(settings.home)
        click.echo(
            "the demo's files are gone; the next run with files of your own takes its figures out "
            "of the warehouse, and `make reset` does so at once"
        )
        return
    if _landing_is_empty(settings):
        write_demo(settings.home, log=say)
    elif demo_is_landed(settings.home):
        click.echo("the demo is already landed")
    else:
        raise ConfigurationError(
            f"{settings.landing} holds files of your own; the demo would mix with them. "
            "Set TRUEUP_HOME to an empty folder to try it"
        )


@trueup.command()
@click.option("--from", "first_day", type=Day(), help="First UTC day to compute again.")
@click.option("--to", "last_day", type=Day(), help="Last UTC day, inclusive; default: --from.")
@click.option("--full-refresh", is_flag=True, help="Compute every landed day again.")
@click.option("--fail-on-drift", is_flag=True, help="Exit 1 when a tolerance is breached.")
@click.option("--demo-if-empty", is_flag=True, help="Write the demo first when landing is empty.")
def run(
    first_day: date | None,
    last_day: date | None,
    full_refresh: bool,
    fail_on_drift: bool,
    demo_if_empty: bool,
) -> None:
    """Run the nightly job now: load, price, reconcile, publish.

    Without options every landed file that has not been computed yet is taken, whatever its date.
    """
    from dagster_project.demo import demo_is_landed, foreign_files, write_demo  # noqa: PLC0415
    from dagster_project.lib.nightly import (  # noqa: PLC0415
        RunRange,
        check_range,
        default_range,
        run_nightly,
    )
    from dagster_project.reports.summary import render_summary  # noqa: PLC0415

    settings = Settings.from_environment()
    if demo_if_empty and _landing_is_empty(settings):
        with writer_lock(settings, log=say):
            if _landing_is_empty(settings):
                write_demo(settings.home, log=say)
    if demo_is_landed(settings.home) and (others := foreign_files(settings.home)):
        raise ConfigurationError(
            f"landing holds the demo and {len(others)} other files (first: {others[0]}); "
            "figures of both would mix. Run `trueup demo --remove` first"
        )
    if _landing_is_empty(settings):
        raise ConfigurationError(
            f"{settings.landing} is empty: drop exports there, or run `trueup demo`"
        )
    if last_day is not None and first_day is None:
        raise ConfigurationError("--to needs --from")
    days = default_range(datetime.now(tz=UTC).date())
    if first_day is not None:
        days = RunRange(first_day, last_day or first_day)
        if days.last_day < days.first_day:
            raise ConfigurationError(f"--to {days.last_day} is before --from {days.first_day}")
        check_range(days, datetime.now(tz=UTC).date())
    run_nightly(settings, days, full_refresh=full_refresh)
    click.echo(render_summary(settings.snapshot))
    click.echo(f"snapshot  {settings.snapshot}")
    click.echo(f"workbook  {settings.exports / 'trueup.xlsx'}")
    click.echo(f"page      {settings.exports / 'trueup.html'}")
    if fail_on_drift and _print_drift(settings):
        sys.exit(EXIT_DRIFT)


@trueup.command()
@click.option("--month", help="Month as YYYY-MM; default: every month.")
def reconcile(month: str | None) -> None:
    """Show computed against billed; exit 1 when a tolerance is breached, and say which."""
    from dagster_project.reports.alerts import render_month  # noqa: PLC0415

    settings = Settings.from_environment()
    _require_snapshot(settings)
    click.echo(render_month(settings.snapshot, month))
    if _print_drift(settings, month):
        sys.exit(EXIT_DRIFT)


@trueup.command()
@click.option("--only", multiple=True, metavar="SOURCE", help="Pull this source only; repeatable.")
@click.option("--since", type=Day(), help="First UTC day to pull on the first pull.")
@click.option("--lookback-days", default=7, show_default=True, help="Days pulled again each time.")
def pull(only: tuple[str, ...], since: date | None, lookback_days: int) -> None:
    """Land new exports from the providers' interfaces; a source without a key is skipped."""
    from dagster_project.pulls import PULLS, run_pulls  # noqa: PLC0415

    settings = Settings.from_environment()
    unknown = sorted(set(only) - set(PULLS))
    if unknown:
        raise ConfigurationError(f"no such pull: {', '.join(unknown)}; known: {', '.join(PULLS)}")
    results = run_pulls(
        settings.landing,
        names=list(only) or None,
        today=datetime.now(tz=UTC).date(),
        lookback_days=lookback_days,
        since=since,
        environment=os.environ,
        log=say,
    )
    for result in results:
        click.echo(f"{result.name:<20} {result.status:<10} {result.message}")
    if any(result.status == "failed" for result in results):
        raise TrueUpError("a pull failed; what it landed so far is kept and the next one resumes")


@trueup.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--contracts",
    type=click.Path(path_type=Path),
    help="Contract terms, as in data/reference/templates/contracts.csv.",
)
def price(file: Path, contracts: Path | None) -> None:
    """Price the usage records of FILE, one JSON line each, with the nightly job's own SQL.

    FILE is CSV or JSON lines with case_id, provider, channel, requested_model, response_model,
    ts_utc, service_tier, processing, inference_geo and usage_native_json: the usage object exactly
    as the provider returned it. What cannot be priced says why, and never costs zero.

    \b
    Example line:
      {"case_id": "a", "channel": "openai", "response_model": "gpt-5-2025-08-07",
       "ts_utc": "2026-10-01T12:00:00Z",
       "usage_native_json": {"input_tokens": 10000, "output_tokens": 2000}}
    """
    from dagster_project.lib.price_file import price_file  # noqa: PLC0415

    for line in price_file(file, contracts, Settings.from_environment()):
        click.echo(line)


@trueup.command()
@click.option("--port", default=3000, show_default=True, help="Port of the user interface.")
def dev(port: int) -> None:
    """Open the Dagster UI with its daemon; the nightly schedule waits there to be switched on."""
    from dagster_project.lib.dbt_project import dbt_project  # noqa: PLC0415
    from dagster_project.lib.instance import prepare_instance  # noqa: PLC0415

    settings = Settings.from_environment()
    prepare_instance(settings)
    os.environ["TRUEUP_WAREHOUSE"] = str(settings.warehouse)
    dbt_project()
    executable = sys.executable
    os.chdir(PROJECT_ROOT)
    os.execv(
        executable,
        [executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-p", str(port)],
    )


@trueup.command()
@click.argument("query")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with exact decimals.")
def sql(query: str, as_csv: bool) -> None:
    """Run QUERY on the published snapshot (schema marts), read-only."""
    from dagster_project.lib.query import print_query  # noqa: PLC0415

    print_query(Settings.from_environment().snapshot, query, as_csv=as_csv)


@trueup.command()
def doctor() -> None:
    """Check the installation and say what is missing, in words."""
    from dagster_project.lib.doctor import examine  # noqa: PLC0415

    findings = examine(Settings.from_environment())
    for finding in findings:
        click.echo(f"{'ok  ' if finding.is_ok else 'FIX '} {finding.text}")
    if not all(finding.is_ok for finding in findings):
        raise ConfigurationError("see the lines marked FIX")


@trueup.command()
@click.option("--month", help="Month as YYYY-MM: write its month-end report too.")
def report(month: str | None) -> None:
    """Print the summary and where the reports are; with --month, write the month for finance.

    exports/finance-YYYY-MM.xlsx, .html and .pdf: cover with sign-off, bridge from computed to
    payable, lines, residuals, disputes, accruals, journal, invoices, rates, coverage, unit costs;
    every digit as CSV in exports/finance-YYYY-MM/; the dispute pack in exports/disputes/.
    """
    from dagster_project.reports.alerts import render_month  # noqa: PLC0415
    from dagster_project.reports.finance import write_month  # noqa: PLC0415
    from dagster_project.reports.summary import render_summary  # noqa: PLC0415

    settings = Settings.from_environment()
    _require_snapshot(settings)
    written = [] if month is None else write_month(settings.snapshot, settings.exports, month)
    click.echo(render_summary(settings.snapshot))
    if month is not None:
        click.echo(render_month(settings.snapshot, month))
    click.echo(f"workbook  {settings.exports / 'trueup.xlsx'}")
    click.echo(f"page      {settings.exports / 'trueup.html'}")
    for path in written:
        if path.parent == settings.exports:
            click.echo(f"finance   {path}")
        elif path.parent.name == "disputes":
            click.echo(f"dispute   {path}")


for _command in (rates, *closing_commands):
    trueup.add_command(_command)


def _landing_is_empty(settings: Settings) -> bool:
    if not settings.landing.exists():
        return True
    return not any(
        path.is_file() and not path.name.startswith(".") for path in settings.landing.rglob("*")
    )


def _require_snapshot(settings: Settings) -> None:
    """Say what comes first, where nothing has been published yet."""
    if not settings.snapshot.is_file():
        raise ConfigurationError(f"no snapshot at {settings.snapshot} yet; run `trueup run` first")


def _print_drift(settings: Settings, month: str | None = None) -> bool:
    from dagster_project.reports.tolerances import drift_messages  # noqa: PLC0415

    messages = drift_messages(settings.snapshot, month)
    for message in messages:
        click.echo(f"drift: {message}", err=True)
    return bool(messages)


def _guarded(command: Callable[[], Any]) -> int:
    """Run the command; turn known errors into one clear line and their exit code."""
    try:
        command()
    except TrueUpError as error:
        click.echo(f"trueup: {error}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return ConfigurationError.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("trueup: stopped; nothing was published", err=True)
        return TrueUpError.exit_code
    except Exception as error:
        # Python's own exit code for an error is 1, which here means drift.
        traceback.print_exc()
        name = type(error).__name__
        click.echo(f"trueup: an error that nobody foresaw, {name}; nothing was published", err=True)
        return TrueUpError.exit_code
    return 0


def main() -> None:
    """Entry point of the console script."""
    sys.exit(_guarded(lambda: trueup(standalone_mode=False)))


if __name__ == "__main__":
    main()
