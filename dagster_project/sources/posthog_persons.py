"""PostHog batch export, persons model: which person each distinct id belongs to."""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import FileFormat, Layout, Source


def _layout(file_format: FileFormat) -> Layout:
    return Layout(
        formats=(file_format,),
        marks=frozenset({"team_id", "distinct_id", "person_id", "person_distinct_id_version"}),
        bindings=(
            bind("team_id"),
            bind("distinct_key", "distinct_id"),
            bind("person_key", "person_id"),
            bind("mapping_version", "person_distinct_id_version"),
            bind("person_version"),
            bind("is_deleted"),
            bind("created_at"),
            bind("exported_at", "_inserted_at", "created_at"),
        ),
    )


SOURCE = Source(
    name="posthog_persons",
    raw_table="posthog_persons",
    policy="events",
    columns=(
        Column("team_id"),
        Column("distinct_key", "user"),
        Column("person_key", "user", required=True),
        Column("mapping_version"),
        Column("person_version"),
        Column("is_deleted", "boolean"),
        Column("created_at", "timestamp"),
        Column("exported_at", "timestamp", required=True),
    ),
    keys=("exported_at",),
    # A person's creation lies years back and would have every day since computed again.
    day_columns=("exported_at",),
    identity=("distinct_key",),
    layouts=(_layout("jsonl"), _layout("parquet")),
)
