"""Facts before genai-prices before LiteLLM: one price per cell, and who else names one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from dagster_project.rates.card import OPEN_END, Cell, Line
from dagster_project.rates.facts import Fee
from dagster_project.rates.imports import azure_retail, genai, litellm
from dagster_project.rates.imports.first_seen import FirstSeen
from dagster_project.rates.imports.rows import ImportRow
from dagster_project.rates.names import FactNames, GenaiLabels, fact_names, genai_labels
from dagster_project.rates.snapshot_dates import snapshot_date
from dagster_project.rates.sources import BuildInput, ReviewedImport
from dagster_project.rates.vocabulary import NO_MODEL, day_start, just_before

# Azure's own meters before the packages that people keep.
_PACKAGES = (azure_retail.SOURCE, genai.SOURCE, litellm.SOURCE)

# Within LiteLLM one model may stand under several ids; the vendor's own channel comes first.
_PREFERRED = {
    "google": ("gemini/", "", "vertex_ai/"),
    "azure": ("azure/", "azure_ai/"),
    "aws": ("", "bedrock/", "bedrock_mantle/"),
    "deepseek": ("deepseek/", ""),
}


@dataclass(frozen=True)
class Offer:
    """A package's price for a model of the card."""

    line: Line
    raw_model: str
    source: str
    rank: int
    # The instant at which this price is compared with the card.
    compared_at: str

    @property
    def owner(self) -> tuple[str, int, str]:
        """Return who speaks: offers sort by it, and the first one of a cell owns the cell."""
        return (self.source, self.rank, self.raw_model)


@dataclass
class ModelOffers:
    """All that is known about one model of one channel."""

    channel: str
    model_key: str
    provider: str
    lines: list[Line] = field(default_factory=list)
    fees: list[Fee] = field(default_factory=list)
    starts_at: str = ""
    ends_at: str = ""
    is_fact: bool = False
    offers: list[Offer] = field(default_factory=list)


@dataclass
class Resolved:
    """Models by channel and key, and the names that packages use for them."""

    facts: FactNames
    models: dict[tuple[str, str], ModelOffers] = field(default_factory=dict)
    labels: GenaiLabels = field(default_factory=GenaiLabels)
    # (source, channel, its id) -> keys it speaks about
    listed: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    # reviewed lines that rejected something
    used_reviews: set[ReviewedImport] = field(default_factory=set)


def resolve(source: BuildInput) -> Resolved:
    """Bring facts and packages together by model."""
    collector = _Collector(source)
    collector.add_facts()
    collector.add_direct(azure_retail.SOURCE, source.azure)
    collector.add_direct(litellm.SOURCE, source.litellm)
    collector.add_genai()
    for entry in collector.resolved.models.values():
        entry.offers.sort(key=_offer_order)
    return collector.resolved


def merge(entry: ModelOffers) -> ModelOffers:
    """Fill what the facts leave out, cell by cell; the first layer that has a cell owns it."""
    owned = {_loose(line.cell) for line in entry.lines}
    owned |= {_loose(_fee_cell(fee)) for fee in entry.fees}
    fact_fees = {fee.meter for fee in entry.fees}
    agree = _packages_agree(entry.offers)
    lines, fees = list(entry.lines), list(entry.fees)
    owners: dict[Cell, tuple[str, int, str]] = {}
    taken: dict[Cell, list[Line]] = defaultdict(list)
    for offer in entry.offers:
        cell = _loose(offer.line.cell)
        if cell in owned or (not offer.line.is_token and cell.meter in fact_fees):
            continue
        if owners.setdefault(cell, offer.owner) == offer.owner:
            taken[cell].append(offer.line)
    for imported in taken.values():
        for line in _coalesced(imported):
            found = _within_life(entry, replace(line, status=_status(entry, line, agree)))
            if found is None:
                continue
            if found.is_token:
                lines.append(found)
            else:
                fees.append(_as_fee(entry, found))
    return replace(entry, lines=lines, fees=fees)


def _loose(cell: Cell) -> Cell:
    # A model priced by the hour of day in one source is not priced for all day by another.
    return cell._replace(schedule="always")


def _fee_cell(fee: Fee) -> Cell:
    return Cell(
        fee.channel,
        fee.model_key,
        fee.meter,
        fee.processing or "realtime",
        fee.service_tier or "standard",
        fee.geo or "global",
        "always",
    )


def _offer_order(offer: Offer) -> tuple[object, ...]:
    line = offer.line
    return (_PACKAGES.index(offer.source), *offer.owner, line.cell, line.ctx_min, line.valid_from)


def _packages_agree(offers: Sequence[Offer]) -> bool:
    """Say whether two packages name the same input and output price, and none another one."""
    prices: dict[tuple[Cell, int], dict[str, Fraction]] = defaultdict(dict)
    for offer in offers:
        cell = offer.line.cell
        is_main = (
            cell.meter in {"input_uncached_tokens", "output_tokens"} or not offer.line.is_token
        )
        if is_main and offer.line.holds(offer.compared_at):
            prices[cell, offer.line.ctx_min].setdefault(offer.source, offer.line.rate)
    shared = [by_source for by_source in prices.values() if len(by_source) > 1]
    return bool(shared) and all(len(set(by_source.values())) == 1 for by_source in shared)


def _status(entry: ModelOffers, line: Line, agree: bool) -> str:
    """Confirmed where both packages name this very price and agree on the model."""
    if line.status == "announced":
        return "announced"
    sources = {
        offer.source
        for offer in entry.offers
        if offer.line.cell == line.cell
        and offer.line.rate == line.rate
        and offer.line.covers(line.ctx_min)
    }
    return "confirmed" if agree and len(sources) > 1 else "assumed"


def _within_life(entry: ModelOffers, line: Line) -> Line | None:
    """Cut an imported line to the life of the model that the facts tell."""
    if not entry.is_fact:
        return line
    start = max(line.valid_from, entry.starts_at)
    end = min(line.end, entry.ends_at or line.end)
    if start >= end:
        return None
    return replace(line, valid_from=start, valid_to="" if end == OPEN_END else end)


def _as_fee(entry: ModelOffers, line: Line) -> Fee:
    # Bedrock and Azure price by geography; elsewhere one fee holds everywhere.
    geo = line.cell.geo if entry.channel in {"aws", "azure"} else ""
    return Fee(
        entry.channel,
        entry.model_key,
        entry.provider,
        line.cell.meter,
        line.price,
        line.per,
        line.valid_from,
        line.valid_to,
        line.valid_from_known,
        "batch" if line.cell.processing == "batch" else "",
        "",
        geo,
        line.status,
        line.source,
        line.read_on,
        line.note,
        line.layer,
    )


def _coalesced(lines: list[Line]) -> list[Line]:
    """Join periods that follow one another at the same price."""
    joined: list[Line] = []
    for line in sorted(lines, key=lambda item: (item.cell, item.ctx_min, item.valid_from)):
        last = joined[-1] if joined else None
        if (
            last
            and (last.cell, last.ctx_min, last.ctx_max) == (line.cell, line.ctx_min, line.ctx_max)
            and last.valid_to == line.valid_from
            and (last.price, last.per) == (line.price, line.per)
        ):
            joined[-1] = replace(last, valid_to=line.valid_to)
        else:
            joined.append(line)
    return joined


class _Bounds:
    """The first-seen bounds, by source and model."""

    def __init__(self, seen: Iterable[FirstSeen]) -> None:
        self.models: dict[tuple[str, str], list[FirstSeen]] = defaultdict(list)
        self.prices: dict[tuple[str, ...], FirstSeen] = {}
        for line in seen:
            if line.meter:
                self.prices[
                    line.source,
                    line.channel,
                    line.model_key,
                    line.meter,
                    line.processing,
                    line.service_tier,
                    line.geo,
                    line.schedule,
                    line.ctx_min_tokens,
                    line.price,
                ] = line
            else:
                self.models[line.channel, line.model_key].append(line)

    def model(self, channel: str, names: Iterable[str]) -> tuple[str, str]:
        """Return the earliest known start of a model under any of its names, and why."""
        found = [line for name in names for line in self.models.get((channel, name), ())]
        if not found:
            return "", ""
        line = min(found, key=lambda item: (item.first_on, item.starts_on, item.source))
        if line.before_on:
            note = (
                f"first seen in {line.source} {line.first_version} of {line.first_on}, "
                f"not yet in {line.before_version} of {line.before_on}"
            )
        else:
            note = (
                f"in force when first seen, {line.source} {line.first_version} of {line.first_on}"
            )
        return day_start(line.starts_on), note

    def price(self, row: ImportRow) -> FirstSeen | None:
        """Return the bound of a price that an older release shows differently."""
        return self.prices.get(
            (
                row.source,
                row.channel,
                row.model_key,
                row.meter,
                row.processing,
                row.service_tier,
                row.geo,
                row.schedule,
                row.ctx_min_tokens,
                f"{row.price}/{row.per}",
            )
        )


class _Collector:
    """Adds facts and packages to the models one after the other."""

    def __init__(self, source: BuildInput) -> None:
        self.source = source
        self.resolved = Resolved(fact_names(source.facts))
        self.bounds = _Bounds(source.first_seen)
        self._rejects = [line for line in source.reviewed_imports if line.action == "reject"]

    def add_facts(self) -> None:
        """Add the prices read at the vendors."""
        models = self.resolved.models
        for model in self.source.facts.models:
            identity = (model.channel, model.model_key)
            entry = models.setdefault(
                identity,
                ModelOffers(model.channel, model.model_key, model.provider, is_fact=True),
            )
            entry.lines += model.lines
            entry.fees += model.fees
            starts = filter(None, (entry.starts_at, model.valid_from))
            entry.starts_at = min(starts, default="")
            ends = [line.valid_to for line in entry.lines]
            entry.ends_at = max(ends) if ends and all(ends) else ""

    def add_direct(self, package: str, rows: Iterable[ImportRow]) -> None:
        """Add a package whose ids are model names themselves."""
        release = self.source.released_on(package)
        keys: dict[tuple[str, str], str | None] = {}
        for model in self.source.listed:
            if model.source == package:
                key = self._key(model.channel, model.model_key, release)
                keys[model.channel, model.model_key] = key
                identity = (package, model.channel, model.raw_model)
                self.resolved.listed[identity] = [key] if key else []
        for row in rows:
            key = keys.get((row.channel, row.model_key), row.model_key)
            if key:
                self._add_offer(row, key, (row.geo,))

    def add_genai(self) -> None:
        """Add genai-prices, whose labels stand for several names."""
        release = self.source.released_on(genai.SOURCE)
        known: dict[str, set[str]] = defaultdict(set)
        geos: dict[str, set[str]] = defaultdict(set)
        for channel, name in (*self.resolved.facts.models, *self.resolved.facts.aliases):
            known[channel].add(name)
        for row in self.source.litellm:
            known[row.channel].add(row.model_key)
            if row.channel == "aws":
                geos[row.model_key].add(row.geo)
        labels = genai_labels(self.source.genai_names, known, geos)
        self.resolved.labels = labels
        for (channel, label), targets in labels.targets.items():
            found = {self._key(channel, target.model_key, release) for target in targets}
            keys = sorted(key for key in found if key)
            self.resolved.listed[genai.SOURCE, channel, label] = keys
        for row in self.source.genai:
            for target in labels.targets.get((row.channel, row.raw_model), ()):
                key = self._key(row.channel, target.model_key, release)
                if key:
                    self._add_offer(row, key, target.geos or (row.geo,))

    def _key(self, channel: str, name: str, day: str) -> str | None:
        """Return the fact model a name means; the name itself where the facts do not use it."""
        if self.resolved.facts.knows(channel, name):
            return self.resolved.facts.key(channel, name, day)
        return name

    def _is_rejected(self, row: ImportRow, key: str, geo: str) -> bool:
        """Say whether a reviewed line rejects this price, and remember that it was needed."""
        values = (
            row.source,
            row.channel,
            row.meter,
            row.processing,
            row.service_tier,
            geo,
        )
        found = [
            line for line in self._rejects if line.speaks_of(*values, models=(key, row.raw_model))
        ]
        self.resolved.used_reviews.update(found)
        return bool(found)

    def _add_offer(self, row: ImportRow, key: str, geos: tuple[str, ...]) -> None:
        if row.model_key == NO_MODEL:
            key = NO_MODEL
        entry = self.resolved.models.setdefault(
            (row.channel, key), ModelOffers(row.channel, key, row.provider)
        )
        start, known, note = self._start(entry, row)
        if row.valid_to and start >= row.valid_to:
            return
        release = day_start(self.source.released_on(row.source))
        compared_at = row.valid_from or release
        if row.valid_to and not row.valid_from:
            # A price without a start of its own is compared at its last second.
            compared_at = just_before(row.valid_to)
        for geo in geos:
            if self._is_rejected(row, key, geo):
                continue
            line = Line(
                provider=entry.provider,
                cell=Cell(
                    row.channel,
                    key,
                    row.meter,
                    row.processing,
                    row.service_tier,
                    geo,
                    row.schedule,
                ),
                ctx_min=int(row.ctx_min_tokens),
                ctx_max=int(row.ctx_max_tokens) if row.ctx_max_tokens else None,
                price=Decimal(row.price),
                per=int(row.per),
                valid_from=start,
                valid_to=row.valid_to,
                valid_from_known=known,
                status="announced" if start > release else "assumed",
                source=f"{row.source} {self.source.version_of(row.source)}",
                read_on=str(self.source.sources.get(row.source, {}).get("read_on", "")),
                note=note,
                layer=row.source,
            )
            entry.offers.append(Offer(line, row.raw_model, row.source, _rank(row), compared_at))

    def _start(self, entry: ModelOffers, row: ImportRow) -> tuple[str, bool, str]:
        """Return where a price starts, whether the day is known, and the bound it rests on."""
        if row.valid_from:
            return row.valid_from, True, "dated by the package"
        if entry.is_fact:
            start, note = entry.starts_at, "from the model's first day in the facts"
        else:
            start, note = self._first_day(entry, row)
        bound = self.bounds.price(row)
        if bound and day_start(bound.starts_on) > start:
            later = day_start(bound.starts_on)
            if not row.valid_to or later < row.valid_to:
                start = later
                note = (
                    f"{bound.before_price.replace('/', ' per ')} in {bound.source} "
                    f"{bound.before_version} of {bound.before_on}; earlier days are not priced"
                )
        return start, False, note

    def _first_day(self, entry: ModelOffers, row: ImportRow) -> tuple[str, str]:
        """Return the first day of a model that only packages know."""
        if day := snapshot_date(entry.model_key):
            return day_start(day), "snapshot date in the name"
        names = (row.model_key, entry.model_key, row.raw_model)
        start, note = self.bounds.model(row.channel, names)
        if start:
            return start, note
        release = self.source.released_on(row.source)
        return day_start(release), f"first seen in {row.source} of {release}"


def _rank(row: ImportRow) -> int:
    if row.source != litellm.SOURCE:
        return 0
    prefixes = _PREFERRED.get(row.channel, ("",))
    for rank, prefix in enumerate(prefixes):
        if prefix and row.raw_model.startswith(prefix):
            return rank
    return prefixes.index("") if "" in prefixes else len(prefixes)
