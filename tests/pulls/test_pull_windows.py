"""Which days a run asks for: whole UTC days, never today, without a gap."""

from datetime import UTC, date, datetime

import pytest

from dagster_project.pulls import PULLS
from dagster_project.pulls.engine import Span, plan_window
from dagster_project.pulls.pull import Window
from dagster_project.pulls.state import StreamState

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def november(day: int) -> date:
    return date(2026, 11, day)


def covered(first: int, last: int, bookmark: str | None = None) -> StreamState:
    return StreamState(november(first), november(last), bookmark)


def plan(
    stream: StreamState,
    name: str = "openai_costs",
    *,
    since: date | None = None,
    lookback_days: int = 7,
    today: date = TODAY,
    now: datetime = NOW,
) -> Window | None:
    return plan_window(stream, PULLS[name], Span(today, lookback_days, since), now)


def test_the_first_pull_reaches_back_31_days_unless_told_otherwise() -> None:
    assert plan(StreamState()) == Window(date(2026, 10, 22), TODAY)
    assert plan(StreamState(), since=november(20)) == Window(november(20), TODAY)


def test_the_look_back_is_counted_from_the_day_after_the_last_complete_one() -> None:
    assert plan(covered(1, 20)) == Window(november(14), TODAY)
    assert plan(covered(1, 20), lookback_days=2) == Window(november(19), TODAY)
    assert plan(covered(1, 20), lookback_days=0) == Window(november(21), TODAY)


def test_a_long_pause_is_caught_up_whole() -> None:
    assert plan(covered(1, 5)) == Window(date(2026, 10, 30), TODAY)


def test_since_shortens_the_look_back_but_never_opens_a_gap() -> None:
    assert plan(covered(1, 20), since=november(18)) == Window(november(18), TODAY)
    # The 21st has not been pulled, so a later start would leave it out for ever.
    assert plan(covered(1, 19), since=november(21)) == Window(november(20), TODAY)


def test_since_before_the_covered_days_pulls_the_history() -> None:
    assert plan(covered(10, 21), since=november(2)) == Window(november(2), TODAY)


def test_today_is_never_pulled() -> None:
    assert plan(StreamState(), since=TODAY) is None
    assert plan(StreamState(), since=november(23)) is None
    assert plan(covered(1, 21), lookback_days=0) is None


def test_a_caller_whose_day_is_ahead_of_utc_does_not_pull_the_unfinished_day() -> None:
    east = plan(StreamState(), since=november(20), today=november(23))
    assert east == Window(november(20), TODAY)


@pytest.mark.parametrize(("hour", "end"), [(1, 21), (2, 22)])
def test_amplitude_waits_two_hours_after_midnight_for_the_day_before(hour: int, end: int) -> None:
    now = datetime(2026, 11, 22, hour, tzinfo=UTC)
    window = plan(StreamState(), "amplitude_events", since=november(15), now=now)
    assert window == Window(november(15), november(end))


def test_amplitude_looks_back_one_day_because_upload_hours_do_not_change() -> None:
    assert plan(covered(1, 20), "amplitude_events") == Window(november(20), TODAY)


def test_a_feed_goes_on_from_its_bookmark_even_on_the_same_day() -> None:
    assert plan(covered(1, 21, "c9"), "zendesk_tickets") == Window(TODAY, TODAY)
    assert plan(covered(1, 21), "zendesk_tickets") == Window(november(15), TODAY)
