"""Finds LiteLLM's price file: it is read out of a pinned wheel, which is never installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.settings import PROJECT_ROOT
from dagster_project.rates.imports.litellm import read_price_file

# One version, so that the comparison can be repeated. Importing the package would fetch newer
# prices over the network, and one release of it was withdrawn as compromised.
VERSION = "1.109.1"
WHEEL_VARIABLE = "TRUEUP_LITELLM_WHEEL"
CACHE = PROJECT_ROOT / ".cache" / "rates"

# 41 MB; a slow line needs minutes, a missing one answers at once.
DOWNLOAD_SECONDS = 600

Entry = dict[str, Any]


@dataclass(frozen=True)
class PriceFile:
    """LiteLLM's prices by model name, and which edition they are."""

    version: str
    sha256: str
    entries: dict[str, Entry]


def read_prices(wheel: Path | None) -> PriceFile:
    """Read the price file out of `wheel`, of the wheel in the environment, or of the pinned one."""
    return _read(find_wheel(wheel))


def find_wheel(wheel: Path | None) -> Path:
    """Return the wheel to read; the pinned one is downloaded once into the cache."""
    named = wheel or (Path(text) if (text := os.environ.get(WHEEL_VARIABLE)) else None)
    if named is not None:
        return named
    return _cached() or _download()


def _cached() -> Path | None:
    return next(iter(sorted(CACHE.glob(f"litellm-{VERSION}-*.whl"))), None)


def _download() -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--quiet", "--disable-pip-version-check", "--dest", str(CACHE)]
    try:
        result = subprocess.run(
            [*command, f"litellm=={VERSION}"],
            capture_output=True,
            text=True,
            timeout=DOWNLOAD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ConfigurationError(_no_wheel("the download took too long")) from error
    found = _cached()
    if result.returncode != 0 or found is None:
        raise ConfigurationError(_no_wheel("it could not be downloaded; is there a network?"))
    return found


def _no_wheel(why: str) -> str:
    return (
        f"the wheel of litellm {VERSION} is needed for its price file: {why} "
        f"Name a copy with --litellm-wheel or {WHEEL_VARIABLE}, or put it into {CACHE}"
    )


def _read(wheel: Path) -> PriceFile:
    entries, sha256 = read_price_file(wheel)
    version = re.match(r"litellm-([^-]+)-", wheel.name)
    return PriceFile(version[1] if version else "unknown", sha256, entries)
