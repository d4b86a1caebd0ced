"""Walks a window page by page and lands each page; the same loop for every source.

A page lands before the position moves, the position moves before the next request, and a window
counts as covered only after its last page. Aggregates are replaced by newer exports and events are
deduplicated by id further on, so asking again is always safe and skipping never happens.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from dagster_project.pulls.faults import EnvelopeError, PullError, RefusedError
from dagster_project.pulls.landing import LandingFolder
from dagster_project.pulls.pull import Page, PageRequest, Pull, Session, Window
from dagster_project.pulls.state import Progress, PullState, StreamState
from dagster_project.pulls.transport import require_accepted, with_retries

# Without a position and without --since: one page of daily buckets at every provider, and always a
# whole calendar month.
FIRST_PULL_DAYS = 31
# A limit on every loop: 2 000 pages are a Zendesk backlog of two million tickets (1 000 a page,
# over three hours at the allowed pace). The next run goes on from there.
MOST_PAGES_PER_RUN = 2000
# What a server answers to a cursor that it no longer knows.
_CURSOR_REFUSED = frozenset({400, 410, 422})


@dataclass(frozen=True)
class Span:
    """What a run asks for: complete UTC days before `today`, and how far to look back."""

    today: date
    lookback_days: int
    since: date | None


@dataclass
class Tally:
    """What a pull has done so far; it outlives a fault, so a failed pull still says what landed."""

    files: list[Path] = field(default_factory=list)
    pages: int = 0
    requests: int = 0


@dataclass(frozen=True)
class Job:
    """One pull at work."""

    pull: Pull
    session: Session
    folder: LandingFolder
    state: PullState
    span: Span
    log: Callable[[str], None]
    sleep: Callable[[float], None]
    clock: Callable[[], datetime]
    tally: Tally


def plan_window(stream: StreamState, pull: Pull, span: Span, now: datetime) -> Window | None:
    """The days to pull now, or None when no complete day is waiting.

    From max(since, resume day minus look-back) to today, exclusive. `since` earlier than what has
    been covered asks for those days as well; `since` later than the resume day cannot open a gap.
    A day is complete once the source has had its `settle` time after midnight UTC, whatever day
    the caller calls today.
    """
    end = min(span.today, (now - pull.settle).date())
    resume_day = stream.resume_day
    if resume_day is None or stream.covered_from is None:
        start = span.since or end - timedelta(days=FIRST_PULL_DAYS)
    elif span.since is not None and span.since < stream.covered_from:
        start = span.since
    elif stream.bookmark is not None:
        start = resume_day
    else:
        limit = pull.lookback_limit_days
        days = span.lookback_days if limit is None else min(span.lookback_days, limit)
        start = resume_day - timedelta(days=days)
        if span.since is not None:
            start = min(max(span.since, start), resume_day)
    if start < end:
        return Window(start, end)
    return Window(start, start) if pull.is_feed else None


def run_job(job: Job) -> None:
    """Pull every endpoint; a fault in one does not keep the others, and is raised at the end.

    Windows that a former run left unfinished come first: their files carry the older pull id.
    """
    faults: list[str] = []
    unfinished_first = sorted(
        job.pull.endpoints, key=lambda endpoint: _resumable(job.state.stream(endpoint)) is None
    )
    for endpoint in unfinished_first:
        try:
            _run_stream(job, endpoint)
        except PullError as fault:
            faults.append(f"{endpoint}: {fault}")
    if faults:
        raise PullError("; ".join(faults))


def _run_stream(job: Job, endpoint: str) -> None:
    """Finish what a former run left, then pull the days that are due.

    A look-back alone is not due after a resumed window: that window had its own.
    """
    stream = job.state.stream(endpoint)
    unfinished = _resumable(stream)
    if unfinished is not None:
        job.log(f"{endpoint}: resuming {unfinished.pull_id} at page {unfinished.pages + 1}")
        if _walk_or_give_up(job, endpoint, stream, unfinished):
            window = plan_window(stream, job.pull, job.span, job.clock())
            if window is None or stream.covers(window):
                return
    # The second round begins without a saved cursor, so it cannot be given up in its turn.
    for _ in range(2):
        progress = _begin(job, endpoint, stream)
        if progress is None or _walk_or_give_up(job, endpoint, stream, progress):
            return


def _resumable(stream: StreamState) -> Progress | None:
    """The window in progress; one without a landed page is planned anew, as days have passed."""
    return stream.progress if stream.progress is not None and stream.progress.pages else None


def _begin(job: Job, endpoint: str, stream: StreamState) -> Progress | None:
    """Plan a window and give it a pull id, or say that there is nothing to pull."""
    stream.progress = None
    now = job.clock()
    window = plan_window(stream, job.pull, job.span, now)
    if window is None:
        job.log(f"{endpoint}: no complete day to pull yet")
        return None
    resume_day = stream.resume_day
    # Days before the position are asked for by date; the bookmark would skip them.
    cursor = stream.bookmark if resume_day and window.start >= resume_day else None
    stream.progress = Progress(job.state.new_pull_id(now), window, cursor)
    job.state.save()  # Before the first file: a pull id is never given twice.
    job.log(f"{endpoint}: pulling {_window_label(job.pull, window)}")
    return stream.progress


def _walk_or_give_up(job: Job, endpoint: str, stream: StreamState, progress: Progress) -> bool:
    """Walk the window to its end; False when its saved cursor is no longer accepted.

    Only the first request can be refused for that reason, and only a cursor that the server made.
    """
    carried = progress.cursor is not None and job.pull.has_server_cursors
    pages_before = progress.pages
    try:
        _walk(job, endpoint, stream, progress)
    except RefusedError as fault:
        is_first = progress.pages == pages_before
        if not (carried and is_first and fault.status in _CURSOR_REFUSED):
            raise
        job.log(f"{endpoint}: {fault}; the saved position has expired, starting the window again")
        _give_up_window(job, stream)
        return False
    except EnvelopeError:
        # Asking from the same position would meet the same contradiction every night.
        _give_up_window(job, stream)
        raise
    return True


def _give_up_window(job: Job, stream: StreamState) -> None:
    stream.abandon()
    job.state.save()


def _walk(job: Job, endpoint: str, stream: StreamState, progress: Progress) -> None:
    """Ask, land, move on, until the page says that it is the last."""
    while stream.progress is progress:
        try:
            page, body = _fetch(job, endpoint, progress)
        except PullError as fault:
            _say_where(fault, progress)
            raise
        with body:
            _land(job, endpoint, stream, progress, page)
        progress.pages += 1
        job.tally.pages += 1
        if page.next_cursor is None:
            stream.complete(progress, page.bookmark)
        else:
            if progress.cursor is not None:
                progress.cursors_seen.append(progress.cursor)
            progress.cursor = page.next_cursor
        job.state.save()
        closing = "" if stream.progress else ", window complete"
        job.log(f"{endpoint}: page {progress.pages} done{closing}")


def _fetch(job: Job, endpoint: str, progress: Progress) -> tuple[Page, BinaryIO]:
    """The next page of the window and the open body that its files are read from."""
    if job.tally.pages >= MOST_PAGES_PER_RUN:
        raise PullError(f"stopped after {job.tally.pages} pages; the next run goes on from here")

    request = PageRequest(endpoint, progress.window, progress.cursor)

    def ask() -> tuple[Page, BinaryIO]:
        if job.tally.requests and job.pull.seconds_between_requests:
            job.sleep(job.pull.seconds_between_requests)
        job.tally.requests += 1
        reply = job.session.send(request)
        try:
            require_accepted(reply, job.pull, job.clock())
            page = job.pull.read(reply, request)
            _require_progress(progress, page)
        except PullError:
            reply.body.close()
            raise
        return page, reply.body

    prefix = f"{endpoint} page {progress.pages + 1}: "
    return with_retries(ask, sleep=job.sleep, log=lambda text: job.log(prefix + text))


def _require_progress(progress: Progress, page: Page) -> None:
    """A cursor met before would serve the same days for ever."""
    if page.next_cursor is None:
        return
    if page.next_cursor == progress.cursor or page.next_cursor in progress.cursors_seen:
        raise EnvelopeError("the page repeats a cursor already followed, so it leads in a circle")


def _say_where(fault: PullError, progress: Progress) -> None:
    """Name the page in the fault, and what stands of the pages before it."""
    place = f"page {progress.pages + 1} of {progress.pull_id}: {fault}"
    if progress.pages:
        place += f" (pages 1 to {progress.pages} have landed and stay)"
    fault.args = (place,)


def _land(job: Job, endpoint: str, stream: StreamState, progress: Progress, page: Page) -> None:
    number = progress.pages + 1
    label = _window_label(job.pull, progress.window)
    for member in page.members:
        suffix = f"__{_safe(member.label)}" if member.label else ""
        name = f"{progress.pull_id}__{endpoint}__{label}__page-{number:05d}{suffix}"
        with member.body as body:
            landed = job.folder.land(name + member.extension, body, stream.last_files)
        progress.files[landed.sha256] = landed.name
        if landed.is_new:
            job.tally.files.append(job.folder.path / landed.name)


def _window_label(pull: Pull, window: Window) -> str:
    return f"{window.start}_{'now' if pull.is_feed else window.end}"


def _safe(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", label)
