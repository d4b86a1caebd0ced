"""Azure's published OpenAI meters, from the snapshot inside an azure-genai-prices wheel.

The only source with Azure's own effective days and regions. A meter is taken where its name reads
without a doubt by the tables below; every other meter is counted, none is guessed.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.exact import plain
from dagster_project.rates.imports.rows import ImportRow, ListedModel, Reading, is_published

SOURCE = "azure-genai-prices"
PRICE_FILE = "azure_genai_prices/data/snapshot.json"

_PRODUCTS = ("Azure OpenAI", "Azure OpenAI GPT5", "Azure OpenAI Reasoning")

# What is left of a meter name once its other words are read -> the model in Azure's catalogue.
_MODELS = {
    "5": "gpt-5",
    "5 chat": "gpt-5-chat",
    "5 codex": "gpt-5-codex",
    "5 mini": "gpt-5-mini",
    "5 nano": "gpt-5-nano",
    "5 pro": "gpt-5-pro",
    "5.1": "gpt-5.1",
    "5.1 chat": "gpt-5.1-chat",
    "5.1 codex": "gpt-5.1-codex",
    "5.1 codex max": "gpt-5.1-codex-max",
    "5.1 codex mini": "gpt-5.1-codex-mini",
    "5.2": "gpt-5.2",
    "5.2 chat": "gpt-5.2-chat",
    "5.2 codex": "gpt-5.2-codex",
    "5.2 pro": "gpt-5.2-pro",
    "5.3 chat": "gpt-5.3-chat",
    "5.3 codex": "gpt-5.3-codex",
    "5.4": "gpt-5.4",
    "5.4 mini": "gpt-5.4-mini",
    "5.4 nano": "gpt-5.4-nano",
    "5.4 pro": "gpt-5.4-pro",
    "5.5": "gpt-5.5",
    "5.6 luna": "gpt-5.6-luna",
    "5.6 sol": "gpt-5.6-sol",
    "5.6 terra": "gpt-5.6-terra",
    "4.1": "gpt-4.1",
    "4.1 mini": "gpt-4.1-mini",
    "4.1 nano": "gpt-4.1-nano",
    "4o 0513": "gpt-4o-2024-05-13",
    "4o 0806": "gpt-4o-2024-08-06",
    "4o 1120": "gpt-4o-2024-11-20",
    "4o mini 0718": "gpt-4o-mini-2024-07-18",
    "o3 0416": "o3-2025-04-16",
    "o3 mini 0131": "o3-mini-2025-01-31",
    "o4 mini 0416": "o4-mini-2025-04-16",
    "codex mini": "codex-mini",
    "o3 deep research 0626": "o3-deep-research",
}

_ZONE_WORDS = {"dz", "dzone", "datazone"}
_GLOBAL_WORDS = {"gl", "glbl", "global"}
_REGIONAL_WORDS = {"regnl", "rgnl", "regional"}
_INPUT_WORDS = {"inp", "inpt", "input"}
_OUTPUT_WORDS = {"opt", "outp", "outpt", "out", "output"}
_CACHED_WORDS = {"cd", "cchd", "cached"}
_WRITE_WORDS = {"wr"}
_NOISE = {"1m", "1k", "tokens", "std", "gpt"}
# Training, hosting and graders are not inference.
_OTHER_PRODUCTS = re.compile(r"\b(ft|rft|dev|trng|hstng|training|hosting|grader|unit|session)\b")

_ZONES = {
    "data_zone_us": {
        "centralus",
        "eastus",
        "eastus2",
        "northcentralus",
        "southcentralus",
        "westcentralus",
        "westus",
        "westus2",
        "westus3",
    },
    "data_zone_eu": {
        "francecentral",
        "germanywestcentral",
        "italynorth",
        "northeurope",
        "polandcentral",
        "spaincentral",
        "swedencentral",
        "westeurope",
    },
    "data_zone_apac": {
        "australiaeast",
        "centralindia",
        "eastasia",
        "japaneast",
        "japanwest",
        "jioindiawest",
        "koreacentral",
        "southeastasia",
        "southindia",
    },
}
# Older meters name Asian regions too; the zone itself opened on this day.
_ZONE_OPENED = {"data_zone_apac": "2026-06-01"}
# OpenAI's long-context threshold, the same on Azure.
_LONG_CONTEXT_START = 272_001
_UNITS = {"1M": 1_000_000, "1K": 1000}


@dataclass(frozen=True)
class _Name:
    """A meter name that was read."""

    model: str
    meter: str
    processing: str
    service_tier: str
    deployment: str
    context: str


def read_meters(wheel: Path) -> tuple[list[dict[str, Any]], str]:
    """Return the meters of a wheel with exact numbers, and the sha256 of their bytes."""
    if not wheel.is_file():
        raise ConfigurationError(f"no such wheel: {wheel}")
    try:
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(PRICE_FILE)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ConfigurationError(
            f"{wheel} is no azure-genai-prices wheel: {PRICE_FILE} is missing"
        ) from error
    document = json.loads(data, parse_float=Decimal, parse_int=Decimal)
    return document["items"], hashlib.sha256(data).hexdigest()


def read(items: Iterable[Mapping[str, Any]]) -> Reading:
    """Normalise the meters whose names the tables read."""
    reading = Reading()
    named: list[tuple[_Name, Mapping[str, Any]]] = []
    for item in items:
        product, text = item["productName"], item["meterName"]
        if product not in _PRODUCTS:
            reading.leave(f"product {product}", text)
            continue
        name = parse_name(text)
        if name is None or item["unitOfMeasure"] not in _UNITS:
            reading.leave(f"meter name of {product}", text)
            continue
        named.append((name, item))
    has_long = {name.model for name, _ in named if name.context == "long"}
    prices: dict[tuple[_Name, str], dict[tuple[Decimal, int], set[str]]] = defaultdict(
        lambda: defaultdict(set)
    )
    for name, item in named:
        price_per = (Decimal(item["retailPrice"]), _UNITS[item["unitOfMeasure"]])
        for geo in _geos(name, item):
            prices[name, geo][price_per].add(str(item["effectiveStartDate"]))
    for (name, geo), by_price in sorted(prices.items(), key=lambda entry: repr(entry[0])):
        row = _row(name, geo, has_long)
        if len(by_price) > 1:
            reading.leave("prices that differ within one zone", f"{name.model} {name.meter} {geo}")
            continue
        (price, per), starts = next(iter(by_price.items()))
        if price == 0 or not is_published(price):
            reading.reject("zero, or more than 9 decimals", f"{name.model} {name.meter}={price}")
            continue
        reading.read_keys[name.meter] += 1
        reading.rows.append(replace(row, price=plain(price), per=str(per), valid_from=min(starts)))
    for model in sorted({row.model_key for row in reading.rows}):
        reading.listed.append(ListedModel(SOURCE, "azure", model, model, "", "true"))
    return reading


def parse_name(text: str) -> _Name | None:
    """Read a meter name; None when a word is left that the tables do not know."""
    name = re.sub(r"[\s-]+", " ", text.lower()).replace("data zone", "datazone")
    name = name.replace("mini0718", "mini 0718").replace("batchoutp", "batch outp")
    if _OTHER_PRODUCTS.search(name):
        return None
    words = [word for word in name.split() if word not in _NOISE]

    def take(known: set[str]) -> bool:
        found = [word for word in words if word in known]
        for word in found:
            words.remove(word)
        return bool(found)

    deployment = (
        "zone"
        if take(_ZONE_WORDS)
        else "global"
        if take(_GLOBAL_WORDS)
        else "regional"
        if take(_REGIONAL_WORDS)
        else ""
    )
    batch, priority = take({"batch"}), take({"pp"})
    context = "long" if take({"longco"}) else "short" if take({"shortco"}) else ""
    write, cached = take(_WRITE_WORDS), take(_CACHED_WORDS)
    is_input, is_output = take(_INPUT_WORDS), take(_OUTPUT_WORDS)
    model = _MODELS.get(" ".join(words))
    if write and cached and not is_output:
        meter = "input_cache_write_30m_tokens"
    elif is_input and not is_output:
        meter = "input_cache_read_tokens" if cached else "input_uncached_tokens"
    elif is_output and not is_input and not cached:
        meter = "output_tokens"
    else:
        return None
    if not model or not deployment or (batch and priority):
        return None
    return _Name(
        model,
        meter,
        "batch" if batch else "realtime",
        "priority" if priority else "standard",
        deployment,
        context,
    )


def _geos(name: _Name, item: Mapping[str, Any]) -> list[str]:
    """Return the geography classes of a meter; regions outside the three zones are left out."""
    if name.deployment != "zone":
        return [name.deployment]
    return [
        zone
        for zone, members in _ZONES.items()
        if members & set(item["regions"])
        and str(item["effectiveStartDate"]) >= _ZONE_OPENED.get(zone, "")
    ]


def _row(name: _Name, geo: str, has_long: set[str]) -> ImportRow:
    # Where a long-context meter exists, the plain one ends below it.
    is_long = name.context == "long"
    ends = not is_long and name.model in has_long
    return ImportRow(
        SOURCE,
        "azure",
        "openai",
        name.model,
        name.model,
        name.meter,
        name.processing,
        name.service_tier,
        geo,
        "always",
        str(_LONG_CONTEXT_START) if is_long else "0",
        str(_LONG_CONTEXT_START) if ends else "",
    )
