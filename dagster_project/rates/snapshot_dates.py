"""The release day that many vendors write into a model's name."""

from __future__ import annotations

import re
from datetime import date

_PATTERNS = (
    # gpt-5.4-2026-03-05, gemini-live-2.5-flash-preview has none
    re.compile(r"(?<!\d)(?P<year>20[2-3]\d)-(?P<month>[01]\d)-(?P<day>[0-3]\d)(?!\d)"),
    # claude-opus-4-5-20251101, anthropic.claude-…-20240620-v1:0, claude-…@20250514
    re.compile(r"(?<!\d)(?P<year>20[2-3]\d)(?P<month>[01]\d)(?P<day>[0-3]\d)(?!\d)"),
)
_MONTHS = (
    # gemini-2.5-flash-preview-09-2025
    re.compile(r"-(?P<month>[01]\d)-(?P<year>20[2-3]\d)$"),
    # mistral-large-2512, codestral-2508
    re.compile(
        r"^(?:.*/)?(?:mistral|codestral|ministral|magistral|devstral|voxtral|pixtral|open-)"
        r"[a-z0-9.-]*-(?P<year>2\d)(?P<month>[01]\d)$"
    ),
)


def snapshot_date(model_key: str) -> str:
    """Return the day (or the month's first) that a model's name carries; empty without one."""
    for pattern in _PATTERNS:
        if match := pattern.search(model_key):
            return _day(match["year"], match["month"], match["day"])
    for pattern in _MONTHS:
        if match := pattern.search(model_key):
            year = match["year"]
            return _day(year if len(year) == 4 else f"20{year}", match["month"], "01")
    return ""


def _day(year: str, month: str, day: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""
