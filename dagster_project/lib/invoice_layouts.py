"""What the PDF invoices of issuers look like, kept as data: built-in layouts and the user's own."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from dagster_project.lib.errors import ConfigurationError

BUILT_IN = Path(__file__).parents[1] / "sources" / "layouts"
FOLDER = "invoice_layouts"

# An amount as printed: sign, brackets, a currency before or behind. Two spaces part columns, so a
# number holds at most one between its thousands.
MONEY = (
    r"[(\u2212-]?\s?(?:[A-Z]{2,3}\s?)?[$€£¥]?\s?[\u2212-]?\d+(?:[.,'\u00a0\u202f ]\d+)*\)?"
    r"(?:\s?(?:[$€£¥]|[A-Z]{3}))?"
)
KNOWN = frozenset(
    {
        *("name", "channel", "markers", "fields", "table_start", "table_end", "lines", "totals"),
        *("continuations", "ignore", "meters", "decimal_mark", "date_formats"),
    }
)
NEEDED = ("name", "channel", "markers", "fields", "table_start", "table_end", "lines", "totals")
DATES = ("%B %d, %Y", "%b %d, %Y", "%Y-%m-%d", "%d %B %Y", "%d %b %Y")


@dataclass(frozen=True)
class LinePattern:
    """One kind of row. `unit_price_per`: of how many units the printed price is."""

    pattern: re.Pattern[str]
    kind: str
    meter: str | None
    unit_price_per: int
    quantity_per: int


@dataclass(frozen=True)
class Total:
    """A stated total and the kinds of lines that it must equal; None is all."""

    name: str
    pattern: re.Pattern[str]
    kinds: tuple[str, ...] | None
    is_optional: bool


@dataclass(frozen=True)
class InvoiceLayout:
    """One layout."""

    name: str
    channel: str
    markers: tuple[re.Pattern[str], ...]
    fields: dict[str, re.Pattern[str]]
    values: dict[str, str]
    table_start: re.Pattern[str]
    table_end: re.Pattern[str]
    lines: tuple[LinePattern, ...]
    totals: tuple[Total, ...]
    continuations: tuple[re.Pattern[str], ...] = ()
    ignore: tuple[re.Pattern[str], ...] = ()
    meters: dict[str, str] = field(default_factory=dict)
    decimal_mark: str = "."
    date_formats: tuple[str, ...] = DATES


def layout_files(reference: Path) -> list[Path]:
    """Return the layouts that hold: the user's own, and the built-in ones they do not replace."""
    own = {path.stem: path for path in sorted((reference / FOLDER).glob("*.yml"))}
    built_in = {path.stem: path for path in sorted(BUILT_IN.glob("*.yml"))}
    return [*own.values(), *(path for name, path in built_in.items() if name not in own)]


def fingerprint(reference: Path) -> str:
    """Return a digest of all layouts: a file loads again when one changes."""
    digest = hashlib.sha256()
    for path in layout_files(reference):
        content = path.read_bytes()
        digest.update(f"{path.stem}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def load_layouts(reference: Path) -> list[InvoiceLayout]:
    """Read every layout; raises ConfigurationError naming the file and what is wrong with it."""
    return [_read(path) for path in layout_files(reference)]


def _read(path: Path) -> InvoiceLayout:
    try:
        text = path.read_text(encoding="utf-8")
        raw = yaml.safe_load(text)
        return _layout(raw if isinstance(raw, dict) else {})
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not a YAML file") from error
    except re.error as error:
        raise ConfigurationError(f"{path}: {error.pattern!r} is no pattern: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def _layout(raw: dict[str, Any]) -> InvoiceLayout:
    missing = [name for name in NEEDED if name not in raw]
    strange = sorted(set(raw) - KNOWN)
    if missing or strange:
        raise ValueError(f"lacks {missing[0]}" if missing else f"{strange[0]} is not known")
    given = raw["fields"]
    return InvoiceLayout(
        name=str(raw["name"]),
        channel=str(raw["channel"]),
        markers=_patterns(raw["markers"]),
        fields={name: _pattern(text) for name, text in given.items() if isinstance(text, str)},
        values={n: str(fixed["value"]) for n, fixed in given.items() if isinstance(fixed, dict)},
        table_start=_pattern(raw["table_start"]),
        table_end=_pattern(raw["table_end"]),
        lines=tuple(_line(item) for item in raw["lines"]),
        totals=tuple(
            Total(
                str(item["name"]),
                _pattern(item["pattern"]),
                None if item["kinds"] == "all" else tuple(item["kinds"]),
                bool(item.get("optional", False)),
            )
            for item in raw["totals"]
        ),
        continuations=_patterns(raw.get("continuations", [])),
        ignore=_patterns(raw.get("ignore", [])),
        meters=dict(raw.get("meters", {})),
        decimal_mark=str(raw.get("decimal_mark", ".")),
        date_formats=tuple(raw.get("date_formats", DATES)),
    )


def _line(item: dict[str, Any]) -> LinePattern:
    pattern = _pattern(item["pattern"])
    if "amount" not in pattern.groupindex:
        raise ValueError(f"the line pattern {item['pattern']!r} has no group named amount")
    return LinePattern(
        pattern,
        str(item["kind"]),
        item.get("meter"),
        int(item.get("unit_price_per", 1)),
        int(item.get("quantity_per", 1)),
    )


def _patterns(texts: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(_pattern(text) for text in texts)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("{money}", MONEY))
