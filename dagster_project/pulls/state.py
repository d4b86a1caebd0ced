"""Where each pull stands, in `landing/.pulls/<name>.json`, so that a killed run goes on.

The file is written after a page has landed, never before: a kill between the two makes the page
be asked for once more under the same name, and loses nothing. It holds file names, days and
cursors; no credential and no content.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from dagster_project.pulls.faults import PositionError
from dagster_project.pulls.landing import write_atomically
from dagster_project.pulls.pull import Window

STATE_VERSION = 1
_PULL_ID_FORMAT = "%Y%m%dT%H%M%SZ"


@dataclass
class Progress:
    """A window being walked: everything needed to ask for its next page."""

    pull_id: str
    window: Window
    cursor: str | None = None
    pages: int = 0
    cursors_seen: list[str] = field(default_factory=list)
    # sha256 → file name of every page of this window, landed or found unchanged.
    files: dict[str, str] = field(default_factory=dict)


@dataclass
class StreamState:
    """One endpoint of a pull. Days between `covered_from` and `last_complete_day` have landed."""

    covered_from: date | None = None
    last_complete_day: date | None = None
    # Where a feed goes on reading; None for windows of days.
    bookmark: str | None = None
    # sha256 → file name of the last complete pull: what the newest landed export looks like.
    last_files: dict[str, str] = field(default_factory=dict)
    progress: Progress | None = None

    @property
    def resume_day(self) -> date | None:
        """The first day that no complete pull has covered."""
        if self.last_complete_day is None:
            return None
        return self.last_complete_day + timedelta(days=1)

    def covers(self, window: Window) -> bool:
        """True when a complete pull has had every day of `window`."""
        if self.covered_from is None or self.last_complete_day is None:
            return False
        return self.covered_from <= window.start and window.last_day <= self.last_complete_day

    def complete(self, progress: Progress, bookmark: str | None) -> None:
        """Close the window in progress: its days count as covered from now on."""
        window = progress.window
        self.covered_from = min(window.start, self.covered_from or window.start)
        self.last_complete_day = max(window.last_day, self.last_complete_day or window.last_day)
        self.bookmark = bookmark or self.bookmark
        self.last_files = progress.files
        self.progress = None

    def abandon(self) -> None:
        """Drop the window in progress; its landed pages stay and a newer pull replaces them.

        The last pull's files are forgotten too: some of their days now have a newer landed page, so
        an equal answer has to land again to become the newest.
        """
        self.progress = None
        self.bookmark = None
        self.last_files = {}


@dataclass
class PullState:
    """The saved position of one pull, endpoint by endpoint."""

    path: Path
    last_pull_id: str | None = None
    streams: dict[str, StreamState] = field(default_factory=dict)

    def stream(self, endpoint: str) -> StreamState:
        return self.streams.setdefault(endpoint, StreamState())

    def new_pull_id(self, now: datetime) -> str:
        """The UTC second of the start, later than every id before it even if the clock went back.

        File names begin with it, so the order of names is the order of arrival.
        """
        pull_id = now.strftime(_PULL_ID_FORMAT)
        if self.last_pull_id is not None and pull_id <= self.last_pull_id:
            last = datetime.strptime(self.last_pull_id, _PULL_ID_FORMAT).replace(tzinfo=UTC)
            pull_id = (last + timedelta(seconds=1)).strftime(_PULL_ID_FORMAT)
        self.last_pull_id = pull_id
        return pull_id

    def save(self) -> None:
        document = {
            "version": STATE_VERSION,
            "last_pull_id": self.last_pull_id,
            "streams": {name: asdict(stream) for name, stream in self.streams.items()},
        }
        text = json.dumps(document, indent=1, default=date.isoformat)
        write_atomically(self.path, text.encode())


def load_state(path: Path) -> PullState:
    """Read a saved position, or begin a new one where there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return PullState(path)
    try:
        document = json.loads(text)
        if document["version"] != STATE_VERSION:
            raise ValueError("another version")
        streams = {name: _stream(saved) for name, saved in document["streams"].items()}
        return PullState(path, document["last_pull_id"], streams)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PositionError(
            f"the saved position {path.name} cannot be read; move it away to pull anew "
            "(nothing is counted twice)"
        ) from error


def _stream(saved: Mapping[str, Any]) -> StreamState:
    return StreamState(
        covered_from=_day(saved["covered_from"]),
        last_complete_day=_day(saved["last_complete_day"]),
        bookmark=saved["bookmark"],
        last_files=dict(saved["last_files"]),
        progress=None if saved["progress"] is None else _progress(saved["progress"]),
    )


def _progress(saved: Mapping[str, Any]) -> Progress:
    window = saved["window"]
    return Progress(
        pull_id=saved["pull_id"],
        window=Window(date.fromisoformat(window["start"]), date.fromisoformat(window["end"])),
        cursor=saved["cursor"],
        pages=saved["pages"],
        cursors_seen=list(saved["cursors_seen"]),
        files=dict(saved["files"]),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
