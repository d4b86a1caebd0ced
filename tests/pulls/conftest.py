"""A local server that answers like the real APIs, scripted faults, and a bench to run pulls on."""

import base64
import gzip
import io
import json
import socket
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dagster_project.pulls import PULLS, PullResult, run_pulls

NOW = datetime(2026, 11, 22, 2, 15, tzinfo=UTC)
TODAY = date(2026, 11, 22)

KEYS: Mapping[str, str] = {
    "OPENAI_ADMIN_KEY": "sk-admin-canary-0001",
    "ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-canary-0002",
    "ZENDESK_SUBDOMAIN": "example",
    "ZENDESK_EMAIL": "canary-0003@example.com",
    "ZENDESK_API_TOKEN": "zendesk-canary-0004",
    "AMPLITUDE_API_KEY": "amplitude-canary-0005",
    "AMPLITUDE_SECRET_KEY": "amplitude-canary-0006",
}
ZENDESK_BASIC = base64.b64encode(b"canary-0003@example.com/token:zendesk-canary-0004").decode()
AMPLITUDE_BASIC = base64.b64encode(b"amplitude-canary-0005:amplitude-canary-0006").decode()

# What each endpoint must be asked to group by, as the raw tables need it.
GROUP_BY: Mapping[str, set[str]] = {
    "/v1/organization/usage/completions": {
        "project_id", "user_id", "api_key_id", "model", "batch", "service_tier",
    },
    "/v1/organization/usage/embeddings": {"project_id", "user_id", "api_key_id", "model"},
    "/v1/organization/costs": {"project_id", "line_item", "api_key_id"},
    "/v1/organizations/usage_report/messages": {
        "api_key_id", "workspace_id", "model", "service_tier", "context_window", "inference_geo",
    },
    "/v1/organizations/cost_report": {"workspace_id", "description"},
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]

    def one(self, name: str) -> str | None:
        values = self.query.get(name, [])
        return values[0] if values else None


Answer = tuple[int, Mapping[str, str], bytes]
Fault = Callable[[BaseHTTPRequestHandler, Answer], None]


@dataclass
class FakeApi:
    """State of the server. `faults` replaces the answer to the n-th request, counted from 1."""

    url: str = ""
    days_per_page: int = 31
    tickets: list[int] = field(default_factory=list)
    tickets_per_page: int = 2
    days_without_events: set[date] = field(default_factory=set)
    revision: int = 0
    faults: dict[int, Fault] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/v1/organization/"):
            return self._openai(asked)
        if asked.path.startswith("/v1/organizations/"):
            return self._anthropic(asked)
        if asked.path == "/api/v2/incremental/tickets/cursor.json":
            return self._zendesk(asked)
        if asked.path == "/api/2/export":
            return self._amplitude(asked)
        return error(404, "no such address")

    def _openai(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {KEYS['OPENAI_ADMIN_KEY']}":
            return error(401, "Incorrect API key provided")
        first = day_of_epoch(asked.one("start_time"))
        end = day_of_epoch(asked.one("end_time"))
        most = 180 if asked.path.endswith("/costs") else 31
        return self._buckets(asked, first, end, most, "start_time")

    def _anthropic(self, asked: Asked) -> Answer:
        if asked.headers.get("x-api-key") != KEYS["ANTHROPIC_ADMIN_KEY"]:
            return error(401, "invalid x-api-key")
        if asked.headers.get("anthropic-version") != "2023-06-01":
            return error(400, "anthropic-version: header is required")
        first = date.fromisoformat((asked.one("starting_at") or "")[:10])
        end = date.fromisoformat((asked.one("ending_at") or "")[:10])
        return self._buckets(asked, first, end, 31, "starting_at")

    def _buckets(self, asked: Asked, first: date, end: date, most: int, time_key: str) -> Answer:
        limit = int(asked.one("limit") or 7)
        if set(asked.query.get("group_by[]", [])) != GROUP_BY[asked.path]:
            return error(400, "unsupported group_by")
        if asked.one("bucket_width") != "1d" or limit > most:
            return error(400, "unsupported bucket_width or limit")
        cursor = asked.one("page")
        if cursor is not None:
            if not cursor.startswith("page_"):
                return error(400, "invalid page cursor")
            first = date.fromisoformat(cursor.removeprefix("page_"))
        upto = min(end, first + timedelta(days=min(limit, self.days_per_page)))
        # Number texts that a float or a re-written JSON would change, and uneven blanks.
        results = (
            '{"amount":{"value":"0.000004500000000000000000000000000000000"},"n":57.0,"e":1E+2}'
        )
        buckets = ",\n ".join(
            f'{{"{time_key}": "{first + timedelta(n)}","results":[{results}], "p":"{asked.path}"}}'
            for n in range((upto - first).days)
        )
        more = "true" if upto < end else "false"
        following = f'"page_{upto}"' if upto < end else "null"
        text = f'{{"object":"page","revision":{self.revision},"data":[{buckets}],'
        text += f'"has_more":{more},"next_page":{following}}}'
        return 200, {"Content-Type": "application/json"}, text.encode()

    def _zendesk(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Basic {ZENDESK_BASIC}":
            return error(401, "Couldn't authenticate you")
        if asked.one("include") != "metric_sets":
            return error(400, "include is missing")
        cursor = asked.one("cursor")
        if cursor is None and asked.one("start_time") is None:
            return error(400, "start_time is missing")
        if cursor is not None and not cursor.startswith("c"):
            return error(400, "cursor is invalid")
        first = int(cursor[1:]) if cursor else 0
        upto = min(len(self.tickets), first + self.tickets_per_page)
        page = {
            "tickets": [{"id": number} for number in self.tickets[first:upto]],
            "after_cursor": f"c{upto}" if self.tickets else None,
            "end_of_stream": upto == len(self.tickets),
        }
        return 200, {"Content-Type": "application/json"}, json.dumps(page).encode()

    def _amplitude(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Basic {AMPLITUDE_BASIC}":
            return error(403, "forbidden")
        first, last = asked.one("start") or "", asked.one("end") or ""
        if not (first.endswith("T00") and last == f"{first[:8]}T23"):
            return error(400, "this test expects whole days")
        day = date.fromisoformat(first[:8])
        if day in self.days_without_events:
            return error(404, "no data")
        return 200, {"Content-Type": "application/zip"}, event_archive(day)


def day_of_epoch(text: str | None) -> date:
    moment = datetime.fromtimestamp(int(text or ""), UTC)
    assert (moment.hour, moment.minute, moment.second) == (0, 0, 0), "windows are whole UTC days"
    return moment.date()


def error(status: int, message: str) -> Answer:
    return status, {}, json.dumps({"error": {"message": message}}).encode()


def event_members(day: date) -> dict[str, bytes]:
    """Two hours of events as Amplitude names them inside the zip; gzip without a time stamp."""
    return {
        f"636686/636686_{day}_{hour}#0.json.gz": gzip.compress(
            f'{{"uuid": "{day}-{hour}", "amount": 1.10}}\n'.encode(), mtime=0
        )
        for hour in (7, 8)
    }


def event_archive(day: date) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in event_members(day).items():
            file.writestr(name, content)
    return archive.getvalue()


class Script:
    """Faults to put in `FakeApi.faults`."""

    @staticmethod
    def status(code: int, message: str = "", **headers: str) -> Fault:
        def answer(handler: BaseHTTPRequestHandler, _: Answer) -> None:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            send(handler, (code, named, error(code, message)[2]))

        return answer

    @staticmethod
    def body(content: bytes) -> Fault:
        return lambda handler, _: send(handler, (200, {}, content))

    @staticmethod
    def truncated(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        """Half the body, declared as if it were the whole."""
        send(handler, (200, {}, answer[2][: len(answer[2]) // 2]))

    @staticmethod
    def cut_off(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        """Half the declared body, then an orderly end of the connection."""
        send(handler, answer, only=len(answer[2]) // 2)

    @staticmethod
    def reset(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        """Half the declared body, then a connection reset."""
        send(handler, answer, only=len(answer[2]) // 2)
        no_linger = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        handler.connection.close()


def send(handler: BaseHTTPRequestHandler, answer: Answer, only: int | None = None) -> None:
    status, headers, body = answer
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[:only])
    handler.wfile.flush()


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    fake = FakeApi()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(address.path, parse_qs(address.query), headers)
            fake.asked.append(asked)
            answer = fake.answer(asked)
            fault = fake.faults.get(len(fake.asked))
            if fault is not None:
                fault(self, answer)
                return
            fake.bodies.append(answer[2])
            send(self, answer)

        def log_message(self, *_: Any) -> None:
            """The server stays silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Bench:
    """Runs pulls against the fake server and keeps all that they say, sleep and land."""

    api: FakeApi
    landing: Path
    lines: list[str] = field(default_factory=list)
    sleeps: list[float] = field(default_factory=list)
    kill_at: str | None = None
    script: type[Script] = Script
    keys: Mapping[str, str] = field(default_factory=lambda: dict(KEYS))

    def base_urls(self) -> dict[str, str]:
        suffix = {"openai_usage": "/v1", "openai_costs": "/v1"}
        return {name: self.api.url + suffix.get(name, "") for name in PULLS}

    def log(self, line: str) -> None:
        self.lines.append(line)
        if self.kill_at is not None and self.kill_at in line:
            self.kill_at = None
            raise Killed

    def run(self, *names: str, **changes: Any) -> list[PullResult]:
        arguments: dict[str, Any] = {
            "names": names or None,
            "today": TODAY,
            "since": None,
            "environment": self.keys,
            "log": self.log,
            "base_urls": self.base_urls(),
            "sleep": self.sleeps.append,
            "clock": lambda: NOW,
        }
        return run_pulls(self.landing, **{**arguments, **changes})

    def one(self, name: str, **changes: Any) -> PullResult:
        (result,) = self.run(name, **changes)
        return result

    def files(self, name: str) -> list[Path]:
        """Landed files in the order of their names; hidden files would be unfinished ones."""
        folder = self.landing / name
        return sorted(folder.iterdir()) if folder.exists() else []

    def names(self, name: str) -> list[str]:
        return [path.name for path in self.files(name)]

    def position(self, name: str) -> dict[str, Any]:
        saved = (self.landing / ".pulls" / f"{name}.json").read_text()
        return json.loads(saved)["streams"]  # type: ignore[no-any-return]


class Killed(BaseException):
    """Stands for a kill signal: nothing in the pulls may catch it."""


@pytest.fixture
def bench(api: FakeApi, tmp_path: Path) -> Bench:
    return Bench(api, tmp_path / "landing")


@pytest.fixture
def killed() -> type[BaseException]:
    return Killed
