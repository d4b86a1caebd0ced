"""Reads a case file: what was called, when and how, and what it must cost."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.settings import PROJECT_ROOT

PRICED = "priced"
BATCH = "batch"

# Compared when no file is named, those that are there; the second belongs to this repository.
CASE_FILES = (
    PROJECT_ROOT.parent / "shared" / "data" / "pricing" / "golden_cases.csv",
    PROJECT_ROOT / "tests" / "cases" / "prices.csv",
)
CHANNEL_ALIASES = PROJECT_ROOT / "dbt" / "seeds" / "channel_aliases.csv"

NEEDED = (
    *("case_id", "category", "channel", "response_model", "ts_utc", "service_tier", "processing"),
    *("inference_geo", "usage_native_json", "expected_status", "expected_reason", "expected_usd"),
)
# The column that names the deciding document, under either of its names.
DOCUMENT_COLUMNS = ("document", "source")

# Names of "no special tier", after which a price list has no column.
STANDARD_TIERS = frozenset({"", "standard", "default", "auto", "on_demand"})
GLOBAL_GEOS = frozenset({"", "global", "global_standard", "not_available"})


@dataclass(frozen=True)
class Case:
    """One priced request, or one charge without a request.

    `channel` is the house word (google, aws …), `raw_channel` the file's (vertex_ai, bedrock …).
    `expected_usd` is None where no price may be given.
    """

    case_id: str
    category: str
    channel: str
    raw_channel: str
    model: str
    requested_at: datetime
    service_tier: str
    is_batch: bool
    geo: str
    usage: Mapping[str, Any]
    expected_reason: str
    expected_usd: Decimal | None
    document: str


def default_case_files() -> list[Path]:
    """Return the case files that are compared when none is named."""
    return [path for path in CASE_FILES if path.is_file()]


def read_cases(path: Path) -> list[Case]:
    """Read every case; raise ConfigurationError for a file that cannot be understood."""
    channels = _channel_aliases()
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                raise ConfigurationError(f"{path} lacks the column {', '.join(missing)}")
            return [_case(row, path, channels) for row in reader]
    except OSError as error:
        raise ConfigurationError(f"the case file {path} cannot be read: {error.strerror}") from (
            error
        )


def _case(row: Mapping[str, str], path: Path, channels: Mapping[str, str]) -> Case:
    try:
        expected = Decimal(row["expected_usd"]) if row["expected_status"] == PRICED else None
        # Every number exact: 2^53 + 1 tokens, or a reported cost, would not survive a float.
        usage = json.loads(row["usage_native_json"] or "{}", parse_float=Decimal)
        requested_at = datetime.fromisoformat(row["ts_utc"].replace("Z", "+00:00"))
    except (InvalidOperation, ValueError) as error:
        raise ConfigurationError(f"{path}, case {row['case_id']}: {error}") from error
    tier, geo = _tier(row, usage), _geo(row, usage)
    return Case(
        case_id=row["case_id"],
        category=row["category"],
        channel=channels.get(row["channel"], row["channel"].removesuffix("_direct")),
        raw_channel=row["channel"],
        model=row["response_model"] or row.get("requested_model", ""),
        requested_at=requested_at,
        service_tier="standard" if tier == BATCH else tier,
        is_batch=BATCH in (row["processing"], tier),
        geo=geo,
        usage=usage,
        expected_reason=row["expected_reason"],
        expected_usd=expected,
        document=next((row[name] for name in DOCUMENT_COLUMNS if row.get(name)), ""),
    )


def _tier(row: Mapping[str, str], usage: Mapping[str, Any]) -> str:
    """The tier that the case names, else the speed that Anthropic's usage reports."""
    tier = row["service_tier"].lower()
    if tier not in STANDARD_TIERS:
        return tier
    return "fast" if usage.get("speed") == "fast" else "standard"


def _geo(row: Mapping[str, str], usage: Mapping[str, Any]) -> str:
    """The geography that the case names, else the one that Anthropic's usage reports."""
    named = (row["inference_geo"], str(usage.get("inference_geo") or ""))
    return next((geo.lower() for geo in named if geo.lower() not in GLOBAL_GEOS), "global")


def _channel_aliases() -> dict[str, str]:
    with CHANNEL_ALIASES.open(encoding="utf-8", newline="") as stream:
        return {row["raw_channel"]: row["channel"] for row in csv.DictReader(stream)}
