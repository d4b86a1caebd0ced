"""What a source says about itself; the engine knows the rest.

A source names its endpoints and its keys, sends one request at a time and reads the paging out of
the answer. Windows, retries, landing, resuming and the log belong to the engine, once for all.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import BinaryIO, ClassVar, Protocol

from dagster_project.pulls.faults import EnvelopeError, TemporaryError


@dataclass(frozen=True)
class Window:
    """Whole UTC days, half-open: `start` is pulled, `end` is not."""

    start: date
    end: date

    @property
    def start_at(self) -> datetime:
        return datetime.combine(self.start, time(), UTC)

    @property
    def end_at(self) -> datetime:
        return datetime.combine(self.end, time(), UTC)

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)


@dataclass(frozen=True)
class PageRequest:
    """One page to ask for; `cursor` is None for the first page of a window."""

    endpoint: str
    window: Window
    cursor: str | None


@dataclass(frozen=True)
class Reply:
    """An answer as served: `body` is rewound; `headers` disregard case."""

    status: int
    headers: Mapping[str, str]
    body: BinaryIO


@dataclass(frozen=True)
class Member:
    """One landing file of a page; `label` tells files of the same page apart."""

    body: BinaryIO
    label: str = ""
    extension: str = ".json"


@dataclass(frozen=True)
class Page:
    """What the paging of one answer says.

    `next_cursor` is None on the last page of the window. `bookmark` is where the next pull goes on,
    for feeds that are read from a saved position instead of by date.
    """

    members: tuple[Member, ...]
    next_cursor: str | None
    bookmark: str | None = None


class Session(Protocol):
    """An open connection; raises TemporaryError when no whole answer came back."""

    def send(self, request: PageRequest) -> Reply: ...


@dataclass(frozen=True)
class Pull(ABC):
    """One landing folder filled from one API. Subclasses hold the facts of that API."""

    name: str
    title: str
    endpoints: tuple[str, ...]
    environment_keys: tuple[str, ...]
    # Said beside a 401 or 403: which key, made by whom.
    access_hint: str
    # Statuses that carry a page, and statuses worth asking again beyond the usual ones.
    accepted_statuses: frozenset[int] = frozenset({200})
    retry_statuses: frozenset[int] = frozenset()
    # How long after midnight UTC the day before is served whole.
    settle: timedelta = timedelta(0)
    # The longest useful re-pull; None takes the run's look-back as it is.
    lookback_limit_days: int | None = None
    seconds_between_requests: float = 0.0
    # True: read from a saved position to the present, so the window has no end of its own.
    is_feed: bool = False
    # False: the cursor is made here, so a refusal never means that it has expired.
    has_server_cursors: bool = True
    optional_keys: tuple[str, ...] = field(default=())

    # Values of these variables are names, not secrets, and may stand in a message.
    PUBLIC_KEYS: ClassVar[frozenset[str]] = frozenset({"ZENDESK_SUBDOMAIN", "AMPLITUDE_REGION"})

    @property
    def environment_key(self) -> str:
        """The needed variables as one readable text."""
        return ", ".join(self.environment_keys)

    def describe(self) -> str:
        """One line for `trueup pull --help` and the doctor."""
        endpoints = ", ".join(self.endpoints)
        return f"{self.title} ({endpoints}) → landing/{self.name}; needs {self.environment_key}"

    @abstractmethod
    def connect(
        self, environment: Mapping[str, str], base_url: str | None
    ) -> AbstractContextManager[Session]:
        """Open a session with the given credentials; `base_url` replaces the public address."""

    @abstractmethod
    def read(self, reply: Reply, request: PageRequest) -> Page:
        """Read the paging of an accepted answer, and nothing beyond it.

        Raises TemporaryError for a body that is not what the API promises and EnvelopeError for
        paging that contradicts itself.
        """


def read_json_object(reply: Reply) -> dict[str, object]:
    """Parse a page for its envelope. The landed bytes are those served, never this object."""
    try:
        document = json.load(reply.body)
    except ValueError as error:
        raise TemporaryError("the answer is not whole JSON") from error
    finally:
        reply.body.seek(0)
    if not isinstance(document, dict):
        raise TemporaryError("the answer is JSON but not a page")
    return document


def read_bucket_page(reply: Reply) -> Page:
    """Envelope shared by OpenAI and Anthropic reports: `data`, `has_more`, `next_page`.

    Paging counts buckets (days), never rows. `has_more` false ends the window, whatever `next_page`
    says; `has_more` true without a cursor cannot be walked on and would lose days silently.
    """
    document = read_json_object(reply)
    has_more = document.get("has_more")
    if not isinstance(document.get("data"), list) or not isinstance(has_more, bool):
        raise TemporaryError("the answer is JSON but not a page: it lacks data or has_more")
    members = (Member(reply.body),)
    if not has_more:
        return Page(members, next_cursor=None)
    return Page(members, next_cursor=required_cursor(document.get("next_page"), "next_page"))


def required_cursor(value: object, name: str) -> str:
    """The cursor that a page with more to come must carry."""
    if not isinstance(value, str) or not value:
        raise EnvelopeError(f"the page says that more follows but its {name} is empty")
    return value
