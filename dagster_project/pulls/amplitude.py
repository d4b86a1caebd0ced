"""Amplitude raw events through the Export API.

Facts of the API: `start` and `end` are UTC hours of upload, both inclusive, so a day is T00 to T23;
the answer is a zip of gzipped JSON lines, several files an hour; 404 means that nothing was
uploaded in the window; above 4 GB the answer is 400; an hour can be exported two hours after it
ended. The window is the upload time, not the event time: a late event appears under a later hour,
and an exported hour does not change, so one day of look-back is ample.

One request is one UTC day. The members land as they are inside the zip, still gzipped, because the
loader reads `.json.gz` and cannot read a zip.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile

from dagster_project.lib.errors import ConfigurationError
from dagster_project.pulls.faults import TemporaryError
from dagster_project.pulls.pull import Member, Page, PageRequest, Pull, Reply
from dagster_project.pulls.transport import Address, HttpSession, http_session

API_URLS: Mapping[str, str] = {
    "us": "https://amplitude.com",
    "eu": "https://analytics.eu.amplitude.com",
}
_MEMBER_ENDING = ".json.gz"
_NO_DATA = 404


def day_of(request: PageRequest) -> date:
    """The day that a request asks for; our own cursor is the next day in ISO form."""
    return request.window.start if request.cursor is None else date.fromisoformat(request.cursor)


def export_address(request: PageRequest) -> Address:
    """Path and query parameters of one UTC day, T00 to T23."""
    day = day_of(request).strftime("%Y%m%d")
    return "/api/2/export", (("start", f"{day}T00"), ("end", f"{day}T23"))


@dataclass(frozen=True)
class AmplitudePull(Pull):
    """Events of one Amplitude project."""

    @contextmanager
    def connect(
        self, environment: Mapping[str, str], base_url: str | None
    ) -> Iterator[HttpSession]:
        region = environment.get("AMPLITUDE_REGION") or "us"
        if region not in API_URLS:
            raise ConfigurationError("AMPLITUDE_REGION must be us or eu")
        auth = (environment["AMPLITUDE_API_KEY"], environment["AMPLITUDE_SECRET_KEY"])
        with http_session(base_url or API_URLS[region], export_address, auth=auth) as session:
            yield session

    def read(self, reply: Reply, request: PageRequest) -> Page:
        following = day_of(request) + timedelta(days=1)
        cursor = following.isoformat() if following < request.window.end else None
        members = () if reply.status == _NO_DATA else _unpack(reply.body)
        return Page(members, cursor)


def _unpack(body: BinaryIO) -> tuple[Member, ...]:
    """The gzipped members of an export, each checked against its checksum in the zip."""
    try:
        archive = ZipFile(body)
        damaged = archive.testzip()
    except (BadZipFile, EOFError) as error:
        raise TemporaryError("the answer is not a whole zip archive") from error
    if damaged is not None:
        raise TemporaryError("a file inside the zip archive is damaged")
    names = sorted(entry.filename for entry in archive.infolist() if not entry.is_dir())
    if not all(name.endswith(_MEMBER_ENDING) for name in names):
        raise TemporaryError("the zip archive holds other files than .json.gz")
    return tuple(
        Member(cast(BinaryIO, archive.open(name)), _label(number, name), _MEMBER_ENDING)
        for number, name in enumerate(names, start=1)
    )


def _label(number: int, name: str) -> str:
    """`12345/12345_2026-11-21_7#0.json.gz` → `0001_12345_2026-11-21_7#0`."""
    return f"{number:04d}_{PurePosixPath(name).name.removesuffix(_MEMBER_ENDING)}"


AMPLITUDE_EVENTS = AmplitudePull(
    name="amplitude_events",
    title="Amplitude raw events",
    endpoints=("export",),
    environment_keys=("AMPLITUDE_API_KEY", "AMPLITUDE_SECRET_KEY"),
    access_hint=(
        "AMPLITUDE_API_KEY and AMPLITUDE_SECRET_KEY must be the two keys of one project; "
        "a project in the EU also needs AMPLITUDE_REGION=eu"
    ),
    accepted_statuses=frozenset({200, _NO_DATA}),
    settle=timedelta(hours=2),
    lookback_limit_days=1,
    has_server_cursors=False,
    optional_keys=("AMPLITUDE_REGION",),
)
