"""The price history of one model as a table for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.card import OPEN_END, AliasRow, CardRow
from dagster_project.rates.exact import plain
from dagster_project.rates.vocabulary import TOKEN_METERS

_SHORT = {
    "input_uncached_tokens": "input",
    "input_cache_read_tokens": "cache read",
    "input_cache_write_5m_tokens": "write 5m",
    "input_cache_write_30m_tokens": "write 30m",
    "input_cache_write_1h_tokens": "write 1h",
    "input_cache_write_12h_tokens": "write 12h",
    "output_tokens": "output",
    "input_audio_tokens": "audio in",
    "input_audio_cache_read_tokens": "audio read",
    "input_image_tokens": "image in",
    "input_image_cache_read_tokens": "image read",
    "output_audio_tokens": "audio out",
    "output_image_tokens": "image out",
}
_MILLION = 1_000_000

_Key = tuple[str, str, str, str, str, str]


def models_named(
    aliases: Iterable[AliasRow], name: str, channel: str | None
) -> list[tuple[str, str, AliasRow]]:
    """Return channel, model key and alias row of every model that a name may mean."""
    found = {}
    for alias in aliases:
        if alias.raw_model == name and channel in {None, alias.channel}:
            found[alias.channel, alias.model_key, alias.valid_from] = alias
    return [(key[0], key[1], alias) for key, alias in sorted(found.items())]


def price_table(
    rows: Sequence[CardRow], aliases: Sequence[AliasRow], name: str, at: str, channel: str | None
) -> str:
    """Return the prices of a model: its whole history, or what holds at one instant."""
    named = models_named(aliases, name, channel)
    if not named:
        where = f" of channel {channel}" if channel else ""
        raise ConfigurationError(
            f"the rate card knows no model {name!r}{where}; names match exactly, "
            f"near ones are {', '.join(_near(aliases, name)) or 'none'}"
        )
    if at:
        named = [
            (owner, key, alias)
            for owner, key, alias in named
            if alias.valid_from <= at[:10] and (not alias.valid_to or at[:10] < alias.valid_to)
        ]
    parts = []
    for owner, key, alias in named:
        mine = [row for row in rows if (row.channel, row.model_key) == (owner, key)]
        if at:
            mine = [row for row in mine if row.valid_from <= at < row.end]
        title = _title(alias, name)
        parts.append(_one_model(title, mine) if mine else f"{title}\nno price at {at}")
    return "\n\n".join(parts) if parts else f"{name} meant no model on {at[:10]}"


def _title(alias: AliasRow, name: str) -> str:
    title = f"{alias.model_key}, billed by {alias.channel}, made by {alias.provider}"
    if name == alias.model_key:
        return title
    days = f" from {alias.valid_from}" if alias.valid_from else ""
    days += f" until {alias.valid_to}" if alias.valid_to else ""
    return f"{title}  ({name}{days}: {alias.rule})"


def _one_model(title: str, rows: list[CardRow]) -> str:
    lines = [title]
    tokens = [row for row in rows if row.meter in TOKEN_METERS]
    if tokens:
        lines += ["", "USD per 1,000,000 tokens", *_table(_token_rows(tokens))]
    fees = [row for row in rows if row.meter not in TOKEN_METERS]
    if fees:
        lines += ["", "USD per call, second, page …", *_table(_fee_rows(fees))]
    sources = sorted({(row.source, row.status, row.read_on) for row in rows})
    lines += ["", "read from"]
    lines += [f"  {source}: {status}, read {read_on}" for source, status, read_on in sources]
    return "\n".join(line.rstrip() for line in lines)


def _token_rows(rows: list[CardRow]) -> list[list[str]]:
    """Return one line per combination, band and period in which no price changes."""
    meters = [meter for meter in TOKEN_METERS if any(row.meter == meter for row in rows)]
    grouped: dict[_Key, list[CardRow]] = defaultdict(list)
    for row in rows:
        grouped[_key(row)].append(row)
    head = ["processing", "tier", "geo", "schedule", "prompt", "from", "to"]
    table = [[*head, *(_SHORT[meter] for meter in meters)]]
    for key, group in sorted(grouped.items(), key=lambda item: _order(item[0])):
        instants = sorted({row.valid_from for row in group} | {row.end for row in group})
        for start, end in pairwise(instants):
            prices = {row.meter: row for row in group if row.valid_from <= start < row.end}
            if not prices:
                continue
            unknown = any(
                row.valid_from == start and row.valid_from_known == "false"
                for row in prices.values()
            )
            first = _time(start) + (" *" if unknown else "")
            last = "" if end == OPEN_END else _time(end)
            line = [*key[:4], _band(key), first, last]
            line += [_per_million(prices.get(meter)) for meter in meters]
            table.append(line)
    if any(line[5].endswith("*") for line in table[1:]):
        table.append(["* in force when first seen; the exact day is not published"])
    return table


def _per_million(row: CardRow | None) -> str:
    return plain(Decimal(row.unit_price) * _MILLION) if row else "-"


def _fee_rows(rows: list[CardRow]) -> list[list[str]]:
    """List every fee once: it is the same for all tiers and geographies that have it."""
    found: dict[tuple[str, str, str, str, str], set[str]] = defaultdict(set)
    for row in rows:
        period = (_time(row.valid_from), _time(row.valid_to))
        found[row.meter, row.published_price, row.published_per, *period].add(row.processing)
    table = [["meter", "price", "per", "processing", "from", "to"]]
    for fee, processings in sorted(found.items()):
        words = " and ".join(sorted(processings, reverse=True))
        table.append([*fee[:3], words, *fee[3:]])
    return table


def _key(row: CardRow) -> _Key:
    return (
        row.processing,
        row.service_tier,
        row.geo,
        row.schedule,
        row.ctx_min_tokens,
        row.ctx_max_tokens,
    )


def _order(key: _Key) -> tuple[object, ...]:
    return (key[0] != "realtime", key[1] != "standard", *key[:4], int(key[4]))


def _band(key: _Key) -> str:
    first, end = key[4], key[5]
    if first == "0" and not end:
        return "any"
    if first == "0":
        return f"up to {int(end) - 1:,}"
    return f"{int(first):,} to {int(end) - 1:,}" if end else f"{int(first):,} and more"


def _time(instant: str) -> str:
    if not instant:
        return ""
    return instant[:10] if instant.endswith("T00:00:00Z") else instant.replace("T", " ")[:16] + "Z"


def _table(rows: list[list[str]]) -> list[str]:
    """Align columns; a row of one cell is a remark below the table."""
    full = [row for row in rows if len(row) > 1]
    widths = [max(map(len, column)) for column in zip(*full, strict=True)]
    lines = []
    for row in rows:
        if len(row) == 1:
            lines.append("  " + row[0])
        else:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            lines.append("  " + "  ".join(cells))
    return lines


def _near(aliases: Iterable[AliasRow], name: str) -> list[str]:
    """Return a few names that look like the one asked for."""
    known = sorted({alias.raw_model for alias in aliases if alias.rule in {"exact", "alias"}})
    return get_close_matches(name, known, n=5, cutoff=0.7)
