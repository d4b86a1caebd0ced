"""Faults of the network and of the provider: what is asked again, what is not, what is said."""

import json
import logging
from datetime import UTC, date, datetime
from typing import Any

import pytest

from dagster_project.pulls.faults import Redactor
from dagster_project.pulls.transport import retry_after_seconds

WEEK = date(2026, 11, 15)
BUCKET_PULLS = ["openai_costs", "anthropic_costs"]


@pytest.mark.parametrize("name", BUCKET_PULLS)
def test_a_429_waits_as_long_as_the_server_asks(bench: Any, name: str) -> None:
    bench.api.faults[1] = bench.script.status(429, "slow down", Retry_After="17")
    assert bench.one(name).status == "landed"
    assert bench.sleeps == [17.0]
    assert len(bench.api.asked) == 2


def test_a_retry_after_of_an_hour_ends_the_run_instead_of_hanging(bench: Any) -> None:
    bench.api.faults[1] = bench.script.status(429, Retry_After="3600")
    result = bench.one("anthropic_costs")
    assert result.status == "failed"
    assert "asks to wait 3600 s" in result.message
    assert (bench.sleeps, len(bench.api.asked)) == ([], 1)


@pytest.mark.parametrize("name", BUCKET_PULLS)
@pytest.mark.parametrize("code", [408, 409, 500, 503, 529])
def test_a_passing_server_error_is_asked_again(bench: Any, name: str, code: int) -> None:
    bench.api.faults = {1: bench.script.status(code), 2: bench.script.status(code)}
    assert bench.one(name).status == "landed"
    first, second = bench.sleeps
    assert 1 <= first <= 2
    assert 2 <= second <= 3


@pytest.mark.parametrize("name", BUCKET_PULLS)
@pytest.mark.parametrize("fault", ["truncated", "cut_off", "reset"])
def test_a_damaged_body_is_asked_again_and_lands_once(bench: Any, name: str, fault: str) -> None:
    bench.api.faults[1] = getattr(bench.script, fault)
    assert bench.one(name).status == "landed"
    assert [path.read_bytes() for path in bench.files(name)] == bench.api.bodies


@pytest.mark.parametrize("name", BUCKET_PULLS)
def test_a_server_that_never_recovers_is_asked_six_times(bench: Any, name: str) -> None:
    bench.api.faults = {n: bench.script.status(502, "bad gateway") for n in range(1, 20)}
    result = bench.one(name)
    assert result.status == "failed"
    assert "answered 502 (bad gateway)" in result.message
    assert len(bench.api.asked) == 6
    assert len(bench.sleeps) == 5
    assert bench.files(name) == []


@pytest.mark.parametrize(
    "content", [b"<html>maintenance</html>", b"[]", b'{"data": []}', b'{"has_more": false}', b""]
)
def test_a_page_without_its_envelope_lands_nothing(bench: Any, content: bytes) -> None:
    bench.api.faults = {n: bench.script.body(content) for n in range(1, 20)}
    for name in ("openai_costs", "anthropic_usage", "zendesk_tickets"):
        bench.api.asked.clear()
        assert bench.one(name).status == "failed"
        assert bench.files(name) == []


def test_a_truncated_or_damaged_zip_is_asked_again(bench: Any) -> None:
    def flip_one_byte(handler: Any, answer: Any) -> None:
        body = answer[2]
        inside = body.index(b"\x1f\x8b") + 12  # Within the first gzipped member.
        damaged = body[:inside] + bytes([body[inside] ^ 1]) + body[inside + 1 :]
        bench.script.body(damaged)(handler, answer)

    bench.api.faults = {1: bench.script.truncated, 2: flip_one_byte}
    result = bench.one("amplitude_events", since=date(2026, 11, 21))
    assert (result.status, len(result.files)) == ("landed", 2)
    assert any("a file inside the zip archive is damaged" in line for line in bench.lines)


def test_credentials_do_not_follow_a_redirect(bench: Any) -> None:
    elsewhere = f"{bench.api.url}/v1/organizations/cost_report"
    bench.api.faults[1] = bench.script.status(302, Location=elsewhere)
    result = bench.one("anthropic_costs")
    assert (result.status, len(bench.api.asked)) == ("failed", 1)
    assert "answered 302" in result.message


@pytest.mark.parametrize("code", [400, 401, 403, 404])
def test_a_refusal_is_not_asked_again(bench: Any, code: int) -> None:
    bench.api.faults[1] = bench.script.status(code, "that is not allowed")
    result = bench.one("anthropic_usage")
    assert result.status == "failed"
    assert f"answered {code} (that is not allowed)" in result.message
    assert ("must be an Admin key" in result.message) == (code in (401, 403))
    assert len(bench.api.asked) == 1


def test_openai_costs_take_404_for_an_outage_but_openai_usage_does_not(bench: Any) -> None:
    bench.api.faults[1] = bench.script.status(404)
    assert bench.one("openai_costs").status == "landed"
    bench.api.asked.clear()
    assert bench.one("openai_usage").status == "failed"


def test_one_failing_source_does_not_stop_the_others(bench: Any) -> None:
    bench.keys = {**bench.keys, "OPENAI_ADMIN_KEY": "sk-proj-wrong"}
    status = {result.name: result.status for result in bench.run()}
    assert status == {
        "openai_usage": "failed",
        "openai_costs": "failed",
        "anthropic_usage": "landed",
        "anthropic_costs": "landed",
        "zendesk_tickets": "landed",
        "amplitude_events": "landed",
    }


def test_one_failing_endpoint_does_not_stop_the_other(bench: Any) -> None:
    bench.api.faults[1] = bench.script.status(400, "no")
    result = bench.one("openai_usage")
    assert result.status == "failed"
    assert result.message.startswith("completions: page 1")
    assert [path.name.split("__")[1] for path in result.files] == ["embeddings"]


@pytest.mark.parametrize("name", BUCKET_PULLS)
def test_a_repeated_cursor_fails_clearly_and_the_next_run_starts_anew(
    bench: Any, name: str
) -> None:
    bench.api.days_per_page = 3
    circle = b'{"data": [], "has_more": true, "next_page": "page_2026-11-18"}'
    bench.api.faults[2] = bench.script.body(circle)
    result = bench.one(name, since=WEEK)
    assert result.status == "failed"
    assert "repeats a cursor" in result.message
    assert "pages 1 to 1 have landed and stay" in result.message
    assert len(bench.files(name)) == 1
    assert bench.one(name, since=WEEK).pages == 3
    assert {path.name[:16] for path in bench.files(name)} == {
        "20261122T021500Z",
        "20261122T021501Z",
    }


def test_a_longer_circle_of_cursors_is_found_too(bench: Any) -> None:
    bench.api.days_per_page = 2
    circle = b'{"data": [], "has_more": true, "next_page": "page_2026-11-17"}'
    bench.api.faults[4] = bench.script.body(circle)
    result = bench.one("anthropic_costs", since=WEEK)
    assert "repeats a cursor" in result.message
    assert "pages 1 to 3 have landed and stay" in result.message


def test_more_to_come_without_a_cursor_fails_clearly(bench: Any) -> None:
    bench.api.faults[1] = bench.script.body(b'{"data": [], "has_more": true, "next_page": ""}')
    result = bench.one("openai_costs")
    assert result.status == "failed"
    assert "more follows but its next_page is empty" in result.message
    assert bench.files("openai_costs") == []


def test_a_zendesk_page_without_cursor_before_the_end_fails_clearly(bench: Any) -> None:
    page = b'{"tickets": [], "end_of_stream": false, "after_cursor": null}'
    bench.api.faults[1] = bench.script.body(page)
    assert "after_cursor is empty" in bench.one("zendesk_tickets").message


def test_a_zendesk_subdomain_cannot_send_the_token_to_another_host(bench: Any) -> None:
    bench.keys = {**bench.keys, "ZENDESK_SUBDOMAIN": "evil.example/x#"}
    result = bench.one("zendesk_tickets", base_urls=None)
    assert result.status == "failed"
    assert "ZENDESK_SUBDOMAIN" in result.message
    assert bench.api.asked == []


def test_an_address_that_nobody_answers_fails_after_the_retries(bench: Any) -> None:
    closed = {
        "anthropic_usage": "http://user:pass-canary@127.0.0.1:9",
        "openai_costs": "http://127.0.0.1:9",
    }
    for result in bench.run(*closed, base_urls=closed):
        assert result.status == "failed"
        assert "the connection broke (ConnectError)" in result.message


def test_no_credential_appears_in_logs_results_positions_or_files(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench.run(since=WEEK)
    secrets = [value for key, value in bench.keys.items() if key != "ZENDESK_SUBDOMAIN"]
    echo = " ".join(secrets)
    bench.api.asked.clear()
    bench.api.faults = {n: bench.script.status(401, f"wrong key {echo}") for n in range(1, 20)}
    results = bench.run()
    assert {result.status for result in results} == {"failed"}
    said = "\n".join([*bench.lines, *(result.message for result in results), caplog.text])
    landed = b"\n".join(p.read_bytes() for p in bench.landing.rglob("*") if p.is_file())
    assert "[redacted]" in said
    assert "canary" not in said
    assert b"canary" not in landed
    assert "Y2FuYXJ5" not in said  # "canary" in base64, as in the Basic header


def test_a_key_with_a_line_break_inside_is_refused_without_being_quoted(bench: Any) -> None:
    bench.keys = {**bench.keys, "ANTHROPIC_ADMIN_KEY": "sk-ant-\ncanary"}
    result = bench.one("anthropic_usage")
    assert result.message == "ANTHROPIC_ADMIN_KEY holds characters that no credential has"
    bench.keys["ANTHROPIC_ADMIN_KEY"] = "sk-ant-admin01-canary-0002\n"
    assert bench.one("anthropic_usage").status == "landed"


def test_the_redactor_knows_key_shapes_headers_and_addresses() -> None:
    redact = Redactor(["s3cret/x", ""])
    assert redact("a s3cret/x b s3cret%2Fx") == "a [redacted] b [redacted]"
    assert redact("key sk-proj-ab****yz.") == "key [redacted]."
    assert redact("Authorization: Basic abc=, Bearer t0k") == (
        "Authorization: Basic [redacted], Bearer [redacted]"
    )
    assert redact("GET https://me:pw@host/x") == "GET https://[redacted]@host/x"


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    now = datetime(2026, 11, 22, 2, 15, tzinfo=UTC)
    assert retry_after_seconds("2.5", now) == 2.5
    assert retry_after_seconds("Sun, 22 Nov 2026 02:15:30 GMT", now) == 30.0
    assert retry_after_seconds("Sun, 22 Nov 2026 02:00:00 GMT", now) == 0.0
    assert retry_after_seconds("soon", now) is None
    assert retry_after_seconds(None, now) is None


def test_an_error_answer_is_quoted_on_one_short_line(bench: Any) -> None:
    message = "x" * 500 + "\nsecond line"
    bench.api.faults[1] = bench.script.status(400, message)
    text = bench.one("anthropic_usage").message
    assert "\n" not in text
    assert "x" * 200 in text
    assert "x" * 201 not in text
    assert json.dumps(text)
