"""Alerts a person can read without opening Dagster."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from dagster_project.lib.settings import Settings

# A chat service that does not answer in this time must not hold up the next run.
WEBHOOK_TIMEOUT_SECONDS = 10


def render_alert(
    *, run_id: str, job_name: str, failed_steps: Sequence[str], message: str, at: datetime
) -> str:
    """Markdown of one alert: what failed, what it means for readers, what to do."""
    steps = "\n".join(f"- {step}" for step in failed_steps) or "- the run stopped outside a step"
    return (
        f"# TrueUp: the {job_name} run failed\n\n"
        f"Time: {at:%Y-%m-%d %H:%M} UTC\nRun: {run_id}\n\n"
        f"Failed steps:\n{steps}\n\n"
        f"{message.strip()}\n\n"
        "The published snapshot and reports are those of the last good run.\n"
        "What to do: docs/runbook.md, then `trueup run`.\n"
    )


def raise_alert(
    settings: Settings,
    *,
    run_id: str,
    job_name: str,
    failed_steps: Sequence[str],
    message: str,
) -> Path:
    """Write the alert to exports/alerts/ and post it to TRUEUP_ALERT_WEBHOOK_URL when set.

    A webhook that fails is noted at the end of the file; the alert itself is never lost.
    """
    now = datetime.now(tz=UTC)
    text = render_alert(
        run_id=run_id, job_name=job_name, failed_steps=failed_steps, message=message, at=now
    )
    path = settings.exports / "alerts" / f"{now:%Y%m%dT%H%M%SZ}-{run_id[:8]}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if settings.alert_webhook_url:
        try:
            _post(settings.alert_webhook_url, text)
        except (urllib.error.URLError, OSError, ValueError) as error:
            with path.open("a", encoding="utf-8") as stream:
                stream.write(f"\nThe webhook did not take this alert: {type(error).__name__}\n")
    return path


def _post(url: str, text: str) -> None:
    request = urllib.request.Request(
        url,
        data=json.dumps({"text": text}).encode("utf-8"),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=WEBHOOK_TIMEOUT_SECONDS):
        return
