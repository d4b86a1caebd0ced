"""Law 10: no secret, no prompt text and no address of a person outside landing and reference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from company import write_company, write_reference
from exports import (
    HAIKU,
    MINI,
    anthropic_tokens,
    json_lines,
    message,
    openai_costs,
    openai_usage,
    product_event,
    spend_log,
    ticket,
    tickets,
    track,
)
from harness import Home

DAY = "2026-10-05T09:00:00Z"
PROMPT = "canaryprompt"
MAIL = "canarymail"
SECRET = "canarysecret"
CANARIES = (PROMPT, MAIL, SECRET)


def mail(number: int) -> str:
    return f"{MAIL}{number}@example.com"


@pytest.fixture(scope="module")
def watched(home: Home) -> Iterator[Home]:
    write_company(home)
    write_reference(home)
    home.reference(
        "internal_users", f"user_id,reason,valid_from,valid_to\n{mail(0)},employee,2026-01-01,\n"
    )
    home.reference("blocked_ids", f"id,reason\n{mail(7)},shared by many\n")
    home.environment = {
        "OPENAI_ADMIN_KEY": f"sk-{SECRET}-1",
        "ANTHROPIC_ADMIN_KEY": f"sk-ant-{SECRET}-2",
        "ZENDESK_API_TOKEN": f"{SECRET}-3",
        "TRUEUP_HASH_KEY": f"{SECRET}-hash-key",
        "TRUEUP_QUARANTINE_LIMIT": "0.9",
        "TRUEUP_ALERT_WEBHOOK_URL": f"https://127.0.0.1:9/{SECRET}",
    }
    text = {"role": "user", "content": f"Dear {PROMPT}"}
    home.drop("litellm_spend_logs/watched.jsonl", json_lines(
        spend_log("w1", DAY, MINI, 1000, 100, user=mail(1), messages=[text],
                  response={"choices": [{"message": text}]}, proxy_server_request={"body": text},
                  tags=["feature:search", f"note:{PROMPT}"],
                  metadata={"user_api_key_user_email": mail(2), "user_api_key": SECRET}),
        # rows that the door refuses, with the canary in the refused value or beside it
        spend_log("w2", DAY, MINI, 10, 10, messages=text) | {"prompt_tokens": PROMPT},
        spend_log("w3", f"{MAIL} at noon", MINI, 10, 10, user=mail(3)),
    ) + f'{{"request_id": "w4", "messages": "{PROMPT}\n')  # fmt: skip
    home.drop("assistant_calls/watched.jsonl", json_lines(
        message("w5", DAY, HAIKU, anthropic_tokens(10, 10), user=mail(4),
                prompt=f"Write to {PROMPT}", answer=f"No, {PROMPT}", trace=PROMPT)
    ))  # fmt: skip
    usage = openai_usage({"2026-10-08": [("key_gateway", MINI, 10, 0, 10, 1)]})
    usage["data"][0]["results"][0] |= {"user_id": mail(5), "user_email": mail(5)}
    home.drop("openai_usage/watched.json", usage)
    costs = openai_costs({"2026-10-08": [("key_gateway", f"{MINI}, output", 10, "0.00002")]})
    costs["data"][0]["results"][0] |= {"user_id": mail(6), "user_email": mail(6)}
    home.drop("openai_costs/watched.json", costs)
    home.drop("segment_tracks/watched.jsonl", json_lines(
        track("w6", DAY, "Session Started", mail(7), email=mail(7), question=PROMPT)
    ))  # fmt: skip
    home.drop("product_events/watched.jsonl", json_lines(
        product_event("w7", DAY, "task_succeeded", "T9", mail(8)) | {"comment": PROMPT}
    ))  # fmt: skip
    home.drop("zendesk_tickets/watched.json", tickets(
        ticket(201, "solved", "2026-10-05T12:00:00Z", subject=PROMPT, description=PROMPT,
               raw_subject=PROMPT, requester_id=mail(9), recipient=mail(9),
               via={"channel": "email", "source": {"from": {"address": mail(9)}, "to": {}}})
    ))  # fmt: skip
    # a file that no source takes, and one that its source refuses
    home.drop("unknown_folder/notes.txt", f"{PROMPT} {mail(10)} {SECRET}")
    home.run()
    yield home
    home.environment = {}


def test_the_watched_rows_were_really_loaded(watched: Home) -> None:
    """Otherwise their absence from the files would prove nothing."""
    assert watched.one(
        "select count(*) from marts.fct_llm_calls where source_call_id in"
        " ('default/w1', 'default/w5')"
    ) == 2  # fmt: skip
    assert watched.warehouse_sql(
        "select count(*) from raw.litellm_spend_logs where messages_hash is not null"
    ) != [(0,)]
    assert watched.one("select count(*) from marts.quarantined_rows") == 3


def test_no_file_that_a_run_writes_holds_a_canary(watched: Home) -> None:
    written = [
        path
        for folder in ("warehouse", "exports", "dagster")
        for path in (watched.path / folder).rglob("*")
        if path.is_file()
    ]
    assert {"trueup.duckdb", "trueup.xlsx", "trueup.html"} <= {path.name for path in written}
    assert [path for path in written if "logs" in path.parts] != []
    leaks = [
        (path.relative_to(watched.path).as_posix(), canary)
        for path in written
        for canary in CANARIES
        if canary.encode() in path.read_bytes()
    ]
    assert leaks == []


def columns_with_a_canary(path: Path, schema: str) -> list[str]:
    """Text columns that hold a canary; bytes may be compressed in the file, values are not."""
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute(
            "select table_name, list(column_name) from duckdb_columns()"
            " where schema_name = $schema and data_type = 'VARCHAR' group by all",
            {"schema": schema},
        ).fetchall()
        assert sum(len(columns) for _, columns in tables) > 100
        return [
            f"{table}.{column}: {canary}"
            for table, columns in tables
            for column in columns
            for canary in CANARIES
            if con.execute(
                f'select bool_or(contains("{column}", $canary)) from {schema}."{table}"',
                {"canary": canary},
            ).fetchall()
            == [(True,)]
        ]


def test_no_text_column_of_snapshot_or_raw_tables_holds_a_canary(watched: Home) -> None:
    assert columns_with_a_canary(watched.settings.snapshot, "marts") == []
    assert columns_with_a_canary(watched.settings.warehouse, "raw") == []


def test_user_ids_are_one_keyed_hash_in_every_source(watched: Home) -> None:
    """u1, u2 and staff-1 called and were active; their keys match across the sources."""
    assert watched.one(
        "select count(distinct calls.user_key) from marts.fct_llm_calls as calls"
        " inner join marts.fct_outcomes as outcomes using (user_key)"
    ) == 3  # fmt: skip
