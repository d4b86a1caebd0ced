"""The nightly job, run in this process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dagster_project.lib.alerting import raise_alert
from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.lib.instance import prepare_instance, relax_history_durability
from dagster_project.lib.progress import details_in, say
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import writer_lock

# Days that a run can name start here: the earliest public traffic sample is of November 2023 and
# the first priced model of May 2024. Landed files of older days are computed as well.
FIRST_DAY = date(2023, 1, 1)

RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"


@dataclass(frozen=True)
class RunRange:
    """UTC days of one run, both inclusive."""

    first_day: date
    last_day: date


def default_range(today: date) -> RunRange:
    """The day that has just ended; landed days that wait are taken with it whatever their date."""
    yesterday = today - timedelta(days=1)
    return RunRange(yesterday, yesterday)


def check_range(days: RunRange, today: date) -> None:
    """Raise ConfigurationError for a day that has no partition."""
    if days.first_day < FIRST_DAY:
        raise ConfigurationError(
            f"{days.first_day} is before {FIRST_DAY}, the first day that a run can name; "
            "a run without --from takes new files of any day"
        )
    if days.last_day > today:
        raise ConfigurationError(f"{days.last_day} is after today, {today} UTC")


def run_tags(days: RunRange, *, full_refresh: bool) -> dict[str, str]:
    """Tags that make one run cover the whole range instead of one run a day."""
    tags = {RANGE_START_TAG: days.first_day.isoformat(), RANGE_END_TAG: days.last_day.isoformat()}
    if full_refresh:
        tags["trueup/full_refresh"] = "true"
    return tags


def run_nightly(settings: Settings, days: RunRange, *, full_refresh: bool) -> None:
    """Run every asset and check of the nightly job; raise TrueUpError when one fails.

    A wrong reference file, mapping or setting is a ConfigurationError, as it is for any command.

    Details go to warehouse/logs/; progress and the reason of a failure to the terminal.
    """
    started = datetime.now(tz=UTC)
    log_file = settings.warehouse.parent / "logs" / f"run-{started:%Y%m%dT%H%M%SZ}.log"
    with writer_lock(settings, log=say):
        prepare_instance(settings)
        relax_history_durability()
        os.environ["TRUEUP_WAREHOUSE"] = str(settings.warehouse)
        say("starting the nightly job")
        with details_in(log_file):
            failures = _execute(settings, run_tags(days, full_refresh=full_refresh))
    if failures:
        raise TrueUpError(
            "the run failed; the published snapshot is unchanged.\n  "
            + "\n  ".join(failures)
            + f"\n  details: {log_file}"
        )


def _execute(settings: Settings, tags: dict[str, str]) -> list[str]:
    """Failed steps and blocking checks of one run, one line each; empty when it succeeded."""
    import dagster as dg  # noqa: PLC0415  (1.5 s, and `trueup --help` must not wait for it)

    from dagster_project.definitions import defs  # noqa: PLC0415
    from dagster_project.defs.resources import release_writer_locks  # noqa: PLC0415

    job = defs().resolve_job_def("nightly")
    with dg.DagsterInstance.get() as instance:
        try:
            result = job.execute_in_process(
                instance=instance, tags=tags, raise_on_error=False, run_config=_quiet_logs()
            )
        finally:
            release_writer_locks()
        if result.success:
            return []
        failures = [
            f"{evaluation.asset_key.to_user_string()} {evaluation.check_name}: "
            f"{evaluation.description or 'failed'}"
            for evaluation in result.get_asset_check_evaluations()
            if not evaluation.passed and evaluation.blocking
        ]
        failed_steps = [event.step_key for event in result.all_events if event.is_step_failure]
        if not failures:
            failures = [
                f"{event.step_key}: {_reason(event)}"
                for event in result.all_events
                if event.is_step_failure
            ]
        wrong = [event for event in result.all_events if _is_configuration_error(event)]
        raise_alert(
            settings,
            run_id=result.run_id,
            job_name="nightly",
            failed_steps=[step for step in failed_steps if step],
            message="\n".join(failures),
        )
        if wrong:
            raise ConfigurationError(_reason(wrong[0]))
        return failures or ["the run failed outside a step"]


def _causes(event: object) -> list[Any]:
    """The errors behind a failed step, the outermost first; empty for other events."""
    found = []
    error = getattr(getattr(event, "event_specific_data", None), "error", None)
    while error is not None:
        found.append(error)
        error = error.cause
    return found


def _is_configuration_error(event: object) -> bool:
    return any(error.cls_name == ConfigurationError.__name__ for error in _causes(event))


def _reason(event: object) -> str:
    """What went wrong in words: our own error where there is one, else the first cause.

    Dagster puts the name of the class before the message; it says nothing to a reader.
    """
    causes = _causes(event)
    if not causes:
        return "failed"
    own = {ConfigurationError.__name__, TrueUpError.__name__}
    error = next((cause for cause in causes if cause.cls_name in own), causes[-1])
    name, _, text = error.message.strip().partition(": ")
    is_prefix = text and name.rpartition(".")[2] == error.cls_name
    return str(text if is_prefix and error.cls_name in own else error.message.strip())


def _quiet_logs() -> dict[str, object]:
    return {"loggers": {"console": {"config": {"log_level": "INFO"}}}}
