"""The commands `trueup rates …`: look up prices, compare versions, rebuild the card."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import astuple, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.rates.exact import plain
from dagster_project.rates.vocabulary import CHANNELS, is_instant

# More lines than this make a message that nobody reads; the whole list goes to --open.
_SHOWN_PROBLEMS = 40


@click.group()
def rates() -> None:
    """The rate card: what every model costs, since when, and who says so.

    The card is data in the repository, built in three layers: prices typed by hand from the
    vendors' pages (rates/facts) come first, then the pinned package genai-prices, then LiteLLM's
    price file. Each build that changes a price appends a version; old versions stay, so a closed
    month can always be priced again as it was.

    \b
    trueup rates show gpt-5.4                      its whole price history
    trueup rates show claude-opus-5 --at 2026-08-15T00:00:00Z
    trueup rates diff 1 2                          what two versions charge differently
    trueup rates build --check                     is the committed card what its sources give?
    """


@rates.command()
@click.argument("model")
@click.option("--at", default="", help="Only what holds at a day or UTC instant.")
@click.option("--channel", type=click.Choice(CHANNELS), help="Only what this channel bills.")
def show(model: str, at: str, channel: str | None) -> None:
    """Show the prices of MODEL over time, in every channel that bills it.

    MODEL is a name as an export writes it; it is matched exactly, as the nightly job does.
    A start marked * is the day on which the price was first seen, not a published one.
    """
    from dagster_project.rates.card import (  # noqa: PLC0415
        ALIASES_SEED,
        CARD_SEED,
        AliasRow,
        CardRow,
        read_seed,
    )
    from dagster_project.rates.show import price_table  # noqa: PLC0415

    rows = [row for row in read_seed(CARD_SEED, CardRow) if not row.removed_in]
    aliases = read_seed(ALIASES_SEED, AliasRow)
    click.echo(price_table(rows, aliases, model, _instant(at), channel))


@rates.command()
@click.argument("old")
@click.argument("new")
@click.option("--channel", type=click.Choice(CHANNELS), help="Only prices of this channel.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for a spreadsheet or a review.")
@click.option("--list-only", is_flag=True, help="Leave out what it means for the loaded usage.")
def diff(old: str, new: str, channel: str | None, as_csv: bool, list_only: bool) -> None:
    """Show what version NEW charges differently from version OLD: on the list, then on your usage.

    A version is named by its number or its full name; 0 is the empty card before the first.
    Prices are compared call by call, so a row that was only cut in two does not show. The usage of
    the warehouse is priced with both versions, contracts included; nothing is changed there.
    """
    from dagster_project.rates.card import (  # noqa: PLC0415
        CARD_SEED,
        VERSIONS_SEED,
        CardRow,
        VersionRow,
        read_seed,
    )
    from dagster_project.rates.versions import PriceChange, find_version  # noqa: PLC0415
    from dagster_project.rates.versions import diff as compare  # noqa: PLC0415

    versions = read_seed(VERSIONS_SEED, VersionRow)
    numbers = [0 if name == "0" else find_version(versions, name) for name in (old, new)]
    changes = compare(read_seed(CARD_SEED, CardRow), *numbers)
    if channel:
        changes = [change for change in changes if change.channel == channel]
    if as_csv:
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.name for column in fields(PriceChange)])
        writer.writerows(astuple(change) for change in changes)
        click.echo(out.getvalue(), nl=False)
        return
    for change in changes:
        prices = " -> ".join(filter(None, (change.old_price, change.new_price)))
        ratio = f"  x{change.ratio}" if change.ratio and change.change == "changed" else ""
        click.echo(
            f"{change.change:8} {change.channel} {change.model_key} {change.meter} "
            f"{change.processing}/{change.service_tier}/{change.geo} "
            f"from {change.ctx_min_tokens} tokens, "
            f"{change.valid_from[:10]} to {change.valid_to[:10] or 'now'}: {prices}{ratio}"
        )
    count = len(changes)
    click.echo(f"{count} price{'' if count == 1 else 's'} differ")
    if not list_only and 0 not in numbers:
        names = {int(row.version_number): row.rate_card_version for row in versions}
        _show_spend(names[numbers[0]], names[numbers[1]], channel)


def _show_spend(old: str, new: str, channel: str | None) -> None:
    """Print what the loaded usage costs by both versions, where a warehouse stands."""
    from dagster_project.lib.rates_diff import (  # noqa: PLC0415
        spend_differences,
        total_difference,
    )
    from dagster_project.lib.settings import Settings  # noqa: PLC0415

    settings = Settings.from_environment()
    if not settings.warehouse.is_file():
        click.echo("no warehouse yet, so there is no usage to price")
        return
    rows = [
        row for row in spend_differences(settings, old, new) if channel in {None, row["channel"]}
    ]
    for row in rows:
        click.echo(
            f"{row['month']:%Y-%m} {row['channel']}/{row['account']} {row['model_served']} "
            f"{row['meter']} {row['processing']}/{row['service_tier']}/{row['geo']}: "
            f"{_usd(row['from_cost_usd'])} -> {_usd(row['to_cost_usd'])} USD"
        )
    click.echo(f"your usage: {_usd(total_difference(rows))} USD by the change")


def _usd(amount: Decimal | None) -> str:
    return "unpriced" if amount is None else plain(amount)


@rates.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 3 when the card is out of date.")
@click.option("--built-on", default="", help="Day of a new version; default: today, UTC.")
@click.option("--note", default="", help="What the new version brings, in a few words.")
@click.option(
    "--open",
    "open_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write conflicts and models that nobody reviewed yet as CSV files into this folder.",
)
def build(check: bool, built_on: str, note: str, open_folder: Path | None) -> None:
    """Build the card from facts and imports, check it, and write the three seeds.

    An identical content makes no new version. A card that fails a check is not written, and every
    offending line is named: correct the fact, or add the disagreement with its reason to
    rates/known_conflicts.csv, the model to rates/exclusions.csv, the price move to the facts.
    """
    from dagster_project.rates.rebuild import rebuild  # noqa: PLC0415

    if built_on:
        _day(built_on)
    result = rebuild(built_on or datetime.now(tz=UTC).date().isoformat(), note, check=check)
    if open_folder:
        result.write_open(open_folder)
        click.echo(f"open points written to {open_folder}")
    if result.problems:
        shown = [str(problem) for problem in result.problems[:_SHOWN_PROBLEMS]]
        more = len(result.problems) - len(shown)
        if more:
            shown.append(f"… and {more} more (write them all with --open FOLDER)")
        raise ConfigurationError(
            f"the card is not written, {len(result.problems)} lines fail:\n" + "\n".join(shown)
        )
    if check:
        if result.differences:
            raise TrueUpError(
                "the committed rate card is not what facts and imports give:\n"
                + "\n".join(result.differences)
                + "\nrun `trueup rates build` and commit the seeds"
            )
        click.echo(f"the committed card is up to date: {result.summary}")
        return
    result.write()
    if result.seeds.is_new_version:
        click.echo(f"new version: {result.summary}")
    else:
        click.echo(f"identical content, no new version: {result.summary}")


@rates.command(name="import")
@click.option("--genai", is_flag=True, help="Read the installed package genai-prices.")
@click.option(
    "--litellm-wheel",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Read LiteLLM's price file out of this wheel; the package is never imported.",
)
@click.option(
    "--azure-wheel",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Read Azure's meters out of this azure-genai-prices wheel.",
)
@click.option(
    "--archive",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of older wheels: take the first day on which they show today's prices.",
)
@click.option("--released-on", default="", help="Day on which the package's prices were current.")
@click.option("--read-on", default="", help="Day of this reading; default: today, UTC.")
def import_packages(**options: Any) -> None:
    """Re-read the price packages into rates/imports; `rates build` then needs no package.

    \b
    pip download --no-deps litellm==1.109.1
    trueup rates import --litellm-wheel litellm-1.109.1-….whl --released-on 2026-11-12

    Every key that has no meter, and every price that cannot be a published one, is counted in
    rates/imports/sources.toml; nothing is left out in silence.
    """
    from dagster_project.rates.imports import run  # noqa: PLC0415

    chosen = [name for name in ("genai", "litellm_wheel", "azure_wheel") if options[name]]
    archive: Path | None = options["archive"]
    if not chosen and not archive:
        raise ConfigurationError(
            "name what to read: --genai, --litellm-wheel, --azure-wheel or --archive"
        )
    if len(chosen) > 1:
        raise ConfigurationError("read one package at a time: each has its own --released-on")
    if chosen:
        released = options["released_on"]
        if not released:
            raise ConfigurationError("--released-on is missing: prices are compared on that day")
        read_on = options["read_on"] or datetime.now(tz=UTC).date().isoformat()
        days = (_day(released), _day(read_on), run.DEFAULT_FOLDER)
        if options["genai"]:
            reading = run.import_genai(*days)
        elif options["litellm_wheel"]:
            reading = run.import_litellm(options["litellm_wheel"], *days)
        else:
            reading = run.import_azure(options["azure_wheel"], *days)
        click.echo(
            f"{len(set(reading.rows))} prices of {len(reading.listed)} models; "
            f"{sum(map(len, reading.unmapped.values()))} keys without a meter and "
            f"{sum(map(len, reading.rejected.values()))} prices rejected, see sources.toml"
        )
    if archive:
        count = run.import_archive(archive, run.DEFAULT_FOLDER, click.echo)
        click.echo(f"{count} first-seen bounds")


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ConfigurationError(f"{text!r} is not a day; write it as 2026-09-30") from None


def _instant(text: str) -> str:
    if not text:
        return ""
    if is_instant(text):
        return text
    return f"{_day(text)}T00:00:00Z"


def main() -> None:
    """Run the group alone, with the project's exit codes."""
    try:
        rates(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except TrueUpError as error:
        click.echo(f"rates: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
