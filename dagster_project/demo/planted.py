"""The differences between bill and computation that the demo holds, with their exact amounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from dagster_project.demo import bills, prices
from dagster_project.demo.calendar import (
    FIRST_DAY,
    LAST_BILLED_DAY,
    LAST_DAY,
    MONTH_FIRST_DAY,
    MONTH_LAST_DAY,
    day_at,
)
from dagster_project.demo.metered import BYPASS_DAYS, Usage
from dagster_project.demo.summary import Planted


def planted(
    openai: list[Usage],
    google: list[Usage],
    anthropic: list[Usage],
    research: list[Usage],
    bypass: list[Usage],
) -> tuple[Planted, ...]:
    """All planted differences, the money ones a newcomer should find first."""
    return (
        *_unlogged(bypass),
        _rate(anthropic),
        _used_not_billed(anthropic),
        _unexplained(),
        _google_rounding(google),
        _tax([*openai, *bypass]),
        _credit(),
        _console_rounding(research),
        _not_billed("openai", "default", openai, LAST_BILLED_DAY),
        _not_billed("anthropic", "default", anthropic, LAST_BILLED_DAY),
        _not_billed("anthropic", "research", research, LAST_BILLED_DAY),
        _not_billed("google", "default", google, MONTH_LAST_DAY),
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _unlogged(bypass: list[Usage]) -> list[Planted]:
    return [
        Planted(
            "unlogged", "openai", "default", day_at(BYPASS_DAYS[0]), day_at(BYPASS_DAYS[-1]),
            prices.GPT, meter, _sum(usage.cost(meter) for usage in bypass),
            "The key key_notebook_direct of project proj_insights called OpenAI past the gateway: "
            "OpenAI metered and billed the usage, no log holds it.",
        )
        for meter in (prices.INPUT, prices.OUTPUT)
    ]  # fmt: skip


def _rate(anthropic: list[Usage]) -> Planted:
    return Planted(
        "rate_region", "anthropic", "default",
        day_at(bills.PREMIUM_DAYS[0]), day_at(bills.PREMIUM_DAYS[-1]),
        prices.SONNET, prices.OUTPUT,
        _sum(bills.premium(usage, prices.OUTPUT) for usage in anthropic),
        "Anthropic billed claude-sonnet-4-6 output at 16.5 instead of 15 USD per million tokens, "
        "a regional premium that nobody ordered; the quantities agree.",
    )  # fmt: skip


def _tax(metered: list[Usage]) -> Planted:
    return Planted(
        "tax", "openai", "default", MONTH_FIRST_DAY, MONTH_LAST_DAY, "", "",
        bills.openai_invoice(metered)[-1].amount,
        "OpenAI's September invoice adds sales tax, which is no cost of usage.",
    )  # fmt: skip


def _credit() -> Planted:
    return Planted(
        "credit", "anthropic", "default", MONTH_FIRST_DAY, MONTH_LAST_DAY, "", "",
        bills.PROMOTIONAL_CREDIT,
        "Anthropic's September invoice takes a promotional credit off what is to be paid.",
    )  # fmt: skip


def _used_not_billed(anthropic: list[Usage]) -> Planted:
    day = day_at(bills.UNBILLED_DAY)
    return Planted(
        "used_not_billed", "anthropic", "default", day, day, prices.HAIKU, "",
        -_sum(usage.total() for usage in anthropic if bills.is_unbilled(usage)),
        "The cost report holds nothing for the claude-haiku-4-5 batches of this day, which the "
        "usage report and the log both show.",
    )  # fmt: skip


def _unexplained() -> Planted:
    return Planted(
        "unexplained", "google", "default", MONTH_FIRST_DAY, MONTH_LAST_DAY, "", "",
        bills.GOOGLE_ADJUSTMENT,
        "Google's September invoice has a line 'Adjustment of usage, see statement' that no usage "
        "explains.",
    )  # fmt: skip


def _google_rounding(google: list[Usage]) -> Planted:
    september = [usage for usage in google if usage.date <= MONTH_LAST_DAY]
    billed = _sum(line.amount for line in bills.usage_lines(september, str))
    return Planted(
        "rounding", "google", "default", MONTH_FIRST_DAY, MONTH_LAST_DAY, prices.GEMINI, "",
        billed - _sum(usage.total() for usage in september),
        "Google's invoice rounds each of its usage lines to whole cents.",
    )  # fmt: skip


def _console_rounding(research: list[Usage]) -> Planted:
    return Planted(
        "rounding", "anthropic", "research", FIRST_DAY, LAST_BILLED_DAY, "", "",
        bills.console_rounding(research),
        "The Console export rounds each of its rows to whole cents.",
    )  # fmt: skip


def _not_billed(channel: str, account: str, usages: list[Usage], billed_to: date) -> Planted:
    open_usage = [usage for usage in usages if usage.date > billed_to]
    first_day = min(usage.date for usage in open_usage)
    return Planted(
        "not_billed", channel, account, first_day, LAST_DAY, "", "",
        -_sum(usage.total() for usage in open_usage),
        f"The bill reaches {billed_to}; later usage is not billed yet.",
    )  # fmt: skip
