"""How values look. Rounding happens here, for the eye alone: half away from zero, as on a bill."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext

MISSING = "—"

# Requests cost fractions of a cent; people, tickets and tasks cost cents and dollars.
UNIT_COST_PLACES = {
    "feature": 6,
    "active_user": 4,
    "resolved_ticket": 4,
    "successful_task": 4,
    "conversion": 4,
}


def rounded(value: Decimal, places: int) -> Decimal:
    """Return `value` rounded half away from zero to `places` decimals."""
    with localcontext() as context:
        # The widest mart type has 38 digits; the default context of 28 would refuse to quantize.
        context.prec = 60
        return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def number(value: Decimal | int | None, places: int = 2, *, lower_bound: bool = False) -> str:
    """Return a figure with thousands separators; an unknown one is a dash, never 0.

    What is not zero but would round to zero is shown as smaller than the last place.
    """
    if value is None:
        return MISSING
    exact = Decimal(value)
    shown = rounded(exact, places)
    text = f"{abs(shown) if shown == 0 else shown:,f}"
    if lower_bound:
        return f"≥ {text}"
    if shown == 0 and exact != 0:
        return f"{'-' if exact < 0 else ''}<{Decimal(1).scaleb(-places):f}"
    return text


def unit_cost(value: Decimal | None, unit: str, *, lower_bound: bool = False) -> str:
    """Return a unit cost in USD with the places that suit its unit."""
    return number(value, UNIT_COST_PLACES[unit], lower_bound=lower_bound)


def percent(ratio: float | None, places: int = 2) -> str:
    """Return a ratio of 0.0125 as '1.25 %'. Ratios are display values in the marts already."""
    if ratio is None:
        return MISSING
    return f"{number(Decimal(str(ratio)) * 100, places)} %"


def exact(value: object) -> str:
    """Return a value in full, without exponent: what a machine should read beside the display."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


def plain(value: Decimal) -> str:
    """Return a price in full without trailing zeros, with two decimals at least."""
    whole, _, decimals = f"{value:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"


def month_name(month: date | None) -> str:
    """Return '2026-09', or a dash without a month."""
    return MISSING if month is None else f"{month:%Y-%m}"


def moment(value: datetime | None) -> str:
    """Return a UTC time to the minute."""
    return MISSING if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def day(value: date | None) -> str:
    """Return an ISO day."""
    return MISSING if value is None else value.isoformat()


def printable(text: str) -> str:
    """Return `text` without control characters: a name from a file must not steer a terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def shortened(text: str, width: int) -> str:
    """Return `text` in at most `width` characters; an ellipsis stands for what is cut."""
    return text if len(text) <= width else text[: width - 1] + "…"
