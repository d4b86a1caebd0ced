"""Anthropic usage and cost reports of the Admin API, over plain HTTP.

The official Python client covers only the newer analytics endpoints, not these reports. Facts of
the API: an Admin key in `x-api-key` (individual accounts have none); times are RFC 3339 in UTC, the
end exclusive; at most 31 daily buckets a page. The documentation asks for no more than one request
a minute over long periods and allows bursts for paging: a nightly run with pages of 31 days sends
one request per report.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from dagster_project.pulls.pull import Page, PageRequest, Pull, Reply, read_bucket_page
from dagster_project.pulls.transport import Address, HttpSession, http_session

API_URL = "https://api.anthropic.com"
API_VERSION = "2023-06-01"
BUCKETS_PER_PAGE = 31

# Endpoint → path and every dimension that the warehouse keeps; others would come back null.
REPORTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "messages": (
        "/v1/organizations/usage_report/messages",
        (
            "api_key_id",
            "workspace_id",
            "model",
            "service_tier",
            "context_window",
            "inference_geo",
        ),
    ),
    "cost_report": ("/v1/organizations/cost_report", ("workspace_id", "description")),
}

_ACCESS_HINT = (
    "ANTHROPIC_ADMIN_KEY must be an Admin key (sk-ant-admin…) made by an admin of the "
    "organization; an ordinary API key cannot read reports"
)


def report_address(request: PageRequest) -> Address:
    """Path and query parameters of one page."""
    path, dimensions = REPORTS[request.endpoint]
    parameters = [
        ("starting_at", _rfc3339(request.window.start_at)),
        ("ending_at", _rfc3339(request.window.end_at)),
        ("bucket_width", "1d"),
        ("limit", str(BUCKETS_PER_PAGE)),
        *(("group_by[]", dimension) for dimension in dimensions),
    ]
    if request.cursor is not None:
        parameters.append(("page", request.cursor))
    return path, tuple(parameters)


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class AnthropicPull(Pull):
    """One report of one Anthropic organization."""

    @contextmanager
    def connect(
        self, environment: Mapping[str, str], base_url: str | None
    ) -> Iterator[HttpSession]:
        headers = {
            "x-api-key": environment["ANTHROPIC_ADMIN_KEY"],
            "anthropic-version": API_VERSION,
        }
        with http_session(base_url or API_URL, report_address, headers=headers) as session:
            yield session

    def read(self, reply: Reply, request: PageRequest) -> Page:
        return read_bucket_page(reply)


ANTHROPIC_USAGE = AnthropicPull(
    name="anthropic_usage",
    title="Anthropic message usage by day",
    endpoints=("messages",),
    environment_keys=("ANTHROPIC_ADMIN_KEY",),
    access_hint=_ACCESS_HINT,
)

ANTHROPIC_COSTS = AnthropicPull(
    name="anthropic_costs",
    title="Anthropic costs by day",
    endpoints=("cost_report",),
    environment_keys=("ANTHROPIC_ADMIN_KEY",),
    access_hint=_ACCESS_HINT,
)
