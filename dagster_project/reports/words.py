"""The words of the reports: units, statuses, flags and what needs attention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dagster_project.reports.display import number


@dataclass(frozen=True)
class Unit:
    """One unit of value and how its cost is defined in words."""

    key: str
    title: str
    per: str
    class_title: str
    definition: str


UNITS = (
    Unit(
        "feature",
        "Cost per feature request",
        "request",
        "Feature",
        "Spend of the feature divided by the requests that it made to a model.",
    ),
    Unit(
        "active_user",
        "Cost per active user",
        "active user",
        "User class",
        "Spend divided by distinct people with activity in the period. Users of a month are not "
        "the sum of its weeks, and internal users are out of scope by name.",
    ),
    Unit(
        "resolved_ticket",
        "Cost per resolved ticket",
        "resolved ticket",
        "Resolution kind",
        "Spend divided by tickets resolved in the period, final and provisional. Kinds are never "
        "added: a ticket closed by a person and one closed by a model are different products.",
    ),
    Unit(
        "successful_task",
        "Cost per successful task",
        "successful task",
        "Task type",
        "Spend on every attempt, retry and failed task divided by the tasks that succeeded.",
    ),
    Unit(
        "conversion",
        "Cost per conversion",
        "conversion",
        "Conversion type",
        "Spend of the calls that led to a conversion divided by the conversions that stand. Loaded "
        "shows all spend per conversion, which few products mean by it: read direct first.",
    ),
)

DIRECT = "Direct: spend matched to the class, divided by its outcomes."
LOADED = (
    "Loaded: all spend in scope, with what matched nothing shared over the classes, divided by "
    "the same outcomes."
)
COMPUTED = "Computed: tokens times the rate card."
TRUED_UP = "Trued-up: tied to the bill; where no bill is there yet it equals computed (accrued)."

STATUS_MEANING = {
    "matched": "Computed and billed agree, but for rounding.",
    "explained": "They differ; every part has a cause or is within its tolerance.",
    "drift": "A difference is above its tolerance: somebody has to act.",
    "not_billed": "No bill has arrived for this month.",
    "no_usage": "There is a bill, but no usage stands behind it.",
    "provisional": "Some days of this month are not billed yet.",
}

TRUE_UP_LABEL = {
    "trued_up": "trued-up",
    "partly_accrued": "partly accrued",
    "accrued": "accrued",
}

BOUND_NOTE = "≥ marks a lower bound: it holds usage whose price is not known."


def label(code: object) -> str:
    """Return a code of the marts as words: 'used_not_billed' is 'used not billed'."""
    return "" if code is None else str(code).replace("_", " ")


def flags(row: Mapping[str, Any]) -> list[str]:
    """Return what a reader must know before using the figures of a unit-cost or month row."""
    found = []
    if row["is_lower_bound"]:
        found.append("lower bound")
    if row["is_provisional"]:
        found.append("provisional")
    if row["trued_up_status"] != "trued_up":
        found.append(TRUE_UP_LABEL.get(row["trued_up_status"], label(row["trued_up_status"])))
    return found


def attention(checks: Iterable[Mapping[str, Any]], drift: Iterable[str]) -> list[str]:
    """Return what needs attention, one sentence each, the urgent first.

    The drift messages stand for the check `drift_months`, because they say more.
    """
    sentences = [f"Drift. {message}" for message in drift]
    for check in checks:
        if check["severity"] != "act" or check["affected"] == 0:
            continue
        if check["check_name"] == "drift_months":
            continue
        sentences.append(f"{counted(check)} {check['meaning']} {check['action']}")
    return sentences


def counted(check: Mapping[str, Any]) -> str:
    """Return the name and count of a check: 'Unpriced usage: 12 of 3,400 usage rows.'"""
    name = label(check["check_name"]).capitalize()
    affected, total = number(check["affected"], 0), number(check["total"], 0)
    return f"{name}: {affected} of {total} {check['counted']}."
