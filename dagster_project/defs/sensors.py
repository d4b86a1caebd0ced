"""What happens when a run fails."""

import dagster as dg

from dagster_project.lib.alerting import raise_alert
from dagster_project.lib.settings import Settings


@dg.run_failure_sensor(default_status=dg.DefaultSensorStatus.RUNNING)
def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
    """Write a readable alert, and post it where a webhook is configured."""
    steps = [event.step_key for event in context.get_step_failure_events() if event.step_key]
    raise_alert(
        Settings.from_environment(),
        run_id=context.dagster_run.run_id,
        job_name=context.dagster_run.job_name,
        failed_steps=steps,
        message=context.failure_event.message or "the run failed",
    )


@dg.definitions
def sensors() -> dg.Definitions:
    """The failure sensor."""
    return dg.Definitions(sensors=[alert_on_failure])
