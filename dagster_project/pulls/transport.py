"""One request until it is answered: plain HTTP, the meaning of a status, and the retries."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, TypeVar, cast

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from dagster_project.pulls.faults import RefusedError, TemporaryError
from dagster_project.pulls.pull import PageRequest, Pull, Reply

Result = TypeVar("Result")
# Path and query parameters of one request.
Address = tuple[str, tuple[tuple[str, str], ...]]

# Six attempts wait 1, 2, 4, 8 and 16 s plus up to 1 s of jitter each: half a minute rides out a
# restart of the provider; a longer outage is the next night's run.
ATTEMPTS = 6
LONGEST_BACKOFF_SECONDS = 60
# A Retry-After is kept to the second up to a quarter of an hour. Beyond that the run would seem to
# hang, so the source fails and says when to come back.
LONGEST_RETRY_AFTER_SECONDS = 900
RETRY_STATUSES = frozenset({408, 409, 425, 429})
_SERVER_ERRORS = range(500, 600)

CONNECT_TIMEOUT_SECONDS = 10.0
# Seconds without a single byte. Amplitude prepares an export for minutes before it answers.
READ_TIMEOUT_SECONDS = 300.0
# Bodies above 32 MB go to a temporary file: an Amplitude day may hold 4 GB.
SPOOL_BYTES = 32 * 1024 * 1024

_WAIT = wait_exponential_jitter(max=LONGEST_BACKOFF_SECONDS, jitter=1)


class HttpSession:
    """GET requests over httpx; `address` turns a page request into path and query parameters."""

    def __init__(
        self,
        client: httpx.Client,
        address: Callable[[PageRequest], Address],
    ) -> None:
        self._client = client
        self._address = address

    def send(self, request: PageRequest) -> Reply:
        path, parameters = self._address(request)
        body = _spool()
        try:
            with self._client.stream("GET", path, params=parameters) as response:
                for chunk in response.iter_bytes():
                    body.write(chunk)
        except httpx.RequestError as error:
            body.close()
            if isinstance(error, httpx.TimeoutException):
                raise TemporaryError("no answer in time") from None
            raise TemporaryError(f"the connection broke ({type(error).__name__})") from None
        body.seek(0)
        return Reply(response.status_code, response.headers, body)


@contextmanager
def http_session(
    base_url: str,
    address: Callable[[PageRequest], Address],
    *,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> Iterator[HttpSession]:
    """A session that follows no redirect: credentials go to the named host or nowhere."""
    timeout = httpx.Timeout(READ_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
    all_headers = {"User-Agent": "trueup", **(headers or {})}
    with httpx.Client(
        base_url=base_url, headers=all_headers, auth=auth, timeout=timeout, follow_redirects=False
    ) as client:
        yield HttpSession(client, address)


def require_accepted(reply: Reply, pull: Pull, now: datetime) -> None:
    """Pass an answer that carries a page; raise TemporaryError or RefusedError for the others."""
    status = reply.status
    if status in pull.accepted_statuses:
        return
    detail = _provider_message(reply)
    if status in RETRY_STATUSES | pull.retry_statuses or status in _SERVER_ERRORS:
        wait = retry_after_seconds(reply.headers.get("retry-after"), now)
        if wait is not None and wait > LONGEST_RETRY_AFTER_SECONDS:
            raise RefusedError(
                f"answered {status} and asks to wait {wait:.0f} s; run the pull again after that",
                status,
            )
        raise TemporaryError(f"answered {status}{detail}", wait)
    if status in (401, 403):
        raise RefusedError(f"answered {status}{detail}. {pull.access_hint}", status)
    raise RefusedError(f"answered {status}{detail}", status)


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """The Retry-After header, which is seconds or an HTTP date; None when absent or unreadable."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def with_retries(
    ask: Callable[[], Result], *, sleep: Callable[[float], None], log: Callable[[str], None]
) -> Result:
    """Call `ask` until it answers; a TemporaryError is raised on after the last attempt."""

    def wait(state: RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        asked_for = fault.retry_after if isinstance(fault, TemporaryError) else None
        return _WAIT(state) if asked_for is None else asked_for

    def tell(state: RetryCallState) -> None:
        fault = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0.0
        log(f"{fault}; attempt {state.attempt_number} of {ATTEMPTS}, waiting {pause:.1f} s")

    retrying = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait,
        retry=retry_if_exception_type(TemporaryError),
        sleep=sleep,
        before_sleep=tell,
        reraise=True,
    )
    return retrying(ask)


def _spool() -> BinaryIO:
    """A body that stays in memory while it is small; whoever lands it closes it."""
    return cast(BinaryIO, SpooledTemporaryFile(max_size=SPOOL_BYTES))


def _provider_message(reply: Reply) -> str:
    """The provider's own words on an error, at most 200 characters on one line, or nothing."""
    raw = reply.body.read(4000)
    reply.body.seek(0)
    text = raw.decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict):
        error = document.get("error", document)
        message = error.get("message") if isinstance(error, dict) else error
        text = message if isinstance(message, str) else ""
    words = " ".join(text.split())[:200]
    return f" ({words})" if words and not words.startswith("<") else ""
