"""What a card must satisfy before it becomes a version. Every check names every offending line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from dagster_project.rates.build import BuiltCard
from dagster_project.rates.card import AliasRow, CardRow, Cell
from dagster_project.rates.exact import places
from dagster_project.rates.facts import ANY_METER, FactBook, ReviewedMove, Withdrawn
from dagster_project.rates.imports import azure_retail, genai, litellm
from dagster_project.rates.layers import Offer, Resolved
from dagster_project.rates.sources import (
    ANY,
    BuildInput,
    Conflict,
    Exclusion,
    ReviewedImport,
)
from dagster_project.rates.vocabulary import day_start

# A price that more than doubles, or halves, is as often a typing error as a price change.
LARGEST_MOVE = 2
MOST_PUBLISHED_PLACES = 12

_UNCACHED_OF = {
    "input_cache_read_tokens": "input_uncached_tokens",
    "input_audio_cache_read_tokens": "input_audio_tokens",
    "input_image_cache_read_tokens": "input_image_tokens",
}

# The reviewed line accepts a package's price for these checks, by name.
BATCH_ABOVE_STANDARD = "batch_above_standard"
CACHE_READ_ABOVE_INPUT = "cache_read_above_input"
PRICE_MOVE = "price_move"


@dataclass(frozen=True, order=True)
class Problem:
    """One line that a check refuses."""

    check: str
    text: str

    def __str__(self) -> str:
        return f"{self.check}: {self.text}"


def check_card(
    built: BuiltCard, source: BuildInput, built_on: str, before: Sequence[CardRow] = ()
) -> list[Problem]:
    """Run every check; `before` holds the rows of the version that is current so far."""
    reviewed = Reviewed(source.facts, source.reviewed_imports)
    active = [row for row in before if not row.removed_in]
    problems = [
        *overlaps(built.rows),
        *gaps(built.rows),
        *moves_in_time(built.rows, reviewed),
        *moves_between(active, built.rows, reviewed),
        *batch_above_standard(built.rows, reviewed),
        *cache_read_above_input(built.rows, reviewed),
        *too_many_decimals(built.rows),
        *future_not_announced(built.rows, built_on),
        *withdrawn_priced(built.rows, source.facts.withdrawn),
        *ambiguous_names(built.aliases),
        *names_without_price(built.aliases, built.rows),
        *conflict_problems(conflicts(built), source.conflicts),
        *coverage_problems(source, built),
    ]
    needed = reviewed.used | built.resolved.used_reviews
    problems += unneeded_reviews(source.reviewed_imports, needed)
    return sorted(set(problems))


class Reviewed:
    """The lines that people wrote to let a price pass."""

    def __init__(self, facts: FactBook, imports: Iterable[ReviewedImport]) -> None:
        self._moves: dict[tuple[str, str], list[ReviewedMove]] = defaultdict(list)
        for move in facts.reviewed_moves:
            self._moves[move.model_key, move.at].append(move)
        self._accepted: dict[tuple[str, str], list[ReviewedImport]] = defaultdict(list)
        for line in imports:
            if line.action == "accept":
                self._accepted[line.model, line.check].append(line)
        self.used: set[ReviewedImport] = set()

    def move(self, row: CardRow) -> bool:
        """Say whether the price that starts with this row was reviewed."""
        for line in self._moves.get((row.model_key, row.valid_from), ()):
            if line.meter in {ANY_METER, row.meter} and line.channel in {"", row.channel}:
                return True
        return self.accepts(row, PRICE_MOVE)

    def accepts(self, row: CardRow, check: str) -> bool:
        """Say whether a reviewed line accepts an imported price for a check."""
        source = row.source.rsplit(" ", 1)[0]
        found = [
            line
            for line in self._accepted.get((row.model_key, check), ())
            if line.at in {ANY, row.valid_from}
            and line.speaks_of(
                source,
                row.channel,
                row.meter,
                row.processing,
                row.service_tier,
                row.geo,
                models=(row.model_key,),
            )
        ]
        self.used.update(found)
        return bool(found)


def describe(row: CardRow) -> str:
    """Name a row so that a person finds it."""
    band = row.ctx_min_tokens + (f"-{row.ctx_max_tokens}" if row.ctx_max_tokens else "+")
    words = [
        row.channel,
        row.model_key,
        row.meter,
        row.processing,
        row.service_tier,
        row.geo,
        *([row.schedule] if row.schedule != "always" else []),
        f"band {band}",
        f"{row.published_price} per {row.published_per}",
        f"from {row.valid_from}" + (f" to {row.valid_to}" if row.valid_to else ""),
        f"({row.source})",
    ]
    return " ".join(words)


def overlaps(rows: Iterable[CardRow]) -> Iterator[Problem]:
    """Find two rows that price the same call; `always` meets every schedule."""
    for group in _grouped(rows, lambda row: row.cell._replace(schedule="")).values():
        group.sort(key=lambda row: row.valid_from)
        for position, row in enumerate(group):
            for other in group[position + 1 :]:
                if other.valid_from >= row.end:
                    break
                if _bands_meet(row, other) and _schedules_meet(row, other):
                    yield Problem("overlap", f"{describe(row)} and {describe(other)}")


def gaps(rows: Iterable[CardRow]) -> Iterator[Problem]:
    """Find days without a price between two periods of one cell."""
    for timeline in _timelines(rows):
        for row, after in pairwise(timeline):
            if row.end < after.valid_from:
                yield Problem(
                    "gap", f"{describe(row)}: no price until {after.valid_from}, then again"
                )


def moves_in_time(rows: Iterable[CardRow], reviewed: Reviewed) -> Iterator[Problem]:
    """Find price changes beyond a factor of two, or to or from zero, that nobody reviewed."""
    for timeline in _timelines(rows):
        for row, after in pairwise(timeline):
            if row.schedule != after.schedule and "always" not in {row.schedule, after.schedule}:
                continue
            if _is_large(row, after) and not reviewed.move(after):
                yield Problem(
                    "price move",
                    f"{describe(after)}: before, {row.published_price} per "
                    f"{row.published_per}; no reviewed line",
                )


def moves_between(
    before: Iterable[CardRow], rows: Iterable[CardRow], reviewed: Reviewed
) -> Iterator[Problem]:
    """Find prices of one and the same day that the new version changes beyond a factor of two."""
    older = {(*row.key, row.valid_from): row for row in before}
    for row in rows:
        was = older.get((*row.key, row.valid_from))
        if was and _is_large(was, row) and not reviewed.move(row):
            yield Problem(
                "restated price",
                f"{describe(row)}: the current version has "
                f"{was.published_price} per {was.published_per}; no reviewed line",
            )


def batch_above_standard(rows: Sequence[CardRow], reviewed: Reviewed) -> Iterator[Problem]:
    """Find batch prices above the realtime ones of the same cell."""
    yield from _dearer(
        rows,
        [row for row in rows if row.processing == "batch"],
        lambda cell: cell._replace(processing="realtime"),
        reviewed,
        BATCH_ABOVE_STANDARD,
    )


def cache_read_above_input(rows: Sequence[CardRow], reviewed: Reviewed) -> Iterator[Problem]:
    """Find cached tokens that cost more than the same tokens uncached."""
    yield from _dearer(
        rows,
        [row for row in rows if row.meter in _UNCACHED_OF],
        lambda cell: cell._replace(meter=_UNCACHED_OF[cell.meter]),
        reviewed,
        CACHE_READ_ABOVE_INPUT,
    )


def too_many_decimals(rows: Iterable[CardRow]) -> Iterator[Problem]:
    """Find published prices with more decimals than a vendor prints."""
    for row in rows:
        if places(Decimal(row.published_price)) > MOST_PUBLISHED_PLACES:
            yield Problem("decimals", describe(row))


def future_not_announced(rows: Iterable[CardRow], built_on: str) -> Iterator[Problem]:
    """Find prices of days to come that claim to be confirmed."""
    for row in rows:
        if row.valid_from > day_start(built_on) and row.status == "confirmed":
            yield Problem("status", f"{describe(row)}: starts after {built_on}, so `announced`")


def withdrawn_priced(rows: Iterable[CardRow], withdrawn: Iterable[Withdrawn]) -> Iterator[Problem]:
    """Find a cancelled announcement that prices calls after all."""
    lines = list(withdrawn)
    for row in rows:
        for line in lines:
            if (
                (row.channel, row.model_key, row.meter)
                == (line.channel, line.model_key, line.meter)
                and Decimal(row.published_price) == Decimal(line.price)
                and row.published_per == str(line.per)
                and (row.processing, row.service_tier, row.geo)
                == ("realtime", "standard", "global")
                and row.end > line.announced_from
            ):
                yield Problem("withdrawn", f"{describe(row)}: {line.note}")


def ambiguous_names(aliases: Iterable[AliasRow]) -> Iterator[Problem]:
    """Find names that mean two models, or one model in two geographies, on one day."""
    for same in _grouped(aliases, lambda row: (row.channel, row.raw_model)).values():
        same.sort(key=lambda row: row.valid_from)
        for row, other in pairwise(same):
            if not row.valid_to or other.valid_from < row.valid_to:
                yield Problem(
                    "name",
                    f"{row.channel} {row.raw_model!r} means {row.model_key} ({row.rule}) "
                    f"and {other.model_key} ({other.rule}) on {other.valid_from or 'every day'}",
                )


def names_without_price(aliases: Iterable[AliasRow], rows: Iterable[CardRow]) -> Iterator[Problem]:
    """Find names of models that the card does not price."""
    priced = {(row.channel, row.model_key) for row in rows}
    for alias in aliases:
        if (alias.channel, alias.model_key) not in priced:
            yield Problem(
                "name",
                f"{alias.channel} {alias.raw_model!r} means {alias.model_key}, which has no price",
            )


def unneeded_reviews(
    reviewed: Iterable[ReviewedImport], needed: set[ReviewedImport]
) -> Iterator[Problem]:
    """Find reviewed lines that no longer let anything pass."""
    for line in reviewed:
        if line not in needed:
            yield Problem(
                "review that is not needed",
                f"{line.action} {line.source} {line.channel} "
                f"{line.model} {line.meter} at {line.at}",
            )


def conflicts(built: BuiltCard) -> list[Conflict]:
    """Return every package price that the card contradicts, without a reason yet."""
    by_cell = _grouped(built.rows, lambda row: row.cell)
    found: dict[tuple[str, ...], Conflict] = {}
    for entry in built.resolved.models.values():
        for offer in entry.offers:
            for row in _opposed(offer, by_cell):
                conflict = _conflict(offer, row)
                found[conflict.key] = conflict
    return sorted(found.values())


def conflict_problems(found: Iterable[Conflict], known: Iterable[Conflict]) -> Iterator[Problem]:
    """Compare the disagreements that exist with the list of the reviewed ones."""
    exist = {conflict.key for conflict in found}
    listed = {conflict.key for conflict in known}
    for key in sorted(exist - listed):
        yield Problem("unlisted conflict", _named_conflict(key))
    for key in sorted(listed - exist):
        yield Problem("conflict that no longer exists", _named_conflict(key))


def coverage_problems(source: BuildInput, built: BuiltCard) -> Iterator[Problem]:
    """Find listed models that are neither priced nor excluded, and exclusions that are wrong."""
    priced = {(row.channel, row.model_key) for row in built.rows}
    excluded = {(line.source, line.channel, line.raw_model): line for line in source.exclusions}
    by_both = _priced_by_both(built.resolved)
    seen = set()
    for model in source.listed:
        identity = (model.source, model.channel, model.raw_model)
        seen.add(identity)
        keys = built.resolved.listed.get(identity, [])
        in_card = any((model.channel, key) in priced for key in keys)
        named = f"{model.source} {model.channel} {model.raw_model}"
        line = excluded.get(identity)
        if line is None and not in_card:
            yield Problem("not covered", f"{named}: no price in the card and no exclusion")
        elif line and in_card:
            yield Problem("exclusion", f"{named}: excluded as {line.reason_code}, yet priced")
        elif line and any((model.channel, key) in by_both for key in keys):
            yield Problem("exclusion", f"{named}: both packages price it")
    for identity in sorted(set(excluded) - seen):
        yield Problem("exclusion", f"{' '.join(identity)}: no source lists it")


def open_exclusions(source: BuildInput, built: BuiltCard) -> list[Exclusion]:
    """Return a line without reason for every listed model that nothing covers."""
    priced = {(row.channel, row.model_key) for row in built.rows}
    known = {(line.source, line.channel, line.raw_model) for line in source.exclusions}
    return [
        Exclusion(model.source, model.channel, model.raw_model, "", "")
        for model in source.listed
        if (model.source, model.channel, model.raw_model) not in known
        and not any(
            (model.channel, key) in priced
            for key in built.resolved.listed.get((model.source, model.channel, model.raw_model), [])
        )
    ]


def _priced_by_both(resolved: Resolved) -> set[tuple[str, str]]:
    both = set()
    for identity, entry in resolved.models.items():
        if {offer.source for offer in entry.offers} >= {genai.SOURCE, litellm.SOURCE}:
            both.add(identity)
    return both


def _opposed(offer: Offer, by_cell: Mapping[Cell, list[CardRow]]) -> Iterator[CardRow]:
    """Yield the card's rows that speak of the offer's calls at its instant with another price."""
    line = offer.line
    # A schedule of one side only is another way of pricing, not another price.
    rows = by_cell.get(line.cell, [])
    if not rows and line.cell.schedule != "always":
        rows = by_cell.get(line.cell._replace(schedule="always"), [])
    for row in rows:
        start = max(int(row.ctx_min_tokens), line.ctx_min)
        ends = [end for end in (row.ctx_max, line.ctx_max) if end is not None]
        in_force = row.valid_from <= offer.compared_at < row.end
        if in_force and (not ends or start < min(ends)) and row.rate != line.rate:
            yield row


def _conflict(offer: Offer, row: CardRow) -> Conflict:
    cell = row.cell
    packages = (azure_retail.SOURCE, genai.SOURCE, litellm.SOURCE)
    layer = next((name for name in packages if _is_from(row, name)), "facts")
    return Conflict(
        cell.channel,
        cell.model_key,
        cell.meter,
        cell.processing,
        cell.service_tier,
        cell.geo,
        row.ctx_min_tokens,
        offer.source,
        _price_text(str(offer.line.price.normalize()), offer.line.per),
        _price_text(row.published_price, int(row.published_per)),
        layer,
        "",
    )


def _is_from(row: CardRow, source: str) -> bool:
    # Imported rows carry the package's name and version as their whole source.
    return row.source.startswith(f"{source} ") and row.source.count(" ") == 1


def _price_text(price: str, per: int) -> str:
    return f"{format(Decimal(price), 'f')} per {per}"


def _named_conflict(key: Sequence[str]) -> str:
    channel, model, meter, processing, tier, geo, start, source, theirs, ours = key
    return (
        f"{channel} {model} {meter} {processing} {tier} {geo} from {start} tokens: "
        f"{source} {theirs}, the card {ours}"
    )


def _is_large(before: CardRow, after: CardRow) -> bool:
    old, new = before.rate, after.rate
    if (old == 0) != (new == 0):
        return True
    return new > old * LARGEST_MOVE or old > new * LARGEST_MOVE


def _dearer(  # type: ignore[no-untyped-def]
    rows: Sequence[CardRow], dear: Sequence[CardRow], other_cell, reviewed: Reviewed, check: str
) -> Iterator[Problem]:
    by_cell = _grouped(rows, lambda row: row.cell)
    for row in dear:
        for other in by_cell.get(other_cell(row.cell), []):
            if (
                _bands_meet(row, other)
                and row.valid_from < other.end
                and other.valid_from < row.end
                and row.rate > other.rate
                and not reviewed.accepts(row, check)
            ):
                yield Problem(
                    check.replace("_", " "),
                    f"{describe(row)} against {describe(other)}",
                )


def _bands_meet(row: CardRow, other: CardRow) -> bool:
    return (other.ctx_max is None or int(row.ctx_min_tokens) < other.ctx_max) and (
        row.ctx_max is None or int(other.ctx_min_tokens) < row.ctx_max
    )


def _schedules_meet(row: CardRow, other: CardRow) -> bool:
    return row.schedule == other.schedule or "always" in {row.schedule, other.schedule}


def _timelines(rows: Iterable[CardRow]) -> Iterator[list[CardRow]]:
    """Yield the rows of one cell and band in time; a schedule follows and precedes `always`."""

    def place(row: CardRow) -> tuple[Cell, str]:
        return row.cell._replace(schedule=""), row.ctx_min_tokens

    for group in _grouped(rows, place).values():
        schedules = {row.schedule for row in group} - {"always"} or {"always"}
        for schedule in sorted(schedules):
            timeline = [row for row in group if row.schedule in {schedule, "always"}]
            yield sorted(timeline, key=lambda row: row.valid_from)


def _grouped(rows, place):  # type: ignore[no-untyped-def]
    groups = defaultdict(list)
    for row in rows:
        groups[place(row)].append(row)
    return groups
