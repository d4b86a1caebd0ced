"""Every environment-dependent value of TrueUp, read once and validated."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dagster_project.lib.errors import ConfigurationError

PROJECT_ROOT = Path(__file__).resolve().parents[2]

# Shorter keys can be guessed from the hash of a known user id.
SHORTEST_HASH_KEY = 16

# A ticket that stays closed for a year is final; a longer wait would hold every month open.
LONGEST_MATURITY_DAYS = 366

# Mixpanel joins up to 500 ids into one person; a cluster far above that is a fault of the data.
MOST_PERSON_IDS = 1000
LARGEST_MINIMUM_GROUP = 1000

# What must stand before a close: nothing, a review, or a review by somebody else.
CLOSE_NEEDS = ("", "review", "second_person")


@dataclass(frozen=True)
class Settings:
    """Paths and choices of one TrueUp installation.

    `quarantine_limit` is the largest share of one file's rows (0 to 1) that may stand in
    quarantine before its gate blocks. `hash_key` is read, or made, at its first use.
    """

    home: Path
    reporting_time_zone: str = "UTC"
    resolution_maturity_days: int = 7
    largest_person_ids: int = 50
    minimum_group_size: int = 5
    close_needs: str = ""
    task_maturity_days: int = 0
    conversion_maturity_days: int = 0
    quarantine_limit: float = 0.05
    alert_webhook_url: str | None = field(default=None, repr=False)
    configured_hash_key: str | None = field(default=None, repr=False)
    dbt_project_dir: Path = PROJECT_ROOT / "dbt"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read TRUEUP_* variables; raise ConfigurationError for a value that cannot be used."""
        values = os.environ if environment is None else environment
        home = Path(values.get("TRUEUP_HOME") or PROJECT_ROOT / "data").expanduser().resolve()
        if home.exists() and not home.is_dir():
            raise ConfigurationError(f"TRUEUP_HOME is not a folder: {home}")
        return cls(
            home=home,
            reporting_time_zone=_time_zone(values.get("TRUEUP_REPORTING_TIME_ZONE") or "UTC"),
            largest_person_ids=_count(values, "TRUEUP_LARGEST_PERSON_IDS", "50", MOST_PERSON_IDS),
            minimum_group_size=_count(
                values, "TRUEUP_MINIMUM_GROUP_SIZE", "5", LARGEST_MINIMUM_GROUP
            ),
            close_needs=_close_needs(values.get("TRUEUP_CLOSE_NEEDS") or ""),
            resolution_maturity_days=_days(values, "TRUEUP_RESOLUTION_MATURITY_DAYS", "7"),
            task_maturity_days=_days(values, "TRUEUP_TASK_MATURITY_DAYS", "0"),
            conversion_maturity_days=_days(values, "TRUEUP_CONVERSION_MATURITY_DAYS", "0"),
            quarantine_limit=_share(values.get("TRUEUP_QUARANTINE_LIMIT") or "0.05"),
            alert_webhook_url=_web_address(values.get("TRUEUP_ALERT_WEBHOOK_URL")),
            configured_hash_key=_hash_key(values.get("TRUEUP_HASH_KEY")),
        )

    @property
    def landing(self) -> Path:
        """Files as they arrived, one folder per source."""
        return self.home / "landing"

    @property
    def reference(self) -> Path:
        """The user's own tables and mappings, as CSV."""
        return self.home / "reference"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that one writer at a time opens."""
        return self.home / "warehouse" / "trueup.duckdb"

    @property
    def exports(self) -> Path:
        """Reports and the published snapshot."""
        return self.home / "exports"

    @property
    def snapshot(self) -> Path:
        """The read-only DuckDB file that readers open."""
        return self.exports / "trueup.duckdb"

    @cached_property
    def hash_key(self) -> str:
        """The key of every user and free-text hash; made once per home when none is configured."""
        if self.configured_hash_key is not None:
            return self.configured_hash_key
        return _read_or_make_key(self.home / ".hash_key")


def _read_or_make_key(path: Path) -> str:
    """Return the key in `path`; the first of several processes to come makes it, whole."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                stream.write(secrets.token_hex(32) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            # A link, unlike a rename, fails when another process was first: then its key counts.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = path.read_text(encoding="ascii").strip()
    if len(key) < SHORTEST_HASH_KEY:
        raise ConfigurationError(
            f"{path} holds no usable key (at least {SHORTEST_HASH_KEY} characters are needed)"
        )
    return key


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"TRUEUP_REPORTING_TIME_ZONE is not a known time zone: {name!r} (example: Europe/Paris)"
        ) from error
    return name


def _days(values: Mapping[str, str], name: str, default: str) -> int:
    text = values.get(name) or default
    if not text.isascii() or not text.isdigit() or int(text) > LONGEST_MATURITY_DAYS:
        raise ConfigurationError(
            f"{name} must be a whole number of days from 0 to {LONGEST_MATURITY_DAYS}, not {text!r}"
        )
    return int(text)


def _count(values: Mapping[str, str], name: str, default: str, most: int) -> int:
    text = values.get(name) or default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise ConfigurationError(f"{name} must be a whole number from 1 to {most}, not {text!r}")
    return int(text)


def _close_needs(text: str) -> str:
    if text not in CLOSE_NEEDS:
        raise ConfigurationError(
            f"TRUEUP_CLOSE_NEEDS must be empty, review or second_person, not {text!r}"
        )
    return text


def _share(text: str) -> float:
    try:
        share = Decimal(text)
    except InvalidOperation:
        share = Decimal(-1)
    if not share.is_finite() or not 0 <= share <= 1:
        raise ConfigurationError(
            f"TRUEUP_QUARANTINE_LIMIT must be a share from 0 to 1 (0.05 is 5 %), not {text!r}"
        )
    return float(share)


def _web_address(text: str | None) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        # The address may hold a secret token, so it is not repeated here.
        raise ConfigurationError("TRUEUP_ALERT_WEBHOOK_URL must be an http or https address")
    return text


def _hash_key(text: str | None) -> str | None:
    if not text:
        return None
    if len(text) < SHORTEST_HASH_KEY:
        raise ConfigurationError(
            f"TRUEUP_HASH_KEY must have at least {SHORTEST_HASH_KEY} characters"
        )
    return text
