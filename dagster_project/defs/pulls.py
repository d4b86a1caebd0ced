"""Exports that are fetched instead of dropped in: landed first, loaded by the nightly run."""

import os
from datetime import UTC, datetime

import dagster as dg

from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.progress import say
from dagster_project.lib.settings import Settings

LANDED_EXPORTS = dg.AssetKey(["landing", "exports"])


# Each pull retries single requests by itself; this is for an outage of minutes.
@dg.asset(
    key=LANDED_EXPORTS,
    group_name="landing",
    kinds={"http"},
    retry_policy=dg.RetryPolicy(max_retries=2, delay=300, backoff=dg.Backoff.EXPONENTIAL),
    description="Files that the providers' interfaces landed; a source without a key is skipped.",
)
def landed_exports() -> dg.MaterializeResult:
    """Pull every configured source; what was landed before a failure stays."""
    from dagster_project.pulls import run_pulls  # noqa: PLC0415

    results = run_pulls(
        Settings.from_environment().landing,
        names=None,
        today=datetime.now(tz=UTC).date(),
        since=None,
        environment=os.environ,
        log=say,
    )
    failed = [f"{result.name}: {result.message}" for result in results if result.status == "failed"]
    if failed:
        raise TrueUpError("; ".join(failed))
    return dg.MaterializeResult(
        metadata={result.name: f"{result.status}: {result.message}" for result in results}
    )


@dg.definitions
def pulls() -> dg.Definitions:
    """The asset of pulled files."""
    return dg.Definitions(assets=[landed_exports])
