"""What people decided, as `trueup close` writes it: one JSON line per decision and month."""

from __future__ import annotations

from dagster_project.lib.columns import Column, RowRule, bind
from dagster_project.sources.base import Layout, Source, texts

DECISIONS = ("close", "reopen", "restate")

NAMES = (
    "decision_id",
    "decision",
    "channel",
    "account",
    "month",
    "first_day",
    "last_day",
    "rate_card_version",
    "decided_by",
    "decided_at",
    "note",
    "outcomes",
    "outcome_sources",
)
OPTIONAL = ("rate_card_version", "note", "outcomes", "outcome_sources")
REQUIRED = tuple(name for name in NAMES if name not in OPTIONAL)

SOURCE = Source(
    name="decisions",
    raw_table="decisions",
    policy="events",
    columns=(
        Column("decision_id", required=True),
        Column("decision", required=True, allowed=DECISIONS),
        Column("channel", required=True),
        Column("account", required=True),
        Column("month", required=True),
        Column("first_day", "date", required=True),
        Column("last_day", "date", required=True),
        *texts("rate_card_version"),
        Column("decided_by", required=True),
        Column("decided_at", "timestamp", required=True),
        # JSON lists: the denominators that were published, and how far each outcome source had told
        *texts("note", "outcomes", "outcome_sources"),
    ),
    keys=("decision_id", "decided_at"),
    day_columns=("first_day", "last_day"),
    identity=("decision_id",),
    rules=(
        RowRule(
            "address",
            "decided_by",
            "an address; a name or initials are enough",
            "contains(c_decided_by, '@') or contains(coalesce(c_note, ''), '@')",
        ),
    ),
    layouts=(
        Layout(
            formats=("jsonl",),
            bindings=tuple(bind(name, in_file=name in REQUIRED) for name in NAMES),
            marks=frozenset({"decision_id", "decision", "decided_by"}),
        ),
    ),
)
