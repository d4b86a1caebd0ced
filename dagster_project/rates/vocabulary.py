"""The words of the rate card: channels, meters, tiers, geographies, and where its files lie."""

from __future__ import annotations

import csv
import re
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

RATES_FOLDER = Path(__file__).resolve().parent
PROJECT_FOLDER = RATES_FOLDER.parents[1]
FACTS_FOLDER = RATES_FOLDER / "facts"
IMPORTS_FOLDER = RATES_FOLDER / "imports"
SEEDS_FOLDER = PROJECT_FOLDER / "dbt" / "seeds"

CHANNELS = (
    "anthropic",
    "aws",
    "azure",
    "cohere",
    "deepseek",
    "google",
    "groq",
    "mistral",
    "openai",
    "openrouter",
    "xai",
)

# Charges that belong to no model stand under this key.
NO_MODEL = "(none)"

TOKEN_METERS = (
    "input_uncached_tokens",
    "input_cache_read_tokens",
    "input_cache_write_5m_tokens",
    "input_cache_write_30m_tokens",
    "input_cache_write_1h_tokens",
    "input_cache_write_12h_tokens",
    "output_tokens",
    "input_audio_tokens",
    "input_audio_cache_read_tokens",
    "input_image_tokens",
    "input_image_cache_read_tokens",
    "output_audio_tokens",
    "output_image_tokens",
)

CALL_METERS = (
    "web_search_calls",
    "web_search_preview_calls",
    "web_fetch_calls",
    "file_search_calls",
    "x_search_calls",
    "code_execution_calls",
    "grounded_prompts",
    "grounding_search_queries",
    "maps_grounding_prompts",
    "rerank_searches",
    "requests",
)

MEDIA_METERS = (
    "output_images",
    "input_images",
    "input_pages",
    "annotated_pages",
    "input_characters",
    "output_video_seconds",
    "output_video_seconds_480p",
    "output_video_seconds_720p",
    "output_video_seconds_1024p",
    "output_video_seconds_1080p",
    "output_video_seconds_4k",
)

DURATION_METERS = (
    "audio_seconds",
    "session_seconds",
    "cache_storage_token_seconds",
    "agent_session_seconds",
)

PERIOD_METERS = (
    "container_1gb_minutes",
    "container_4gb_minutes",
    "container_16gb_minutes",
    "container_64gb_minutes",
    "code_execution_container_minutes",
    "vector_store_gib_days",
    "ptu_hours",
)


@cache
def priced_per() -> dict[str, int]:
    """Return the units that a meter's unit price is for, by meter, as dbt/seeds/meters.csv says.

    3600 for seconds and 60 for minutes that are priced by the hour: such a price has no finite
    decimal for one unit.
    """
    with (SEEDS_FOLDER / "meters.csv").open(encoding="utf-8", newline="") as stream:
        return {row["meter"]: int(row["priced_per"]) for row in csv.DictReader(stream)}


METERS = frozenset(TOKEN_METERS + CALL_METERS + MEDIA_METERS + DURATION_METERS + PERIOD_METERS)

# The short names of token meters in the facts files.
TOKEN_NAMES = {
    "input": "input_uncached_tokens",
    "cache_read": "input_cache_read_tokens",
    "write_5m": "input_cache_write_5m_tokens",
    "write_30m": "input_cache_write_30m_tokens",
    "write_1h": "input_cache_write_1h_tokens",
    "write_12h": "input_cache_write_12h_tokens",
    "output": "output_tokens",
    "audio_input": "input_audio_tokens",
    "audio_cache_read": "input_audio_cache_read_tokens",
    "image_input": "input_image_tokens",
    "image_cache_read": "input_image_cache_read_tokens",
    "audio_output": "output_audio_tokens",
    "image_output": "output_image_tokens",
}

PROCESSINGS = ("realtime", "batch")
SERVICE_TIERS = ("standard", "flex", "priority", "fast", "ultrafast")
SCHEDULES = ("always", "deepseek_peak", "deepseek_offpeak")
STATUSES = ("confirmed", "announced", "assumed")

GEO_CLASSES = frozenset(
    {
        "global",
        "us",
        "eu",
        "apac",
        "jp",
        "au",
        "in",
        "ca",
        "us-gov",
        "regional",
        "in_region",
        "data_zone_us",
        "data_zone_eu",
        "data_zone_apac",
    }
)
# A price for one region alone carries the cloud's own region id.
_REGION = re.compile(r"^[a-z]{2,}(-gov)?(-[a-z]+)+-?\d*$|^[a-z]{5,}\d*$")

_INSTANT = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")


def is_geo(value: str) -> bool:
    """Say whether a geography is one of the classes or looks like a cloud region."""
    return value in GEO_CLASSES or bool(_REGION.match(value))


def is_instant(value: str) -> bool:
    """Say whether a text is a UTC instant to the second; such texts sort by time."""
    return bool(_INSTANT.match(value))


def day_start(day: str) -> str:
    """Return the first instant of a UTC day."""
    return f"{day}T00:00:00Z"


def just_before(instant: str) -> str:
    """Return the second before an instant."""
    moment = datetime.fromisoformat(instant.replace("Z", "+00:00")) - timedelta(seconds=1)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
