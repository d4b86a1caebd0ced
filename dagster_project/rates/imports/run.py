"""Re-read the packages and rewrite the normalised files of this folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates import sources as files
from dagster_project.rates.imports import azure_retail, genai, litellm
from dagster_project.rates.imports.first_seen import FirstSeen, Snapshot, first_seen
from dagster_project.rates.imports.rows import (
    ImportRow,
    ListedModel,
    Reading,
    read_rows,
    write_rows,
)
from dagster_project.rates.vocabulary import IMPORTS_FOLDER, PROJECT_FOLDER

LICENCE = "MIT"
_WHEEL = re.compile(r"^(?P<name>[A-Za-z0-9_]+)-(?P<version>[^-]+)-.*\.whl$")
# At most this many models are named per unmapped key; the count is always whole.
_NAMED_MODELS = 8


def import_litellm(wheel: Path, released_on: str, read_on: str, folder: Path) -> Reading:
    """Read LiteLLM's price file out of a wheel and write its prices."""
    entries, digest = litellm.read_price_file(wheel)
    reading = litellm.read(entries)
    write_rows(folder / files.LITELLM_FILE, reading.rows, ImportRow)
    origin = _Origin(litellm.SOURCE, wheel.name, digest, released_on, read_on)
    _record(folder, origin, reading)
    _write_listed(folder, litellm.SOURCE, reading.listed)
    return reading


def import_genai(released_on: str, read_on: str, folder: Path) -> Reading:
    """Read the installed genai-prices and write its prices and the names it recognises."""
    version, digest = genai.installed_version()
    reading, names = genai.read()
    write_rows(folder / files.GENAI_FILE, reading.rows, ImportRow)
    write_rows(folder / files.GENAI_NAMES_FILE, names, genai.GenaiName)
    wheel = f"genai_prices-{version}-py3-none-any.whl"
    _record(folder, _Origin(genai.SOURCE, wheel, digest, released_on, read_on), reading)
    _write_listed(folder, genai.SOURCE, reading.listed)
    return reading


def import_azure(wheel: Path, released_on: str, read_on: str, folder: Path) -> Reading:
    """Read the Azure meters out of an azure-genai-prices wheel and write their prices."""
    items, digest = azure_retail.read_meters(wheel)
    reading = azure_retail.read(items)
    write_rows(folder / files.AZURE_FILE, reading.rows, ImportRow)
    origin = _Origin(azure_retail.SOURCE, wheel.name, digest, released_on, read_on)
    _record(folder, origin, reading)
    _write_listed(folder, azure_retail.SOURCE, reading.listed)
    return reading


def import_archive(archive: Path, folder: Path, say: Callable[[str], None]) -> int:
    """Compare today's prices with the older wheels of a folder; write the first-seen bounds.

    The release days stand in sources.toml under [archive]: a wheel without one is an error.
    """
    released = _load(folder / files.SOURCES_FILE).get("archive", {})
    snapshots: dict[str, list[Snapshot]] = {litellm.SOURCE: [], genai.SOURCE: []}
    for wheel in sorted(archive.rglob("*.whl")):
        match = _WHEEL.match(wheel.name)
        source = match["name"].replace("_", "-") if match else ""
        if not match or source not in snapshots:
            continue
        if wheel.name not in released:
            raise ConfigurationError(
                f"{files.SOURCES_FILE} [archive] has no release day for {wheel.name}"
            )
        say(f"reading {wheel.name}")
        rows, listed = _read_old(source, wheel)
        snapshots[source].append(
            Snapshot(
                match["version"],
                released[wheel.name],
                rows,
                {(model.channel, model.model_key) for model in listed},
            )
        )
    listed_now = read_rows(folder / files.LISTED_FILE, ListedModel)
    models = {(model.channel, model.model_key) for model in listed_now}
    written = 0
    for source, prices, target in (
        (litellm.SOURCE, files.LITELLM_FILE, files.LITELLM_SEEN_FILE),
        (genai.SOURCE, files.GENAI_FILE, files.GENAI_SEEN_FILE),
    ):
        current = read_rows(folder / prices, ImportRow)
        found = first_seen(source, current, models, snapshots[source])
        write_rows(folder / target, found, FirstSeen)
        written += len(found)
    return written


def _read_old(source: str, wheel: Path) -> tuple[list[ImportRow], list[ListedModel]]:
    if source == litellm.SOURCE:
        entries, _ = litellm.read_price_file(wheel)
        reading = litellm.read(entries)
        return reading.rows, reading.listed
    # An older release of an importable package is read in a process of its own.
    result = subprocess.run(
        [sys.executable, "-m", "dagster_project.rates.imports.old_genai", str(wheel)],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT_FOLDER,
        env={**os.environ, "PYTHONPATH": f"{wheel}{os.pathsep}{PROJECT_FOLDER}"},
    )
    if result.returncode:
        last = result.stderr.strip().splitlines()[-1:] or ["no message"]
        raise ConfigurationError(f"{wheel.name} cannot be read: {last[0]}")
    answer = json.loads(result.stdout)
    return (
        [ImportRow(*values) for values in answer["rows"]],
        [ListedModel(*values) for values in answer["listed"]],
    )


def as_json(reading: Reading) -> str:
    """Return a reading's prices and models as JSON, for the parent process."""
    return json.dumps(
        {
            "rows": [astuple(row) for row in reading.rows],
            "listed": [astuple(model) for model in reading.listed],
        }
    )


def _write_listed(folder: Path, source: str, listed: list[ListedModel]) -> None:
    path = folder / files.LISTED_FILE
    others = (
        [model for model in read_rows(path, ListedModel) if model.source != source]
        if path.is_file()
        else []
    )
    write_rows(path, [*others, *listed], ListedModel)


@dataclass(frozen=True)
class _Origin:
    """What a reading was read from."""

    source: str
    wheel: str
    digest: str
    released_on: str
    read_on: str


def _record(folder: Path, origin: _Origin, reading: Reading) -> None:
    document = _load(folder / files.SOURCES_FILE)
    match = _WHEEL.match(origin.wheel)
    if not match:
        raise ConfigurationError(f"{origin.wheel} is not named like a wheel")
    document[origin.source] = {
        "version": match["version"],
        "wheel": origin.wheel,
        "sha256_of_data": origin.digest,
        "licence": LICENCE,
        "released_on": origin.released_on,
        "read_on": origin.read_on,
        "prices": len(set(reading.rows)),
        "models_listed": len(reading.listed),
        "unmapped_keys": _summary(reading.unmapped),
        "rejected_prices": _summary(reading.rejected, every=True),
    }
    path = folder / files.SOURCES_FILE
    path.write_text(_toml(document), encoding="utf-8", newline="")


def _summary(noted: Mapping[str, list[str]], every: bool = False) -> dict[str, str]:
    """Say how often each key was left out and on which models."""
    lines = {}
    for key in sorted(noted):
        models = sorted(set(noted[key]))
        shown = models if every and len(models) <= 40 else models[:_NAMED_MODELS]
        more = f", and {len(models) - len(shown)} more" if len(models) > len(shown) else ""
        lines[key] = f"{len(noted[key])}: {', '.join(shown)}{more}"
    return lines


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _toml(document: Mapping[str, Any]) -> str:
    """Write tables of strings and numbers, sorted, with sub-tables after their table."""
    lines = [
        "# What the normalised price files of this folder were read from, and what was left out.",
        "# Written by `trueup rates import`; the release days under [archive] are typed by hand.",
    ]
    for name in sorted(document):
        table = document[name]
        lines += ["", f"[{name}]"]
        lines += [
            f"{_key(key)} = {_value(value)}"
            for key, value in table.items()
            if not isinstance(value, Mapping)
        ]
        for key, value in table.items():
            if isinstance(value, Mapping):
                lines += ["", f"[{name}.{key}]"]
                lines += [f"{_key(inner)} = {_value(text)}" for inner, text in value.items()]
    return "\n".join(lines) + "\n"


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else json.dumps(text, ensure_ascii=False)


def _value(value: object) -> str:
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False)


DEFAULT_FOLDER = IMPORTS_FOLDER
