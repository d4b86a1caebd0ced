"""The hand-typed price facts, read strictly: an unknown field, word or date is an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.card import Cell, Line
from dagster_project.rates.exact import parse, times
from dagster_project.rates.vocabulary import (
    CHANNELS,
    METERS,
    NO_MODEL,
    PROCESSINGS,
    SCHEDULES,
    SERVICE_TIERS,
    STATUSES,
    TOKEN_METERS,
    TOKEN_NAMES,
    is_geo,
    is_instant,
)

_FILE_FIELDS = {"channel", "provider", "sources", "models", "withdrawn", "reviewed_moves"}
_MODEL_FIELDS = {
    "model",
    "product",
    "aliases",
    "channel",
    "provider",
    "from",
    "to",
    "from_known",
    "source",
    "status",
    "note",
    "uplifts",
    "prices",
    "fees",
}
_PRICE_FIELDS = {
    "mtok",
    "ctx",
    "processing",
    "service_tier",
    "geo",
    "schedule",
    "from",
    "to",
    "from_known",
    "status",
    "source",
    "note",
    "same_as",
    "factor",
}
_FEE_FIELDS = {
    "meter",
    "price",
    "per",
    "from",
    "to",
    "from_known",
    "processing",
    "service_tier",
    "geo",
    "status",
    "source",
    "note",
}
_UPLIFT_FIELDS = {"geo", "factor", "from", "to", "note", "source", "status", "service_tier"}
_ALIAS_FIELDS = {"name", "valid_from", "valid_to", "note", "geo"}
# The safe loader in C where libyaml is there: 0.3 s instead of 3 s for all facts.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MILLION = 1_000_000
ANY_METER = "*"


@dataclass(frozen=True)
class Fee:
    """A price that is repeated for every combination of the model's token prices."""

    channel: str
    model_key: str
    provider: str
    meter: str
    price: Decimal
    per: int
    valid_from: str
    valid_to: str = ""
    valid_from_known: bool = True
    processing: str = ""
    service_tier: str = ""
    geo: str = ""
    status: str = "confirmed"
    source: str = ""
    read_on: str = ""
    note: str = ""
    layer: str = "facts"


@dataclass(frozen=True)
class FactAlias:
    """Another name of a model, from a day to a day (half-open) where the name moved."""

    name: str
    valid_from: str = ""
    valid_to: str = ""
    note: str = ""
    geo: str = ""


@dataclass(frozen=True)
class FactModel:
    """A model whose prices were read at the vendor."""

    channel: str
    provider: str
    model_key: str
    valid_from: str
    valid_from_known: bool
    aliases: tuple[FactAlias, ...]
    lines: tuple[Line, ...]
    fees: tuple[Fee, ...]


@dataclass(frozen=True)
class Withdrawn:
    """A price that was announced and then cancelled: a record, never a rate."""

    channel: str
    model_key: str
    meter: str
    price: str
    per: int
    announced_from: str
    source: str
    note: str


@dataclass(frozen=True)
class ReviewedMove:
    """The published reason of a price move or of a price that looks wrong and is right."""

    model_key: str
    meter: str
    at: str
    note: str
    channel: str = ""


@dataclass
class FactBook:
    """All facts files together."""

    models: list[FactModel] = field(default_factory=list)
    withdrawn: list[Withdrawn] = field(default_factory=list)
    reviewed_moves: list[ReviewedMove] = field(default_factory=list)


@dataclass(frozen=True)
class _Source:
    title: str
    read_on: str


@dataclass(frozen=True)
class _Scope:
    """The defaults an entry inherits, and where it stands for error messages."""

    where: str
    sources: Mapping[str, _Source]
    channel: str
    provider: str
    model_key: str = ""
    valid_from: str = ""
    valid_to: str = ""
    valid_from_known: bool = True
    source: str = ""
    status: str = "confirmed"


def load_facts(folder: Path) -> FactBook:
    """Read every facts file of a folder, in the order of their names."""
    book = FactBook()
    for path in sorted(folder.glob("*.yml")):
        try:
            document = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
        except yaml.YAMLError as error:
            raise ConfigurationError(f"{path.name}: {error}") from error
        if document is not None:
            _read_file(book, path.name, document)
    seen: dict[tuple[str, str], str] = {}
    for model in book.models:
        if model.model_key != NO_MODEL and (model.channel, model.model_key) in seen:
            raise ConfigurationError(
                f"facts: {model.model_key} of channel {model.channel} is written twice"
            )
        seen[model.channel, model.model_key] = model.model_key
    return book


def _read_file(book: FactBook, name: str, document: Any) -> None:
    document = _mapping(document, name, _FILE_FIELDS)
    sources = {}
    for source_id, raw in _mapping(document.get("sources", {}), f"{name} sources").items():
        where = f"{name} sources.{source_id}"
        entry = _mapping(raw, where, {"title", "ref", "read_on", "note"})
        title, ref = _text(entry, "title", where), _text(entry, "ref", where)
        sources[source_id] = _Source(f"{title} {ref}", _day(entry, "read_on", where))
    scope = _Scope(
        name, sources, str(document.get("channel", "")), str(document.get("provider", ""))
    )
    for position, entry in enumerate(_list(document.get("models"), f"{name} models"), start=1):
        book.models.append(_read_model(scope, position, entry))
    for entry in _list(document.get("withdrawn"), f"{name} withdrawn"):
        book.withdrawn.append(_read_withdrawn(scope, entry))
    for entry in _list(document.get("reviewed_moves"), f"{name} reviewed_moves"):
        book.reviewed_moves.append(_read_move(scope, entry))


def _read_model(scope: _Scope, position: int, entry: Any) -> FactModel:
    where = f"{scope.where} models[{position}]"
    entry = _mapping(entry, where, _MODEL_FIELDS)
    key = entry.get("model", entry.get("product"))
    if not isinstance(key, str) or not key or ("model" in entry) == ("product" in entry):
        raise ConfigurationError(f"{where}: name it by `model` or by `product`, one of them")
    where = f"{scope.where} {key}"
    scope = replace(
        scope,
        where=where,
        model_key=key,
        channel=str(entry.get("channel", scope.channel)),
        provider=str(entry.get("provider", scope.provider)),
        valid_from=_instant(entry, "from", where),
        valid_to=_instant(entry, "to", where),
        valid_from_known=_flag(entry, "from_known", where, True),
        source=str(entry.get("source", "")),
        status=_word(entry, "status", where, STATUSES, "confirmed"),
    )
    if scope.channel not in CHANNELS:
        raise ConfigurationError(f"{where}: channel {scope.channel!r} is not one of the card")
    if not scope.provider:
        raise ConfigurationError(f"{where}: provider is missing")
    lines = _read_prices(scope, _list(entry.get("prices"), f"{where} prices"))
    for number, uplift in enumerate(_list(entry.get("uplifts"), f"{where} uplifts"), start=1):
        lines += _uplifted(scope, f"{where} uplifts[{number}]", uplift, lines)
    fees = _read_fees(scope, entry.get("fees"))
    aliases = [_read_alias(where, alias) for alias in _list(entry.get("aliases"), where)]
    starts = [line.valid_from for line in lines] + [fee.valid_from for fee in fees]
    start = scope.valid_from or min(starts, default="")
    return FactModel(
        scope.channel,
        scope.provider,
        key,
        start,
        scope.valid_from_known,
        tuple(aliases),
        tuple(lines),
        tuple(fees),
    )


def _read_alias(where: str, entry: Any) -> FactAlias:
    if isinstance(entry, str):
        return FactAlias(entry)
    entry = _mapping(entry, f"{where} aliases", _ALIAS_FIELDS)
    name = _text(entry, "name", f"{where} aliases")
    return FactAlias(
        name,
        _day(entry, "valid_from", f"{where} alias {name}"),
        _day(entry, "valid_to", f"{where} alias {name}"),
        str(entry.get("note", "")),
        str(entry.get("geo", "")),
    )


def _read_prices(scope: _Scope, entries: Sequence[Any]) -> list[Line]:
    """Read priced entries first, then the ones that copy or scale them."""
    lines: list[Line] = []
    copies = []
    for number, raw in enumerate(entries, start=1):
        where = f"{scope.where} prices[{number}]"
        entry = _mapping(raw, where, _PRICE_FIELDS)
        kinds = [name for name in ("mtok", "same_as", "factor") if name in entry]
        if len(kinds) != 1:
            raise ConfigurationError(f"{where}: give exactly one of mtok, same_as, factor")
        if kinds == ["mtok"]:
            lines += _priced_lines(scope, where, entry)
        else:
            copies.append((where, entry))
    # A scaled batch may itself be copied to flex: factors before copies.
    for where, entry in sorted(copies, key=lambda item: "same_as" in item[1]):
        lines += _copied_lines(scope, where, entry, lines)
    return lines


def _priced_lines(scope: _Scope, where: str, entry: Mapping[str, Any]) -> list[Line]:
    ctx_min, ctx_max = _band(entry, where)
    source, read_on = _source(scope, entry, where)
    lines = []
    prices = _mapping(entry["mtok"], f"{where} mtok", set(TOKEN_NAMES))
    for name, text in prices.items():
        lines.append(
            Line(
                provider=scope.provider,
                cell=_cell(scope, entry, where, TOKEN_NAMES[name]),
                ctx_min=ctx_min,
                ctx_max=ctx_max,
                price=parse(text, f"{where} {name}"),
                per=_MILLION,
                valid_from=_start(scope, entry, where),
                valid_to=_instant(entry, "to", where) or scope.valid_to,
                valid_from_known=_is_known(scope, entry, where),
                status=_word(entry, "status", where, STATUSES, scope.status),
                source=source,
                read_on=read_on,
                note=str(entry.get("note", "")),
            )
        )
    return lines


def _copied_lines(
    scope: _Scope, where: str, entry: Mapping[str, Any], lines: Iterable[Line]
) -> list[Line]:
    """Copy batch, flex … entries to another tier, or scale realtime standard into a new one."""
    origin = _word(entry, "same_as", where, (*PROCESSINGS, *SERVICE_TIERS), "realtime")
    from_combination = (origin, "standard") if origin in PROCESSINGS else ("realtime", origin)
    factor = parse(entry["factor"], f"{where} factor") if "factor" in entry else Decimal(1)
    target = _cell(scope, entry, where, "output_tokens")
    geos = (target.geo,) if "geo" in entry else ()
    copies = []
    for line in lines:
        cell = line.cell
        if (cell.processing, cell.service_tier) != from_combination or not line.is_token:
            continue
        if (cell.processing, cell.service_tier, cell.geo) == (
            target.processing,
            target.service_tier,
            target.geo,
        ):
            raise ConfigurationError(f"{where}: the copy has the combination it is copied from")
        copies += _clipped(
            replace(
                line,
                cell=cell._replace(
                    processing=target.processing,
                    service_tier=target.service_tier,
                    geo=geos[0] if geos else cell.geo,
                ),
                price=times(line.price, factor),
            ),
            scope,
            entry,
            where,
        )
    if not copies:
        raise ConfigurationError(f"{where}: there is nothing to copy")
    return copies


def _clipped(line: Line, scope: _Scope, entry: Mapping[str, Any], where: str) -> list[Line]:
    """Cut a copied line to the entry's period and give it the entry's own source and note."""
    start = max(line.valid_from, _instant(entry, "from", where))
    end = min(line.end, _instant(entry, "to", where) or line.end)
    if start >= end:
        return []
    changes: dict[str, Any] = {"valid_from": start}
    if end != line.end:
        changes["valid_to"] = end
    if start != line.valid_from or "from_known" in entry:
        changes["valid_from_known"] = _flag(entry, "from_known", where, True)
    if "source" in entry:
        changes["source"], changes["read_on"] = _source(scope, entry, where)
    if "status" in entry:
        changes["status"] = _word(entry, "status", where, STATUSES, "confirmed")
    if "note" in entry:
        changes["note"] = "; ".join(part for part in (line.note, str(entry["note"])) if part)
    return [replace(line, **changes)]


def _uplifted(scope: _Scope, where: str, raw: Any, lines: Iterable[Line]) -> list[Line]:
    """Copy every token price of the global geography at another one, times a factor."""
    entry = _mapping(raw, where, _UPLIFT_FIELDS)
    geo = _text(entry, "geo", where)
    if not is_geo(geo):
        raise ConfigurationError(f"{where}: {geo!r} is not a geography")
    factor = parse(entry.get("factor", ""), f"{where} factor")
    tier = entry.get("service_tier")
    copies = []
    for line in lines:
        if line.cell.geo == "global" and (not tier or line.cell.service_tier == tier):
            copy = replace(line, cell=line.cell._replace(geo=geo), price=times(line.price, factor))
            copies += _clipped(copy, scope, entry, where)
    return copies


def _read_fees(scope: _Scope, raw: Any) -> list[Fee]:
    if raw is None:
        return []
    where = f"{scope.where} fees"
    if isinstance(raw, Mapping):
        entries: list[Any] = []
        for meter, pair in raw.items():
            if not isinstance(pair, list) or len(pair) != 2:
                raise ConfigurationError(f"{where} {meter}: write it as [price, per]")
            entries.append({"meter": meter, "price": pair[0], "per": pair[1]})
    else:
        entries = _list(raw, where)
    return [_read_fee(scope, where, entry) for entry in entries]


def _read_fee(scope: _Scope, where: str, raw: Any) -> Fee:
    entry = _mapping(raw, where, _FEE_FIELDS)
    meter = _text(entry, "meter", where)
    where = f"{where} {meter}"
    if meter not in METERS or meter in TOKEN_METERS:
        raise ConfigurationError(f"{where}: no such meter beside the token meters")
    per = entry.get("per")
    if not isinstance(per, int) or per <= 0:
        raise ConfigurationError(f"{where}: `per` is a whole number of units, not {per!r}")
    source, read_on = _source(scope, entry, where)
    geo = str(entry.get("geo", ""))
    if geo and not is_geo(geo):
        raise ConfigurationError(f"{where}: {geo!r} is not a geography")
    return Fee(
        scope.channel,
        scope.model_key,
        scope.provider,
        meter,
        parse(entry.get("price", ""), where),
        per,
        _start(scope, entry, where),
        _instant(entry, "to", where) or scope.valid_to,
        _is_known(scope, entry, where),
        _word(entry, "processing", where, PROCESSINGS, ""),
        _word(entry, "service_tier", where, SERVICE_TIERS, ""),
        geo,
        _word(entry, "status", where, STATUSES, scope.status),
        source,
        read_on,
        str(entry.get("note", "")),
    )


def _read_withdrawn(scope: _Scope, raw: Any) -> Withdrawn:
    where = f"{scope.where} withdrawn"
    entry = _mapping(
        raw,
        where,
        {"model", "channel", "meter", "price", "per", "announced_from", "source", "note"},
    )
    source, _ = _source(scope, entry, where)
    parse(entry.get("price", ""), where)
    return Withdrawn(
        str(entry.get("channel", scope.channel)),
        _text(entry, "model", where),
        _text(entry, "meter", where),
        str(entry["price"]),
        int(entry.get("per", _MILLION)),
        _instant(entry, "announced_from", where),
        source,
        str(entry.get("note", "")),
    )


def _read_move(scope: _Scope, raw: Any) -> ReviewedMove:
    where = f"{scope.where} reviewed_moves"
    entry = _mapping(raw, where, {"model", "channel", "meter", "at", "note", "source"})
    # Without a meter the line speaks of every price of the model at that instant.
    meter = str(entry.get("meter", ANY_METER))
    if meter != ANY_METER and meter not in METERS:
        raise ConfigurationError(f"{where}: {meter!r} is not a meter")
    return ReviewedMove(
        _text(entry, "model", where),
        meter,
        _instant(entry, "at", where),
        _text(entry, "note", where),
        str(entry.get("channel", scope.channel)),
    )


def _cell(scope: _Scope, entry: Mapping[str, Any], where: str, meter: str) -> Cell:
    geo = str(entry.get("geo", "global"))
    if not is_geo(geo):
        raise ConfigurationError(f"{where}: {geo!r} is not a geography")
    return Cell(
        scope.channel,
        scope.model_key,
        meter,
        _word(entry, "processing", where, PROCESSINGS, "realtime"),
        _word(entry, "service_tier", where, SERVICE_TIERS, "standard"),
        geo,
        _word(entry, "schedule", where, SCHEDULES, "always"),
    )


def _band(entry: Mapping[str, Any], where: str) -> tuple[int, int | None]:
    """Return inclusive start and exclusive end of the vendor's inclusive bounds."""
    bounds = entry.get("ctx", [0, None])
    if not isinstance(bounds, list) or len(bounds) != 2 or not isinstance(bounds[0], int):
        raise ConfigurationError(f"{where}: write ctx as [first, last], null for no limit")
    last = bounds[1]
    if last is not None and (not isinstance(last, int) or last < bounds[0]):
        raise ConfigurationError(f"{where}: ctx ends before it starts")
    return bounds[0], None if last is None else last + 1


def _start(scope: _Scope, entry: Mapping[str, Any], where: str) -> str:
    start = _instant(entry, "from", where) or scope.valid_from
    if not start:
        raise ConfigurationError(f"{where}: `from` is missing here and at the model")
    return start


def _is_known(scope: _Scope, entry: Mapping[str, Any], where: str) -> bool:
    default = True if "from" in entry else scope.valid_from_known
    return _flag(entry, "from_known", where, default)


def _source(scope: _Scope, entry: Mapping[str, Any], where: str) -> tuple[str, str]:
    source_id = str(entry.get("source", scope.source))
    if source_id not in scope.sources:
        raise ConfigurationError(f"{where}: source {source_id!r} is not among the file's sources")
    found = scope.sources[source_id]
    return found.title, found.read_on


def _mapping(value: Any, where: str, allowed: set[str] | None = None) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where}: expected fields, found {value!r}")
    if allowed is not None and (unknown := sorted(set(map(str, value)) - allowed)):
        raise ConfigurationError(f"{where}: unknown field {unknown[0]!r}")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ConfigurationError(f"{where}: expected a list, found {value!r}")
    return value


def _text(entry: Mapping[str, Any], name: str, where: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{where}: {name} is missing")
    return value


def _word(
    entry: Mapping[str, Any], name: str, where: str, words: Iterable[str], default: str
) -> str:
    value = entry.get(name, default)
    allowed = tuple(words)
    if value != default and value not in allowed:
        raise ConfigurationError(f"{where}: {name} {value!r} is not one of {', '.join(allowed)}")
    return str(value)


def _flag(entry: Mapping[str, Any], name: str, where: str, default: bool) -> bool:
    value = entry.get(name, default)
    if not isinstance(value, bool):
        raise ConfigurationError(f"{where}: {name} is true or false, not {value!r}")
    return value


def _instant(entry: Mapping[str, Any], name: str, where: str) -> str:
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or not is_instant(value):
        raise ConfigurationError(
            f'{where}: {name} is written as "2026-08-16T16:00:00Z" in quotes, not {value!r}'
        )
    return value


def _day(entry: Mapping[str, Any], name: str, where: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str) or (value and not is_instant(f"{value}T00:00:00Z")):
        raise ConfigurationError(f'{where}: {name} is written as "2026-09-30" in quotes')
    return value
