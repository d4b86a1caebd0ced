"""Amplitude merged-id files of a bucket export: which Amplitude id was found to be which other."""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import Layout, Source

SOURCE = Source(
    name="amplitude_merged_ids",
    raw_table="amplitude_merged_ids",
    policy="events",
    columns=(
        Column("person_key", "user", required=True),
        Column("original_person_key", "user", required=True),
        Column("merged_at", "timestamp"),
        Column("known_at", "timestamp", required=True),
    ),
    keys=("known_at",),
    day_columns=("known_at",),
    identity=("person_key", "original_person_key"),
    layouts=(
        Layout(
            formats=("jsonl",),
            marks=frozenset({"amplitude_id", "merged_amplitude_id"}),
            bindings=(
                bind("person_key", "amplitude_id"),
                bind("original_person_key", "merged_amplitude_id"),
                bind("merged_at", "merge_time", transform="epoch_s_or_ms"),
                bind("known_at", "merge_server_time", "merge_time", transform="epoch_s_or_ms"),
            ),
        ),
    ),
)
