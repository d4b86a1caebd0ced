"""What all event sources promise alike: columns, types, and rows kept without a single event."""

from __future__ import annotations

import pytest

from dagster_project.sources import SOURCES
from tests.assets.staged_events import EDGE_COLUMNS, EVENT_COLUMNS, stage
from tests.conftest import Landing

EVENT_MODELS = (
    "stg_segment__tracks",
    "stg_rudderstack__events",
    "stg_amplitude__events",
    "stg_mixpanel__events",
    "stg_posthog__events",
    "stg_ga4__events",
)
EDGE_MODELS = (
    "stg_segment__identity_edges",
    "stg_rudderstack__identity_edges",
    "stg_amplitude__identity_edges",
    "stg_mixpanel__identity_edges",
    "stg_posthog__identity_edges",
    "stg_ga4__identity_edges",
)


def _columns(landing: Landing, model: str) -> list[tuple[str, str]]:
    stage(landing, model, *SOURCES)
    return landing.rows(f"select column_name, column_type from (describe staging.{model})")


@pytest.mark.parametrize("model", EVENT_MODELS)
def test_every_event_source_stages_the_same_columns(landing: Landing, model: str) -> None:
    assert _columns(landing, model) == list(EVENT_COLUMNS.items())


@pytest.mark.parametrize("model", EDGE_MODELS)
def test_every_source_of_identities_stages_the_same_columns(landing: Landing, model: str) -> None:
    assert _columns(landing, model) == list(EDGE_COLUMNS.items())
