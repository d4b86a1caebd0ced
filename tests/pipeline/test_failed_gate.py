"""A failed gate builds nothing downstream, says which file and why, and leaves readers in peace."""

from __future__ import annotations

from pathlib import Path

import pytest
from company import write_company
from exports import MINI, json_lines, spend_log
from harness import Home

from dagster_project.lib.errors import TrueUpError

# What each bad file is, and a part of the reason that its gate must give.
BAD_FILES = {
    "openai_costs/cut.json": ('{"object": "page", "data": [{"object": "bu', "not valid JSON"),
    "litellm_spend_logs/empty.jsonl": ("", "empty"),
    "anthropic_console_costs/header.csv": (
        "usage_date_utc,model,workspace,api_key,usage_type,token_type,cost_usd\n",
        "no data rows",
    ),
    "invoice_lines/short.csv": (
        "invoice_id,channel,period_start,period_end,amount,kind\n"
        "I-1,openai,2026-10-01,2026-10-31,1.00,usage\n",
        "currency",
    ),
    "zendesk_tickets/other.json": ('{"users": []}', ""),
    # 3 of 4 rows have a negative count: over the limit of 5 %
    "litellm_spend_logs/negative.jsonl": (
        json_lines(
            spend_log("n0", "2026-10-05T09:00:00Z", MINI, 10, 10),
            *(spend_log(f"n{i}", "2026-10-05T09:00:00Z", MINI, -10, 10) for i in (1, 2, 3)),
        ),
        "3 of 4 rows",
    ),
}


@pytest.fixture(scope="module")
def refused(home: Home) -> tuple[Home, bytes, str]:
    """A home with figures, its snapshot's bytes, and how the run with bad files ended."""
    write_company(home)
    home.compute()
    before = home.settings.snapshot.read_bytes()
    for path, (content, _) in BAD_FILES.items():
        home.drop(path, content)
    with pytest.raises(TrueUpError) as failure:
        home.run()
    assert failure.value.exit_code == 3
    return home, before, str(failure.value)


@pytest.mark.parametrize("path", BAD_FILES)
def test_the_failure_names_the_file_and_the_reason(
    refused: tuple[Home, bytes, str], path: str
) -> None:
    _, _, message = refused
    named = [line for line in message.splitlines() if Path(path).name in line]
    assert named, message
    assert any(BAD_FILES[path][1] in line for line in named), named


def test_nothing_downstream_of_a_failed_gate_is_built(refused: tuple[Home, bytes, str]) -> None:
    import dagster as dg  # noqa: PLC0415

    home, _, _ = refused
    instance = dg.DagsterInstance.from_config(str(home.path / "dagster"))
    try:
        (run,) = instance.get_runs(limit=1)
        events = instance.all_logs(run.run_id)
    finally:
        instance.dispose()
    built = {
        event.dagster_event.asset_key.path[0]
        for event in events
        if event.dagster_event and event.dagster_event.is_step_materialization
    }
    # raw tables are loaded before their gates; not a model, mart or publication after them
    assert built == {"raw"}


def test_the_snapshot_stays_as_it_was(refused: tuple[Home, bytes, str]) -> None:
    home, before, _ = refused
    assert home.settings.snapshot.read_bytes() == before


def test_an_alert_a_person_can_read_is_written(refused: tuple[Home, bytes, str]) -> None:
    home, _, _ = refused
    (alert,) = (home.settings.exports / "alerts").glob("*.md")
    text = alert.read_text(encoding="utf-8")
    assert "negative.jsonl" in text
    assert "snapshot and reports are those of the last good run" in text


def test_the_ledger_takes_up_the_day_when_the_bad_files_are_gone(
    refused: tuple[Home, bytes, str],
) -> None:
    home, _, _ = refused
    for path in BAD_FILES:
        (home.landing / path).unlink()
    home.compute()
    assert home.one("select sum(cost_usd)::varchar from marts.fct_llm_calls") == (
        "0.051260000000000000"
    )
