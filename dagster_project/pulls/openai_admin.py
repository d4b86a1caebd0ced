"""OpenAI usage and costs through the official client's administration endpoints.

Facts of the API: daily buckets align to UTC midnight; `start_time` and `end_time` are Unix seconds,
the end exclusive; a page holds at most 31 daily usage buckets or 180 cost buckets and any number of
rows; a dimension that is not grouped by comes back null, so every dimension the warehouse keeps is
asked for. Costs are strings such as "0E-6176" in live answers: the landed page is the body as
served, taken from `with_raw_response`, never a parsed object written out again.

`user_id` stays out of the costs grouping: together with project_id some organizations get a 400.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from dagster_project.pulls.faults import TemporaryError
from dagster_project.pulls.pull import Page, PageRequest, Pull, Reply, read_bucket_page
from dagster_project.pulls.transport import READ_TIMEOUT_SECONDS

# Always passed on: the client would otherwise read OPENAI_BASE_URL, and an administration key has
# no business at a gateway.
API_URL = "https://api.openai.com/v1"

GROUP_BY: Mapping[str, tuple[str, ...]] = {
    "completions": ("project_id", "user_id", "api_key_id", "model", "batch", "service_tier"),
    "embeddings": ("project_id", "user_id", "api_key_id", "model"),
    "costs": ("project_id", "line_item", "api_key_id"),
}
BUCKETS_PER_PAGE: Mapping[str, int] = {"completions": 31, "embeddings": 31, "costs": 180}

_ACCESS_HINT = (
    "OPENAI_ADMIN_KEY must be an admin key (sk-admin-…) made by an owner of the organization; "
    "a project key cannot read usage or costs"
)


class OpenAISession:
    """Sends page requests with `client.admin.organization.usage.<endpoint>`."""

    def __init__(self, methods: Mapping[str, Callable[..., Any]]) -> None:
        self._methods = methods

    def send(self, request: PageRequest) -> Reply:
        import openai  # noqa: PLC0415

        arguments: dict[str, Any] = {
            "start_time": int(request.window.start_at.timestamp()),
            "end_time": int(request.window.end_at.timestamp()),
            "bucket_width": "1d",
            "group_by": list(GROUP_BY[request.endpoint]),
            "limit": BUCKETS_PER_PAGE[request.endpoint],
        }
        if request.cursor is not None:
            arguments["page"] = request.cursor
        try:
            answer = self._methods[request.endpoint](**arguments)
        except openai.APIStatusError as error:
            response = error.response
            return Reply(response.status_code, response.headers, BytesIO(response.content))
        except openai.APITimeoutError:
            raise TemporaryError("no answer in time") from None
        except openai.APIConnectionError as error:
            cause = type(error.__cause__ or error).__name__
            raise TemporaryError(f"the connection broke ({cause})") from None
        return Reply(answer.status_code, answer.headers, BytesIO(answer.content))


@dataclass(frozen=True)
class OpenAIPull(Pull):
    """Usage or costs of one OpenAI organization."""

    @contextmanager
    def connect(
        self, environment: Mapping[str, str], base_url: str | None
    ) -> Iterator[OpenAISession]:
        # Its import takes about a second, paid only by a run that pulls from OpenAI.
        import openai  # noqa: PLC0415

        with openai.OpenAI(
            admin_api_key=environment["OPENAI_ADMIN_KEY"],
            base_url=base_url or API_URL,
            timeout=READ_TIMEOUT_SECONDS,
            max_retries=0,  # The engine retries: one budget, one log, honouring Retry-After.
        ) as client:
            usage = client.admin.organization.usage.with_raw_response
            yield OpenAISession(
                {
                    "completions": usage.completions,
                    "embeddings": usage.embeddings,
                    "costs": usage.costs,
                }
            )

    def read(self, reply: Reply, request: PageRequest) -> Page:
        return read_bucket_page(reply)


OPENAI_USAGE = OpenAIPull(
    name="openai_usage",
    title="OpenAI usage by day",
    endpoints=("completions", "embeddings"),
    environment_keys=("OPENAI_ADMIN_KEY",),
    access_hint=_ACCESS_HINT,
)

OPENAI_COSTS = OpenAIPull(
    name="openai_costs",
    title="OpenAI costs by day",
    endpoints=("costs",),
    environment_keys=("OPENAI_ADMIN_KEY",),
    access_hint=_ACCESS_HINT,
    # A day-long outage of /costs answered 404: the address exists, so 404 means "later".
    retry_statuses=frozenset({404}),
)
