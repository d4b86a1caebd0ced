"""Exact decimals of the rate card. Floats never enter: every number arrives as text."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

from dagster_project.lib.errors import ConfigurationError
from dagster_project.rates.vocabulary import priced_per

# DECIMAL(28,18) in the warehouse: more places would be cut there without a word.
UNIT_PRICE_PLACES = 18
_LAST_PLACE = Decimal(1).scaleb(-UNIT_PRICE_PLACES)

_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
_WIDE = Context(prec=60)


def parse(text: str, where: str) -> Decimal:
    """Read a price written as plain decimal text; raise ConfigurationError with its place."""
    if not isinstance(text, str):
        raise ConfigurationError(f"{where}: write the price as text in quotes, not {text!r}")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ConfigurationError(f"{where}: {text!r} is not a decimal number") from None
    if not value.is_finite() or value < 0:
        raise ConfigurationError(f"{where}: {text!r} is not a price")
    return value


def plain(value: Decimal) -> str:
    """Write a decimal without exponent and without trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text or "0"


def places(value: Decimal) -> int:
    """Return how many decimals the number needs."""
    text = plain(value)
    return len(text.partition(".")[2])


def times(value: Decimal, factor: Decimal) -> Decimal:
    """Multiply exactly, or raise."""
    return _EXACT.multiply(value, factor)


def unit_price(price: Decimal, per: int, meter: str) -> tuple[Decimal, bool]:
    """Return the price of the meter's `priced_per` units and whether it is exact.

    A quotient that does not end within 18 places is rounded half up at the last one.
    """
    units = priced_per()[meter]
    quotient = _WIDE.divide(_WIDE.multiply(price, Decimal(units)), Decimal(per))
    rounded = quotient.quantize(_LAST_PLACE, rounding=ROUND_HALF_UP, context=_WIDE)
    return rounded, rounded == quotient
