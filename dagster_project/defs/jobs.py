"""The nightly job and when it runs."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from dagster_project.defs.partitions import daily
from dagster_project.defs.pulls import LANDED_EXPORTS

NIGHTLY = "nightly"

nightly = dg.define_asset_job(
    NIGHTLY,
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(LANDED_EXPORTS),
    description="Landing to raw, ledger, marts, reconciliation and publications.",
    partitions_def=daily,
)


pull = dg.define_asset_job(
    "pull",
    selection=dg.AssetSelection.assets(LANDED_EXPORTS),
    description="Land new exports from the providers whose keys are in the environment.",
)

# 03:30 UTC leaves an hour for paging and back-off before the nightly job reads landing.
pull_schedule = dg.ScheduleDefinition(
    name="pull_schedule",
    job=pull,
    cron_schedule="30 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)


# 04:30 UTC: the providers' UTC day is complete and their usage reports are minutes old; Azure and
# Google bills lag up to 48 h and are taken by a later night.
@dg.schedule(
    job=nightly,
    cron_schedule="30 4 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
def nightly_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run a night, for the UTC day that has just ended; late files are taken with it."""
    tick = context.scheduled_execution_time or datetime.now(tz=UTC)
    day = (tick.astimezone(UTC) - timedelta(days=1)).date().isoformat()
    return dg.RunRequest(run_key=day, partition_key=day)


@dg.definitions
def jobs() -> dg.Definitions:
    """The jobs and their schedules."""
    return dg.Definitions(jobs=[nightly, pull], schedules=[nightly_schedule, pull_schedule])
