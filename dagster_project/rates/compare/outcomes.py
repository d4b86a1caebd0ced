"""How an answer compares with what a case must cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

EXACT = "exact"
UNDER = "under"
OVER = "over"
NOT_FOUND = "not found"
NO_UNIT = "no unit"
MUST_NOT = "priced, must not be"

OUTCOMES = (EXACT, UNDER, OVER, NOT_FOUND, NO_UNIT, MUST_NOT)

# Packages compute in floating point or print prices cut after 15 digits; a trillionth of a dollar
# keeps that apart from a wrong price. TrueUp is compared digit for digit.
PACKAGE_PLACES = Decimal("1e-12")


@dataclass(frozen=True)
class Answer:
    """One price list's answer to a case: an amount in USD, or why there is none."""

    amount: Decimal | None
    reason: str = ""

    @classmethod
    def none(cls, reason: str) -> Answer:
        """Return the answer "no price"; `reason` is NOT_FOUND, NO_UNIT or a word of its own."""
        return cls(None, reason)


def judge(answer: Answer, expected: Decimal | None, *, is_package: bool) -> str:
    """Return one of OUTCOMES; to give no price where none may be given is EXACT."""
    if expected is None:
        return EXACT if answer.amount is None else MUST_NOT
    if answer.amount is None:
        return NO_UNIT if answer.reason == NO_UNIT else NOT_FOUND
    ours, theirs = answer.amount, expected
    if is_package:
        ours, theirs = (_rounded(amount) for amount in (ours, theirs))
    if ours == theirs:
        return EXACT
    return UNDER if ours < theirs else OVER


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(PACKAGE_PLACES, rounding=ROUND_HALF_UP)
