"""Checks that inform: drift is shown with its status and never stops publication."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.resources import WRITER_POOL, TrueUpResource
from dagster_project.lib.progress import say
from dagster_project.lib.warehouse import connect
from dagster_project.reports.tolerances import TOLERANCES, breach_messages

TOLERATED = dg.AssetKey(["marts", "reconciliation_tolerances"])


def check_name(tolerance: str) -> str:
    """Name of the check of one tolerance."""
    return f"{tolerance}_within_tolerance"


@dg.multi_asset_check(
    name="within_tolerance",
    specs=[
        dg.AssetCheckSpec(
            check_name(tolerance),
            asset=TOLERATED,
            blocking=False,
            description=f"No month's {tolerance} is over its limit in reference/tolerances.csv.",
        )
        for tolerance in TOLERANCES
    ],
    pool=WRITER_POOL,
)
def within_tolerance(trueup: TrueUpResource) -> Iterator[dg.AssetCheckResult]:
    """One check per tolerance; its message says where, how much, which limit and what to do."""
    with connect(trueup.settings().warehouse) as con:
        messages = breach_messages(con)
    for tolerance in TOLERANCES:
        texts = messages[tolerance]
        for text in texts:
            say(f"drift: {text}")
        yield dg.AssetCheckResult(
            asset_key=TOLERATED,
            check_name=check_name(tolerance),
            passed=not texts,
            severity=dg.AssetCheckSeverity.ERROR,
            description="\n".join(texts) or "every billed month is within its limit",
            metadata={"breaches": len(texts)},
        )


@dg.definitions
def checks() -> dg.Definitions:
    """Non-blocking checks of the marts."""
    return dg.Definitions(asset_checks=[within_tolerance])
