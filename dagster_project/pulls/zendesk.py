"""Zendesk tickets through the cursor-based incremental export.

Facts of the API: the export lists every ticket whose `generated_timestamp` moved since a position,
deleted and archived tickets included, leaving out the last minute; each page carries `after_cursor`
and `end_of_stream`, and the last cursor is where the next export goes on, days later. Ten requests
a minute are allowed. `include=metric_sets` adds reopens and solved times to each ticket; the
ticket_metrics list would omit archived tickets.

The export has no end date, so a pull reads up to the present. That is harmless: tickets are
versioned rows, not totals of a day.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from dagster_project.lib.errors import ConfigurationError
from dagster_project.pulls.faults import TemporaryError
from dagster_project.pulls.pull import (
    Member,
    Page,
    PageRequest,
    Pull,
    Reply,
    read_json_object,
    required_cursor,
)
from dagster_project.pulls.transport import Address, HttpSession, http_session

TICKETS_PER_PAGE = 1000
# The subdomain becomes part of the host that receives the credentials: letters, digits, hyphens.
_SUBDOMAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")


def export_address(request: PageRequest) -> Address:
    """Path and query parameters of one page; the first page of all starts at a time."""
    position = (
        ("start_time", str(int(request.window.start_at.timestamp())))
        if request.cursor is None
        else ("cursor", request.cursor)
    )
    return "/api/v2/incremental/tickets/cursor.json", (
        position,
        ("include", "metric_sets"),
        ("per_page", str(TICKETS_PER_PAGE)),
    )


@dataclass(frozen=True)
class ZendeskPull(Pull):
    """Tickets of one Zendesk account."""

    @contextmanager
    def connect(
        self, environment: Mapping[str, str], base_url: str | None
    ) -> Iterator[HttpSession]:
        subdomain = environment["ZENDESK_SUBDOMAIN"]
        if not _SUBDOMAIN.fullmatch(subdomain):
            raise ConfigurationError(
                "ZENDESK_SUBDOMAIN must be the name before .zendesk.com alone, "
                "of letters, digits and hyphens"
            )
        auth = (f"{environment['ZENDESK_EMAIL']}/token", environment["ZENDESK_API_TOKEN"])
        url = base_url or f"https://{subdomain}.zendesk.com"
        with http_session(url, export_address, auth=auth) as session:
            yield session

    def read(self, reply: Reply, request: PageRequest) -> Page:
        document = read_json_object(reply)
        at_end, cursor = document.get("end_of_stream"), document.get("after_cursor")
        if not isinstance(document.get("tickets"), list) or not isinstance(at_end, bool):
            raise TemporaryError("the answer is JSON but lacks tickets or end_of_stream")
        members = (Member(reply.body),)
        if not at_end:
            return Page(members, next_cursor=required_cursor(cursor, "after_cursor"))
        # An export without a single ticket has no cursor; a position from before stays valid.
        bookmark = cursor if isinstance(cursor, str) and cursor else None
        return Page(members, next_cursor=None, bookmark=bookmark)


ZENDESK_TICKETS = ZendeskPull(
    name="zendesk_tickets",
    title="Zendesk tickets with their metrics",
    endpoints=("tickets",),
    environment_keys=("ZENDESK_SUBDOMAIN", "ZENDESK_EMAIL", "ZENDESK_API_TOKEN"),
    access_hint=(
        "ZENDESK_EMAIL and ZENDESK_API_TOKEN must belong to an admin, with token access switched on"
    ),
    seconds_between_requests=6.0,
    is_feed=True,
)
