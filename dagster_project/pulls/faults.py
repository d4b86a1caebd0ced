"""What can go wrong between an API and the landing folder, by what has to happen next."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from dagster_project.lib.errors import TrueUpError


class PullError(TrueUpError):
    """A pull stopped; pages that landed before stay, and the next run goes on from there."""


class TemporaryError(PullError):
    """Worth asking again: no answer, a busy server, or a body that arrived damaged.

    `retry_after` is the wait in seconds that the server asked for, None when it named none.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RefusedError(PullError):
    """The server understood the request and will refuse it again; `status` is its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class EnvelopeError(PullError):
    """The paging contradicts itself, so the window cannot be walked to its end."""


class PositionError(PullError):
    """The saved position of a pull cannot be read, or another run holds it."""


# Key shapes of the providers (real keys are far longer than 12 characters), the two header schemes,
# and a password inside a URL. They back up the literal values below: a provider may echo a key
# that it was not sent whole.
_SECRET_SHAPES = (
    (re.compile(r"\bsk-[A-Za-z0-9_*-]{12,}"), "[redacted]"),
    (re.compile(r"\b(Bearer|Basic)\s+[^\s\"',]+", re.IGNORECASE), r"\1 [redacted]"),
    (re.compile(r"://[^/@\s]+@"), "://[redacted]@"),
)


class Redactor:
    """Takes credentials out of every text that leaves a pull: log lines and result messages."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in (secret, quote(secret, safe=""))}
        # Longest first: one secret may be the beginning of another.
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, "[redacted]")
        for shape, replacement in _SECRET_SHAPES:
            text = shape.sub(replacement, text)
        return text
