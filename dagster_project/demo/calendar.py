"""The fixed dates of the demo: 45 UTC days, and how busy each day and hour is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

FIRST_DAY = date(2026, 9, 1)
DAYS = 45
LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)
# Providers have billed up to this day when the demo's files were exported.
LAST_BILLED_DAY = date(2026, 10, 12)
MONTH_FIRST_DAY = FIRST_DAY
MONTH_LAST_DAY = date(2026, 9, 30)

MS_PER_SECOND = 1_000
MS_PER_HOUR = 3_600_000
MS_PER_DAY = 86_400_000
FIRST_MS = int(datetime(2026, 9, 1, tzinfo=UTC).timestamp()) * MS_PER_SECOND
# No call or event starts in the last ten minutes, so whatever a task starts ends inside the window.
END_MS = FIRST_MS + DAYS * MS_PER_DAY - 600_000

# Share of a day's work per UTC hour: a European support desk with an evening shift.
OFFICE_HOURS = (0, 0, 0, 0, 0, 0, 1, 5, 9, 11, 12, 10, 8, 9, 11, 11, 9, 7, 5, 4, 3, 2, 1, 0)
# Google's months follow the Pacific time zone (UTC-7 then). Traffic billed by Google starts at
# 07:00 UTC, so a UTC month and a Pacific month hold the same calls.
GOOGLE_HOURS = (0, 0, 0, 0, 0, 0, 0, 5, 9, 11, 12, 10, 8, 9, 11, 11, 9, 7, 5, 4, 3, 2, 1, 0)
NIGHT_HOURS = (0, 3, 5, 4, 2) + (0,) * 19


def day_at(index: int) -> date:
    """The day with this index; 0 is the first day of the demo."""
    return FIRST_DAY + timedelta(days=index)


def day_index(day: date) -> int:
    """Index of a day of the demo; the first day is 0."""
    return (day - FIRST_DAY).days


def day_ms(index: int) -> int:
    """UTC midnight of a day, in epoch milliseconds."""
    return FIRST_MS + index * MS_PER_DAY


def epoch_seconds(index: int) -> int:
    """UTC midnight of a day, in epoch seconds."""
    return day_ms(index) // MS_PER_SECOND


def day_weights(saturday: int = 30, sunday: int = 24, weekday: int = 100) -> list[int]:
    """Relative traffic per day: a weekday pattern that grows by 0.4 % of the start a day."""
    per_weekday = (weekday,) * 5 + (saturday, sunday)
    return [per_weekday[day_at(i).weekday()] * (1000 + 4 * i) for i in range(DAYS)]


def spread(total: int, weights: list[int]) -> list[int]:
    """Split a whole number by weights; the largest remainders get the units left over."""
    scale = sum(weights)
    shares = [total * weight // scale for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % scale), i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def iso(ms: int) -> str:
    """Epoch milliseconds as RFC 3339 UTC with whole seconds."""
    moment = datetime.fromtimestamp(ms // MS_PER_SECOND, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_many(ms: Ints) -> list[str]:
    """Epoch milliseconds as RFC 3339 UTC with three decimals, for many values at once."""
    texts: list[str] = np.datetime_as_string(ms.astype("datetime64[ms]"), unit="ms").tolist()
    return [text + "Z" for text in texts]


def day_of(ms: Ints) -> Ints:
    """Day index of each instant."""
    return (ms - FIRST_MS) // MS_PER_DAY
