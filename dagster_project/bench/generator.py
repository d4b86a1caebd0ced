"""Writes the generated logs: Parquet files in landing, and the reference files that map them."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb

FOLDER = "bench_calls"
EVENTS_FOLDER = "bench_outcomes"

# Five days a file: what an hourly or daily log shipper leaves after a compaction.
CALL_FILES = 9

# Users return; a session every other day each keeps the share of active users realistic.
CALLS_PER_USER = 200
FEWEST_USERS = 20

SQL = Path(__file__).with_name("generate.sql")

MAPPED_CALL_COLUMNS = (
    *("call_id", "requested_at", "channel", "account", "sub_account", "api_key_id", "provider"),
    *("model_requested", "model_served", "service_tier", "processing", "geo", "usage_convention"),
    *("input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_5m_tokens"),
    *("cache_write_30m_tokens", "cache_write_1h_tokens", "cache_write_12h_tokens"),
    *("output_tokens", "reasoning_tokens", "web_search_calls", "reported_cost"),
    *("feature", "team", "prompt_template", "prompt_version", "agent", "environment"),
    *("user_key", "tenant", "session_id", "trace_id", "task_id", "ticket_id", "attempt_no"),
    *("status", "finish_reason", "latency_ms", "is_retry", "is_fallback", "is_cache_hit"),
)
MAPPED_EVENT_COLUMNS = (
    *("event_id", "occurred_at", "outcome_type", "task_id", "task_type", "ticket_id"),
    *("resolution_kind", "user_key"),
)

Row = tuple[str, ...]

# Sessions that name no feature get it from their API key, for five of the ten features.
FEATURE_MAP: list[Row] = [
    (
        "channel",
        "account",
        "match_type",
        "match_value",
        "feature",
        "team",
        "valid_from",
        "valid_to",
    ),
    *(
        ("*", "*", "api_key_id", f"key-{slot}-{key}", feature, team, "", "")
        for slot, feature, team in (
            (0, "assistant", "product"),
            (1, "assistant", "product"),
            (2, "search", "product"),
            (4, "support_reply", "support"),
            (6, "code_review", "engineering"),
        )
        for key in range(3)
    ),
]
SCOPE_RULES: list[Row] = [
    ("unit", "match_type", "match_value", "rule"),
    *(
        (unit, "environment", "ci", "continuous_integration")
        for unit in ("feature", "active_user", "resolved_ticket", "successful_task")
    ),
]
INTERNAL_USERS: list[Row] = [
    ("user_id", "reason", "valid_from", "valid_to"),
    *((f"user-{number}", "employee", "", "") for number in range(1, 11)),
]


# The hand-written script links by ids alone.
ATTRIBUTION_WINDOWS: list[Row] = [
    ("unit", "feature", "window_hours"),
    ("successful_task", "*", "0"),
    ("resolved_ticket", "*", "0"),
    ("conversion", "*", "0"),
]


def write_logs(home: Path, rows: int) -> list[Path]:
    """Write `rows` calls and their outcomes into home/landing; return the Parquet files of calls.

    Also writes the two mappings and four reference tables. Values depend on `rows` alone.
    """
    calls = home / "landing" / FOLDER
    events = home / "landing" / EVENTS_FOLDER
    for folder in (calls, events):
        folder.mkdir(parents=True, exist_ok=True)
    files = []
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set variable total_rows = $rows", {"rows": rows})
        users = max(FEWEST_USERS, rows // CALLS_PER_USER)
        con.execute("set variable total_users = $users", {"users": users})
        con.execute(SQL.read_text(encoding="utf-8"))
        for number in range(CALL_FILES):
            first, end = (rows * n // CALL_FILES for n in (number, number + 1))
            if first < end:
                files.append(calls / f"calls-{number + 1:02d}.parquet")
                con.execute(
                    "copy (from calls_between($first, $end)) to $path (format parquet)",
                    {"first": first, "end": end, "path": str(files[-1])},
                )
        con.execute(
            "copy (from outcome_events()) to $path (format parquet)",
            {"path": str(events / "outcomes.parquet")},
        )
    _write_reference(home / "reference")
    return files


def _write_reference(folder: Path) -> None:
    mappings = folder / "mappings"
    mappings.mkdir(parents=True, exist_ok=True)
    _write_csv(mappings / f"{FOLDER}.csv", _mapping("call_log", MAPPED_CALL_COLUMNS))
    _write_csv(mappings / f"{EVENTS_FOLDER}.csv", _mapping("outcome_feed", MAPPED_EVENT_COLUMNS))
    _write_csv(folder / "feature_map.csv", FEATURE_MAP)
    _write_csv(folder / "scope_rules.csv", SCOPE_RULES)
    _write_csv(folder / "internal_users.csv", INTERNAL_USERS)
    _write_csv(folder / "attribution_windows.csv", ATTRIBUTION_WINDOWS)


def _mapping(kind: str, columns: tuple[str, ...]) -> list[Row]:
    return [
        ("target", "path", "constant", "transform", "note"),
        ("kind", "", kind, "", ""),
        ("format", "", "parquet", "", ""),
        *((name, "user_id" if name == "user_key" else name, "", "", "") for name in columns),
    ]


def _write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
