"""What people decided, as `trueup review`, `close` and `match` write it: a line per decision."""

from __future__ import annotations

from dagster_project.lib.columns import Column, RowRule, bind
from dagster_project.sources.base import Layout, Source, texts

# Of a month.
STATES = ("review", "close", "reopen", "restate")
# Of one line of the reconciliation.
MATCHES = ("confirm", "write_off", "defer", "unmatch")

REQUIRED = (
    "decision_id",
    "decision",
    "channel",
    "account",
    "month",
    "first_day",
    "last_day",
    "decided_by",
    "decided_at",
)
# JSON texts that a close records of the month as it was published: its denominators and how far
# each outcome source had told; a review and a close: on what it stands; a close: its figures,
# its accruals and its journal.
RECORDED = ("outcomes", "outcome_sources", "evidence", "figures", "accruals", "journal")
MATCHED = ("reconciliation_line_id", "residual_code", "residual_usd", "deferred_until")
OPTIONAL = (
    *("rate_card_version", "note", "evidence_hash", "despite_drift"),
    *RECORDED,
    *MATCHED,
)
_IS_MATCH = "c_decision in ('confirm', 'write_off', 'defer', 'unmatch')"

SOURCE = Source(
    name="decisions",
    raw_table="decisions",
    policy="events",
    columns=(
        Column("decision_id", required=True),
        Column("decision", required=True, allowed=(*STATES, *MATCHES)),
        Column("channel", required=True),
        Column("account", required=True),
        Column("month", required=True),
        Column("first_day", "date", required=True),
        Column("last_day", "date", required=True),
        Column("decided_by", required=True),
        Column("decided_at", "timestamp", required=True),
        *texts(*OPTIONAL),
    ),
    keys=("decision_id", "decided_at"),
    day_columns=("first_day", "last_day"),
    identity=("decision_id",),
    rules=(
        RowRule(
            "address",
            "decided_by",
            "an address; a name or initials are enough",
            "contains(c_decided_by, '@') or contains(concat(c_note, c_despite_drift), '@')",
        ),
        RowRule(
            "incomplete_decision",
            "reconciliation_line_id",
            "a decision on a residual names its line, code and amount",
            f"{_IS_MATCH} and (c_reconciliation_line_id is null or c_residual_code is null"
            " or try_cast(c_residual_usd as decimal(38, 18)) is null)",
        ),
        RowRule(
            "incomplete_decision",
            "note",
            "a write-off says why, in a note",
            "c_decision = 'write_off' and coalesce(trim(c_note), '') = ''",
        ),
        RowRule(
            "incomplete_decision",
            "deferred_until",
            "a deferral says until which month, as 2026-10",
            "c_decision = 'defer' and try_cast(concat(c_deferred_until, '-01') as date) is null",
        ),
    ),
    layouts=(
        Layout(
            formats=("jsonl",),
            bindings=(
                *(bind(name, in_file=True) for name in REQUIRED),
                *(bind(name) for name in OPTIONAL),
            ),
            marks=frozenset({"decision_id", "decision", "decided_by"}),
        ),
    ),
)
