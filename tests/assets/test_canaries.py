"""No secret, prompt, e-mail address or user name reaches the warehouse file or a log line."""

from __future__ import annotations

import json

import duckdb

from dagster_project.lib import ingest
from dagster_project.lib.gate import evaluate
from dagster_project.lib.reference import load_reference
from dagster_project.lib.settings import Settings
from dagster_project.sources import SOURCES
from tests.conftest import HASH_KEY, Landing

PROMPT = "canary-prompt-4711 please translate my diary"
MAIL = "canary.person@example.com"
TOKEN = "sk-canary-0815-secret"
CANARIES = ("canary-prompt", "canary.person", "sk-canary", HASH_KEY)


def _land(landing: Landing) -> None:
    at = "2026-03-01T00:00:00Z"
    spend = {"request_id": "r", "startTime": at, "prompt_tokens": 1, "completion_tokens": 1}
    common = {"messages": [{"content": PROMPT}], "response": PROMPT, "user": MAIL, "model": "m"}
    landing.drop_lines(
        "litellm_spend_logs/a.jsonl",
        {**spend, **common, "proxy_server_request": TOKEN, "metadata": {"user_email": MAIL}},
        {**spend, **common, "spend": PROMPT},
        {**spend, **common, "startTime": MAIL},
        {**spend, **common, "model": {"content": PROMPT}},
    )
    path = landing.drop("litellm_spend_logs/cut.jsonl", json.dumps({**spend, **common}) + "\n")
    path.write_text(path.read_text() + json.dumps({"x": PROMPT})[:-4], encoding="utf-8")
    header = "usage_date_utc,model,workspace,api_key,usage_type,token_type,cost_usd,note\n"
    landing.drop(
        "anthropic_console_costs/a.csv",
        header + f"2026-03-01,m,w,k,message,output,0.01,{PROMPT}\n{MAIL},{TOKEN}\n"
        f"2026-03-01,m,w,k,message,output,{TOKEN},x\n",
    )
    landing.drop("openai_usage/a.json", '{"data": "' + PROMPT)
    landing.drop("openai_costs/a.json", {"data": [{"results": PROMPT}]})
    ticket = {"id": 1, "status": "new", "updated_at": at, "subject": PROMPT, "requester_id": MAIL}
    landing.drop("zendesk_tickets/a.json", {"tickets": [{**ticket, "description": PROMPT}]})
    track = {"messageId": "m", "type": "track", "timestamp": at, "userId": MAIL}
    landing.drop_lines("segment_tracks/a.jsonl", {**track, "traits": {"email": MAIL}})
    landing.mapping(
        "mylog",
        "kind,,call_log,",
        "call_id,id,,",
        "requested_at,at,,",
        "channel,,openai,",
        "user_key,who,,",
        "prompt,text,,",
    )
    query = f"select '1' id, '{at}' as at, '{MAIL}' who, '{PROMPT}' as text, '{TOKEN}' as key"
    made = landing.settings.home / "made.parquet"
    with duckdb.connect() as con:
        con.execute(f"copy ({query}) to '{made}' (format parquet)")
    landing.drop("mylog/a.parquet", made.read_bytes())
    made.unlink()
    landing.drop("mylog/b.csv", f"id,at,who,text\n1,{at},{MAIL},{PROMPT}\n")
    landing.settings.reference.joinpath("internal_users.csv").write_text(
        f"user_id,reason,valid_from,valid_to\n{MAIL},test,,\n", encoding="utf-8"
    )


def test_planted_canaries_are_in_no_file_of_the_warehouse_and_in_no_line(
    landing: Landing, settings: Settings
) -> None:
    _land(landing)
    said: list[str] = []
    load_reference(landing.con, settings)
    for source in SOURCES:
        report = ingest.ingest_source(landing.con, settings, source, log=said.append)
        said.append(str(report))
        said += [str(result) for result in evaluate(landing.con, source, settings)]
    said.append(str(ingest.ingest_unrecognised(landing.con, settings, log=said.append)))
    assert landing.rows("select count(*) from raw.litellm_spend_logs") == [(2,)]
    assert landing.rows("select count(*), count(prompt_hash) from raw.call_log") == [(2, 2)]
    assert landing.rows("select count(*) from raw.quarantine") == [(6,)]
    landing.con.execute("checkpoint")
    held = b"".join(path.read_bytes() for path in settings.warehouse.parent.rglob("*.*"))
    text = "\n".join(said)
    for canary in CANARIES:
        assert canary.encode() not in held
        assert canary not in text
        for (table,) in landing.rows("select table_name from duckdb_tables() where not temporary"):
            found = landing.con.execute(
                f"select count(*) from raw.{table} as t where contains(t::varchar, $canary)",
                {"canary": canary},
            ).fetchall()
            assert found == [(0,)], table
