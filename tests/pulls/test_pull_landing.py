"""What lands, under which names, from which requests, when every answer is good."""

import gzip
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dagster_project.lib.errors import ConfigurationError
from dagster_project.pulls import PULLS

WEEK = date(2026, 11, 15)  # With today = 2026-11-22: seven complete days.


def test_every_pull_has_a_key_and_describes_its_landing_folder() -> None:
    assert list(PULLS) == [
        "openai_usage",
        "openai_costs",
        "anthropic_usage",
        "anthropic_costs",
        "zendesk_tickets",
        "amplitude_events",
    ]
    for name, pull in PULLS.items():
        assert pull.name == name
        assert pull.environment_keys
        assert f"landing/{name}" in pull.describe()
        assert pull.environment_keys[0] in pull.describe()


def test_each_page_lands_as_one_file_with_the_bytes_as_served(bench: Any) -> None:
    bench.api.days_per_page = 3
    result = bench.one("openai_costs", since=WEEK)
    assert (result.status, result.pages) == ("landed", 3)
    assert bench.names("openai_costs") == [
        "20261122T021500Z__costs__2026-11-15_2026-11-22__page-00001.json",
        "20261122T021500Z__costs__2026-11-15_2026-11-22__page-00002.json",
        "20261122T021500Z__costs__2026-11-15_2026-11-22__page-00003.json",
    ]
    assert [path.read_bytes() for path in bench.files("openai_costs")] == bench.api.bodies
    assert list(result.files) == bench.files("openai_costs")
    text = bench.files("openai_costs")[0].read_text()
    assert '"value":"0.000004500000000000000000000000000000000"},"n":57.0,"e":1E+2' in text


def test_usage_lands_completions_and_embeddings_under_rising_pull_ids(bench: Any) -> None:
    assert bench.one("openai_usage", since=WEEK).status == "landed"
    assert bench.names("openai_usage") == [
        "20261122T021500Z__completions__2026-11-15_2026-11-22__page-00001.json",
        "20261122T021501Z__embeddings__2026-11-15_2026-11-22__page-00001.json",
    ]
    assert [asked.path.rsplit("/", 1)[1] for asked in bench.api.asked] == [
        "completions",
        "embeddings",
    ]


@pytest.mark.parametrize("name", ["anthropic_usage", "anthropic_costs"])
def test_a_month_of_a_report_costs_one_request(bench: Any, name: str) -> None:
    assert bench.one(name).status == "landed"
    (asked,) = bench.api.asked
    assert asked.one("starting_at") == "2026-10-22T00:00:00Z"  # 31 days: the first pull's reach.
    assert asked.one("ending_at") == "2026-11-22T00:00:00Z"
    assert bench.sleeps == []


def test_zendesk_reads_to_the_end_of_the_stream_at_ten_requests_a_minute(bench: Any) -> None:
    bench.api.tickets = [11, 12, 13, 14, 15]
    result = bench.one("zendesk_tickets", since=WEEK)
    assert (result.status, result.pages) == ("landed", 3)
    assert bench.names("zendesk_tickets")[0] == (
        "20261122T021500Z__tickets__2026-11-15_now__page-00001.json"
    )
    assert bench.api.asked[0].one("start_time") == "1794700800"  # 2026-11-15T00:00:00Z
    assert bench.api.asked[1].one("start_time") is None
    assert bench.sleeps == [6.0, 6.0]


def test_the_next_zendesk_pull_goes_on_from_the_saved_cursor(bench: Any) -> None:
    bench.api.tickets = [11, 12, 13]
    bench.one("zendesk_tickets")
    bench.api.tickets.append(14)
    bench.api.asked.clear()
    result = bench.one("zendesk_tickets")
    assert [asked.one("cursor") for asked in bench.api.asked] == ["c3"]
    assert [path.read_text() for path in result.files] == [
        '{"tickets": [{"id": 14}], "after_cursor": "c4", "end_of_stream": true}'
    ]


def test_a_zendesk_account_without_tickets_starts_by_time_again(bench: Any) -> None:
    assert bench.one("zendesk_tickets", since=WEEK).status == "landed"
    bench.one("zendesk_tickets")
    assert bench.api.asked[1].one("cursor") is None
    # The last complete day is the 21st, so the look-back of seven days begins on the 15th.
    assert bench.api.asked[1].one("start_time") == "1794700800"


def test_a_zendesk_pull_since_an_earlier_day_leaves_the_saved_cursor(bench: Any) -> None:
    bench.api.tickets = [11]
    bench.one("zendesk_tickets", since=WEEK)
    bench.one("zendesk_tickets", since=date(2026, 11, 1))
    assert bench.api.asked[1].one("start_time") == "1793491200"  # 2026-11-01T00:00:00Z


def test_amplitude_members_land_unzipped_but_still_gzipped(bench: Any, api: Any) -> None:
    api.days_without_events = {date(2026, 11, 20)}
    result = bench.one("amplitude_events", since=date(2026, 11, 19))
    assert (result.status, result.pages, len(result.files)) == ("landed", 3, 4)
    start = "20261122T021500Z__export__2026-11-19_2026-11-22"
    assert bench.names("amplitude_events") == [
        f"{start}__page-00001__0001_636686_2026-11-19_7-0.json.gz",
        f"{start}__page-00001__0002_636686_2026-11-19_8-0.json.gz",
        f"{start}__page-00003__0001_636686_2026-11-21_7-0.json.gz",
        f"{start}__page-00003__0002_636686_2026-11-21_8-0.json.gz",
    ]
    first = gzip.decompress(bench.files("amplitude_events")[0].read_bytes())
    assert first == b'{"uuid": "2026-11-19-7", "amount": 1.10}\n'
    assert [asked.one("start") for asked in api.asked] == [
        "20261119T00",
        "20261120T00",
        "20261121T00",
    ]


def test_amplitude_without_any_event_is_up_to_date_and_not_asked_again(bench: Any) -> None:
    bench.api.days_without_events = {WEEK + timedelta(days=n) for n in range(7)}
    result = bench.one("amplitude_events", since=WEEK)
    assert (result.status, result.pages, result.files) == ("up_to_date", 7, ())
    assert bench.position("amplitude_events")["export"]["last_complete_day"] == "2026-11-21"


def test_a_second_run_on_the_same_day_lands_nothing_when_nothing_changed(bench: Any) -> None:
    bench.run(since=WEEK)
    before = {name: bench.names(name) for name in PULLS}
    results = bench.run()
    assert {result.status for result in results} == {"up_to_date"}
    assert {name: bench.names(name) for name in PULLS} == before


def test_a_restated_day_lands_as_a_newer_file_and_leaves_the_older_one(bench: Any) -> None:
    bench.one("anthropic_costs", since=WEEK)
    (older,) = bench.files("anthropic_costs")
    content = older.read_bytes()
    bench.api.revision = 1
    bench.one("anthropic_costs")
    names = bench.names("anthropic_costs")
    assert names[0] == older.name
    assert names[1] == "20261122T021501Z__cost_report__2026-11-15_2026-11-22__page-00001.json"
    assert older.read_bytes() == content


def test_a_file_taken_out_of_landing_is_pulled_again(bench: Any) -> None:
    bench.one("anthropic_costs", since=WEEK)
    bench.files("anthropic_costs")[0].unlink()
    assert bench.one("anthropic_costs").status == "landed"
    assert len(bench.files("anthropic_costs")) == 1


def test_the_next_night_pulls_the_new_day_and_the_look_back(bench: Any) -> None:
    bench.one("openai_costs", since=WEEK)
    later = bench.one("openai_costs", today=date(2026, 11, 23), clock=_at(2026, 11, 23))
    assert later.status == "landed"
    # Last complete day 21st, so the resume day is the 22nd and the look-back starts on the 15th.
    assert bench.names("openai_costs")[1] == (
        "20261123T030000Z__costs__2026-11-15_2026-11-23__page-00001.json"
    )


def test_a_pull_without_its_key_is_skipped_and_names_the_variable(bench: Any) -> None:
    bench.keys = {"ANTHROPIC_ADMIN_KEY": bench.keys["ANTHROPIC_ADMIN_KEY"], "ZENDESK_EMAIL": " "}
    results = {result.name: result for result in bench.run()}
    assert results["openai_usage"].status == "skipped"
    assert results["openai_usage"].message == "OPENAI_ADMIN_KEY is not set"
    assert results["zendesk_tickets"].message == (
        "ZENDESK_SUBDOMAIN, ZENDESK_EMAIL, ZENDESK_API_TOKEN are not set"
    )
    assert results["anthropic_usage"].status == "landed"
    assert bench.files("openai_usage") == []


def test_an_unknown_pull_or_a_negative_look_back_is_a_configuration_error(bench: Any) -> None:
    with pytest.raises(ConfigurationError, match="no pull is called stripe"):
        bench.run("stripe")
    with pytest.raises(ConfigurationError, match="not -1"):
        bench.run("openai_costs", lookback_days=-1)
    assert bench.api.asked == []


def _at(year: int, month: int, day: int) -> Any:
    return lambda: datetime(year, month, day, 3, tzinfo=UTC)
