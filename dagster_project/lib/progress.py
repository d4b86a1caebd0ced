"""Progress lines for people, beside Dagster's own event log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

_started_at = time.monotonic()
_terminal: list[TextIO] = []
_last_said = [_started_at]


def say(line: str) -> None:
    """Print one line with the seconds since the start; to the terminal where one was kept."""
    stream = _terminal[-1] if _terminal else sys.stdout
    _last_said[0] = time.monotonic()
    print(f"[{time.monotonic() - _started_at:6.1f}s] {line}", file=stream, flush=True)


# A line every few seconds shows that long work moves; one a file would bury the summary.
DETAIL_SECONDS = 5.0


def detail(line: str) -> None:
    """Print to the log, and to the terminal when nothing was said there for a while."""
    if time.monotonic() - _last_said[0] >= DETAIL_SECONDS:
        say(line)
    else:
        print(line, flush=True)


@contextmanager
def details_in(log_file: Path) -> Iterator[None]:
    """Send what tools print to `log_file` and keep `say` on the terminal."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    _terminal.append(sys.stdout)
    try:
        with (
            log_file.open("a", encoding="utf-8") as stream,
            redirect_stdout(stream),
            redirect_stderr(stream),
        ):
            yield
    finally:
        _terminal.pop()
