"""Runs the chosen pulls one after the other and says what became of each."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import sleep as real_sleep
from typing import Literal

from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.pulls.amplitude import AMPLITUDE_EVENTS
from dagster_project.pulls.anthropic_admin import ANTHROPIC_COSTS, ANTHROPIC_USAGE
from dagster_project.pulls.engine import Job, Span, Tally, run_job
from dagster_project.pulls.faults import Redactor
from dagster_project.pulls.landing import LandingFolder, exclusive
from dagster_project.pulls.openai_admin import OPENAI_COSTS, OPENAI_USAGE
from dagster_project.pulls.pull import Pull
from dagster_project.pulls.state import load_state
from dagster_project.pulls.zendesk import ZENDESK_TICKETS

PULLS: Mapping[str, Pull] = {
    pull.name: pull
    for pull in (
        OPENAI_USAGE,
        OPENAI_COSTS,
        ANTHROPIC_USAGE,
        ANTHROPIC_COSTS,
        ZENDESK_TICKETS,
        AMPLITUDE_EVENTS,
    )
}

Status = Literal["landed", "skipped", "failed", "up_to_date"]

# A dot folder: the loader does not take positions and locks for exports.
POSITIONS_FOLDER = ".pulls"
_KEY_CHARACTERS = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class PullResult:
    """What became of one pull.

    `files` are the files new in the landing folder, also those that landed before a failure;
    `pages` counts the answered pages, also those whose bytes had landed before.
    """

    name: str
    status: Status
    files: tuple[Path, ...] = ()
    pages: int = 0
    message: str = ""


def utc_now() -> datetime:
    return datetime.now(UTC)


def run_pulls(
    landing: Path,
    *,
    names: Sequence[str] | None,
    today: date,
    lookback_days: int = 7,
    since: date | None,
    environment: Mapping[str, str],
    log: Callable[[str], None],
    base_urls: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = real_sleep,
    clock: Callable[[], datetime] = utc_now,
) -> list[PullResult]:
    """Land the exports of the named pulls, or of all when `names` is None, in the order of PULLS.

    `today` is the first day not pulled (UTC). `environment` holds the credentials by variable name;
    a pull without its variables is skipped and says which are missing. A failing pull does not stop
    the others. `base_urls` replaces public addresses by pull name. No message and no log line
    contains a credential. Raises ConfigurationError for an unknown name or a negative look-back.
    """
    chosen = _choose(names)
    if lookback_days < 0:
        raise ConfigurationError(f"the look-back must be 0 days or more, not {lookback_days}")
    # Stripped: a newline at the end of a key would make the HTTP library quote the whole header.
    credentials = {
        key: environment.get(key, "").strip()
        for pull in PULLS.values()
        for key in (*pull.environment_keys, *pull.optional_keys)
    }
    redact = Redactor(value for key, value in credentials.items() if key not in Pull.PUBLIC_KEYS)
    run = _Run(
        landing=landing,
        span=Span(today, lookback_days, since),
        credentials=credentials,
        redact=redact,
        log=lambda line: log(redact(line)),
        base_urls=base_urls or {},
        sleep=sleep,
        clock=clock,
    )
    return [_pull(run, pull) for pull in chosen]


@dataclass(frozen=True)
class _Run:
    """What is the same for every pull of one run."""

    landing: Path
    span: Span
    credentials: Mapping[str, str]
    redact: Redactor
    log: Callable[[str], None]
    base_urls: Mapping[str, str]
    sleep: Callable[[float], None]
    clock: Callable[[], datetime]


def _choose(names: Sequence[str] | None) -> list[Pull]:
    unknown = sorted(set(names or ()) - set(PULLS))
    if unknown:
        raise ConfigurationError(
            f"no pull is called {', '.join(unknown)}; there are {', '.join(PULLS)}"
        )
    return [pull for pull in PULLS.values() if names is None or pull.name in names]


def _pull(run: _Run, pull: Pull) -> PullResult:
    missing = [key for key in pull.environment_keys if not run.credentials[key]]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        return PullResult(pull.name, "skipped", message=f"{', '.join(missing)} {verb} not set")
    return _attempt(run, pull)


def _attempt(run: _Run, pull: Pull) -> PullResult:
    def log(text: str) -> None:
        run.log(f"{pull.name}: {text}")

    positions = run.landing / POSITIONS_FOLDER
    tally = Tally()
    try:
        _require_key_characters(pull, run.credentials)
        with (
            exclusive(positions / f"{pull.name}.lock"),
            pull.connect(run.credentials, run.base_urls.get(pull.name)) as session,
        ):
            folder = LandingFolder(run.landing, pull.name)
            folder.clear_leftovers()
            state = load_state(positions / f"{pull.name}.json")
            run_job(Job(pull, session, folder, state, run.span, log, run.sleep, run.clock, tally))
    except (TrueUpError, OSError) as fault:
        message = run.redact(str(fault))
        return PullResult(pull.name, "failed", tuple(tally.files), tally.pages, message)
    return _success(pull, tally)


def _success(pull: Pull, tally: Tally) -> PullResult:
    answered = f"{tally.pages} page{'' if tally.pages == 1 else 's'}"
    if tally.files:
        landed = f"{len(tally.files)} new file{'' if len(tally.files) == 1 else 's'}"
        message = f"{landed} from {answered} in landing/{pull.name}"
        return PullResult(pull.name, "landed", tuple(tally.files), tally.pages, message)
    reason = f"{answered}, nothing new" if tally.pages else "no complete day to pull yet"
    return PullResult(pull.name, "up_to_date", (), tally.pages, reason)


def _require_key_characters(pull: Pull, credentials: Mapping[str, str]) -> None:
    """Credentials go into a header: printable ASCII without blanks, or the library fails."""
    for key in pull.environment_keys:
        if not _KEY_CHARACTERS.fullmatch(credentials[key]):
            raise ConfigurationError(f"{key} holds characters that no credential has")
