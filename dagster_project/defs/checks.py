"""Checks that inform: drift is shown with its status and never stops publication."""

from __future__ import annotations

import dagster as dg

from dagster_project.defs.resources import WRITER_POOL, TrueUpResource
from dagster_project.lib.progress import say
from dagster_project.lib.warehouse import connect
from dagster_project.reports.alerts import read_drift_months, render_drift_messages


@dg.asset_check(
    asset=dg.AssetKey(["marts", "reconciliation_months"]),
    name="drift_within_tolerance",
    blocking=False,
    pool=WRITER_POOL,
)
def drift_within_tolerance(trueup: TrueUpResource) -> dg.AssetCheckResult:
    """Computed equals billed within tolerance; says channel, period, amount, share and line."""
    settings = trueup.settings()
    with connect(settings.warehouse) as con:
        messages = render_drift_messages(read_drift_months(con))
    for message in messages:
        say(f"drift: {message}")
    return dg.AssetCheckResult(
        passed=not messages,
        severity=dg.AssetCheckSeverity.ERROR,
        description="\n".join(messages) or "every billed month agrees within tolerance",
        metadata={"months_in_drift": len(messages)},
    )


@dg.definitions
def checks() -> dg.Definitions:
    """Non-blocking checks of the marts."""
    return dg.Definitions(asset_checks=[drift_within_tolerance])
