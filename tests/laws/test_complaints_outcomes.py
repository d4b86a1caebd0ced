"""Complaints about outcomes and days that the house answers with a law."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import duckdb
import pytest
from rendering import render

ZONES = ("UTC", "America/New_York", "Europe/Paris", "Asia/Kolkata", "Pacific/Kiritimati")
NIGHT = [
    (datetime(2025, 3, 9, 4, 30), date(2025, 3, 8)),  # noqa: DTZ001
    (datetime(2025, 3, 9, 6, 30), date(2025, 3, 9)),  # noqa: DTZ001
]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def day_in(zone: str) -> str:
    return render("{{ reporting_date('moment') }}", TRUEUP_REPORTING_TIME_ZONE=zone)


@pytest.mark.parametrize("session_zone", ["UTC", "Asia/Tokyo"])
def test_the_night_of_the_clock_change_has_the_days_of_its_zone(
    con: duckdb.DuckDBPyConnection, session_zone: str
) -> None:
    """C62: 04:30Z is still 8 March in New York, 06:30Z is 9 March, wherever the reader sits."""
    con.execute(f"set TimeZone = '{session_zone}'")
    for at, day in NIGHT:
        sql = f"select {day_in('America/New_York')} from (select $at::timestamp as moment)"
        assert con.execute(sql, {"at": at}).fetchall() == [(day,)]


@pytest.mark.parametrize("zone", ZONES)
def test_the_days_of_any_zone_sum_to_the_range_with_short_and_long_days(
    con: duckdb.DuckDBPyConnection, zone: str
) -> None:
    """C62: one event an hour for 2025; each stands in one day, and only clock changes are odd."""
    con.execute("set TimeZone = 'UTC'")
    days = con.execute(
        f"select {day_in(zone)} as day, count(*) as events"
        " from (select unnest(generate_series(timestamp '2025-01-01 00:30:00',"
        " timestamp '2025-12-31 23:30:00', interval 1 hour)) as moment) group by day order by day"
    ).fetchall()
    assert sum(events for _, events in days) == 365 * 24
    whole = days[1:-1]
    first = whole[0][0]
    assert [day for day, _ in whole] == [first + timedelta(n) for n in range(len(whole))]
    odd = [(day.isoformat(), events) for day, events in whole if events != 24]
    assert odd == {
        "America/New_York": [("2025-03-09", 23), ("2025-11-02", 25)],
        "Europe/Paris": [("2025-03-30", 23), ("2025-10-26", 25)],
    }.get(zone, [])
