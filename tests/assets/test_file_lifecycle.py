"""What happens to files over time: duplicates, newer exports, withdrawals, kills."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib import file_load, ingest
from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import connect
from dagster_project.sources import SOURCES
from tests.conftest import Landing

HOUR = 3600
# 2026-03-01, 00:00 UTC.
DAY_1 = 1772323200
DAY_2, DAY_3, DAY_4 = DAY_1 + 24 * HOUR, DAY_1 + 48 * HOUR, DAY_1 + 72 * HOUR


def _page(*buckets: tuple[int, int, int | None]) -> dict[str, Any]:
    """Return a usage page; each bucket is start, end and input tokens (None: empty)."""
    kind = "organization.usage.completions.result"
    return {
        "object": "page",
        "data": [
            {
                "start_time": start,
                "end_time": end,
                "results": [] if tokens is None else [{"object": kind, "input_tokens": tokens}],
            }
            for start, end, tokens in buckets
        ],
    }


CURRENT = (
    "select windows.window_start::varchar, coalesce(sum(usage.input_tokens), 0)::bigint"
    " from raw.file_windows as windows left join raw.openai_usage as usage"
    " on usage._file_id = windows.file_id and usage._source = windows.source"
    " and usage._account = windows.account and usage.start_at = windows.window_start"
    " where windows.is_current group by 1 order by 1"
)


def test_without_any_file_every_raw_table_exists_with_its_columns(landing: Landing) -> None:
    for name in SOURCES:
        report = landing.ingest(name)
        assert (report.files_new, report.rows_in) == (0, 0)
        assert landing.rows(f"select count(*) from raw.{SOURCES[name].raw_table}") == [(0,)]
    for table in ("landed_files", "file_windows", "quarantine", "pending_days"):
        assert landing.rows(f"select count(*) from raw.{table}") == [(0,)]


def test_running_twice_changes_nothing(landing: Landing) -> None:
    landing.drop("openai_usage/a.json", _page((DAY_1, DAY_2, 5)))
    landing.ingest("openai_usage")
    landing.pending()
    before = landing.rows("select * from raw.landed_files")
    report = landing.ingest("openai_usage")
    assert (report.files_new, report.files_unchanged, report.files_withdrawn) == (0, 1, 0)
    assert landing.pending() == []
    assert landing.rows("select * from raw.landed_files") == before


def test_an_identical_file_is_a_duplicate_only_within_its_account(landing: Landing) -> None:
    for place in ("a.json", "again.json", "acme/a.json"):
        landing.drop(f"openai_usage/{place}", _page((DAY_1, DAY_2, 5)))
    report = landing.ingest("openai_usage")
    assert (report.files_new, report.files_duplicate) == (2, 1)
    assert landing.statuses() == {
        "openai_usage/a.json": "loaded",
        "openai_usage/again.json": "duplicate",
        "openai_usage/acme/a.json": "loaded",
    }
    assert landing.rows("select _account, input_tokens from raw.openai_usage order by 1") == [
        ("acme", 5),
        ("default", 5),
    ]
    assert landing.ingest("openai_usage").files_new == 0


def test_when_the_first_of_two_identical_files_leaves_the_other_takes_its_place(
    landing: Landing,
) -> None:
    first = landing.drop("openai_usage/a.json", _page((DAY_1, DAY_2, 5)))
    landing.drop("openai_usage/again.json", _page((DAY_1, DAY_2, 5)))
    landing.ingest("openai_usage")
    landing.pending()
    first.unlink()
    report = landing.ingest("openai_usage")
    assert (report.files_new, report.files_withdrawn) == (0, 0)
    assert landing.statuses() == {"openai_usage/again.json": "loaded"}
    assert landing.rows("select count(*) from raw.openai_usage") == [(1,)]
    assert landing.pending() == []


def test_a_newer_overlapping_export_replaces_the_buckets_it_states(landing: Landing) -> None:
    landing.drop("openai_usage/old.json", _page((DAY_1, DAY_2, 10), (DAY_2, DAY_3, 20)))
    landing.ingest("openai_usage")
    landing.pending()
    landing.drop("openai_usage/new.json", _page((DAY_2, DAY_3, 25), (DAY_3, DAY_4, 30)))
    landing.ingest("openai_usage")
    assert landing.rows(CURRENT) == [
        ("2026-03-01 00:00:00", 10),
        ("2026-03-02 00:00:00", 25),
        ("2026-03-03 00:00:00", 30),
    ]
    assert landing.pending() == ["2026-03-02", "2026-03-03"]


def test_a_newer_empty_bucket_takes_a_figure_back_to_nothing(landing: Landing) -> None:
    landing.drop("openai_usage/old.json", _page((DAY_1, DAY_2, 10)))
    landing.drop("openai_usage/new.json", _page((DAY_1, DAY_2, None)))
    landing.ingest("openai_usage")
    assert landing.rows(CURRENT) == [("2026-03-01 00:00:00", 0)]


def test_a_late_arriving_older_export_changes_nothing_on_days_it_lost(landing: Landing) -> None:
    landing.drop("openai_usage/old.json", _page((DAY_1, DAY_2, 10)))
    new = landing.drop("openai_usage/new.json", _page((DAY_1, DAY_2, 25)))
    kept = new.read_bytes()
    landing.ingest("openai_usage")
    landing.pending()
    new.unlink()
    landing.ingest("openai_usage")
    assert landing.rows(CURRENT) == [("2026-03-01 00:00:00", 10)]
    assert landing.pending() == ["2026-03-01"]
    new.write_bytes(kept)
    landing.ingest("openai_usage")
    assert landing.rows(CURRENT) == [("2026-03-01 00:00:00", 25)]


def test_hours_and_days_are_never_added_the_newest_width_takes_the_day(landing: Landing) -> None:
    daily = _page((DAY_1, DAY_2, 100), (DAY_2, DAY_3, 7))
    landing.drop("openai_usage/daily.json", daily)
    hourly = _page((DAY_1, DAY_1 + HOUR, 60), (DAY_1 + HOUR, DAY_1 + 2 * HOUR, 45))
    landing.drop("openai_usage/hourly.json", hourly)
    landing.ingest("openai_usage")
    assert landing.rows(CURRENT) == [
        ("2026-03-01 00:00:00", 60),
        ("2026-03-01 01:00:00", 45),
        ("2026-03-02 00:00:00", 7),
    ]
    landing.drop("openai_usage/daily_again.json", _page((DAY_1, DAY_2, 106)))
    landing.ingest("openai_usage")
    assert landing.rows(CURRENT) == [("2026-03-01 00:00:00", 106), ("2026-03-02 00:00:00", 7)]


def test_accounts_and_sources_never_replace_each_other(landing: Landing) -> None:
    landing.drop("openai_usage/a/x.json", _page((DAY_1, DAY_2, 10)))
    landing.drop("openai_usage/b/x.json", _page((DAY_1, DAY_2, 20)))
    landing.ingest("openai_usage")
    assert landing.rows("select count(*) from raw.file_windows where is_current") == [(2,)]


def test_a_withdrawn_file_leaves_no_row_and_its_days_are_pending(landing: Landing) -> None:
    landing.drop("openai_usage/old.json", _page((DAY_1, DAY_2, 10)))
    new = landing.drop("openai_usage/new.json", _page((DAY_1, DAY_2, 25), (DAY_2, DAY_3, -1)))
    landing.ingest("openai_usage")
    landing.pending()
    new.unlink()
    report = landing.ingest("openai_usage")
    assert report.files_withdrawn == 1
    assert "openai_usage/new.json: left landing" in report.warnings[0]
    assert landing.rows(CURRENT) == [("2026-03-01 00:00:00", 10)]
    assert landing.rows("select count(*) from raw.quarantine") == [(0,)]
    assert landing.statuses() == {"openai_usage/old.json": "loaded"}
    assert landing.pending() == ["2026-03-01"]


def test_a_path_with_another_content_is_loaded_anew(landing: Landing) -> None:
    landing.drop("openai_usage/a.json", _page((DAY_1, DAY_2, 10)))
    landing.ingest("openai_usage")
    landing.drop("openai_usage/a.json", _page((DAY_1, DAY_2, 11)))
    report = landing.ingest("openai_usage")
    assert (report.files_new, report.files_withdrawn) == (1, 1)
    assert landing.rows("select input_tokens from raw.openai_usage") == [(11,)]


def test_a_call_seen_again_makes_the_day_of_the_first_record_pending(landing: Landing) -> None:
    def call(request: str, at: str) -> dict[str, Any]:
        tokens = {"prompt_tokens": 1, "completion_tokens": 1, "model": "m"}
        return {"request_id": request, "startTime": at, **tokens}

    landing.drop_lines(
        "litellm_spend_logs/a.jsonl", call("r1", "2026-03-01"), call("r2", "2026-03-02")
    )
    landing.ingest("litellm_spend_logs")
    landing.pending()
    landing.drop_lines("litellm_spend_logs/b.jsonl", call("r1", "2026-03-05"))
    landing.ingest("litellm_spend_logs")
    assert landing.pending() == ["2026-03-01", "2026-03-05"]


@pytest.mark.parametrize("step", ["book", "insert_windows", "mark_pending"])
def test_a_kill_in_the_middle_of_a_file_leaves_nothing_of_it(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    source = "segment_tracks" if step == "mark_pending" else "openai_usage"
    if source == "openai_usage":
        landing.drop("openai_usage/a.json", _page((DAY_1, DAY_2, 10), (DAY_2, DAY_3, -1)))
    else:
        line = {"messageId": "m", "type": "track", "timestamp": "2026-03-01T00:00:00Z"}
        landing.drop_lines("segment_tracks/a.jsonl", line)

    def killed(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(file_load, step, killed)
        with pytest.raises(KeyboardInterrupt):
            landing.ingest(source)
    for table in (source, "landed_files", "quarantine", "file_windows", "pending_days"):
        assert landing.rows(f"select count(*) from raw.{table}") == [(0,)]
    report = landing.ingest(source)
    assert (report.files_new, report.rows_loaded) == (1, 1)


def test_a_full_disk_stops_the_run_and_is_not_booked_as_a_bad_file(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb  # noqa: PLC0415

    def full(*args: object, **kwargs: object) -> None:
        raise duckdb.IOException("IO Error: Could not write file: No space left on device")

    landing.drop("openai_usage/a.json", _page((DAY_1, DAY_2, 10)))
    monkeypatch.setattr(file_load, "book", full)
    with pytest.raises(duckdb.IOException):
        landing.ingest("openai_usage")
    monkeypatch.undo()
    assert landing.statuses() == {}


def test_a_file_that_is_still_being_written_is_left_to_the_next_run(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = landing.drop("openai_usage/a.json", _page((DAY_1, DAY_2, 10)))
    book = file_load.book

    def grow(*args: Any) -> None:
        book(*args)
        path.write_text(json.dumps(_page((DAY_1, DAY_2, 10), (DAY_2, DAY_3, 20))))

    with monkeypatch.context() as patch:
        patch.setattr(file_load, "book", grow)
        report = landing.ingest("openai_usage")
    assert (report.files_new, report.files_rejected) == (0, 0)
    assert report.warnings == [
        "openai_usage/a.json: the file changed while it was read; the next run loads it"
    ]
    assert landing.statuses() == {}
    assert landing.ingest("openai_usage").rows_loaded == 2


def test_the_order_of_loading_does_not_change_the_result(landing: Landing) -> None:
    landing.drop("openai_usage/1.json", _page((DAY_1, DAY_2, 10), (DAY_2, DAY_3, 20)))
    landing.ingest("openai_usage")
    landing.drop("openai_usage/2.json", _page((DAY_2, DAY_3, 25)))
    landing.ingest("openai_usage")
    landing.drop("openai_usage/3.json", _page((DAY_1, DAY_1 + HOUR, 4)))
    landing.ingest("openai_usage")
    step_by_step = landing.rows(CURRENT)
    with connect(landing.settings.home / "rebuilt.duckdb") as con:
        ingest.ingest_source(con, landing.settings, "openai_usage")
        assert con.execute(CURRENT).fetchall() == step_by_step
    assert step_by_step == [("2026-03-01 00:00:00", 4), ("2026-03-02 00:00:00", 25)]


def test_another_hash_key_is_refused_before_anything_changes(landing: Landing) -> None:
    landing.drop("openai_usage/a.json", _page((DAY_1, DAY_2, 10)))
    landing.ingest("openai_usage")
    other = Settings.from_environment(
        {"TRUEUP_HOME": str(landing.settings.home), "TRUEUP_HASH_KEY": "another-key-for-tests"}
    )
    with pytest.raises(ConfigurationError, match="hash key"):
        ingest.ingest_source(landing.con, other, "openai_usage")


def test_a_raw_table_of_an_older_layout_is_rebuilt_from_landing(landing: Landing) -> None:
    landing.drop("openai_usage/a.json", _page((DAY_1, DAY_2, 10)))
    landing.ingest("openai_usage")
    landing.con.execute("alter table raw.openai_usage drop column service_tier")
    assert landing.ingest("openai_usage").files_new == 1
    assert landing.rows("select input_tokens, service_tier from raw.openai_usage") == [(10, None)]


def test_an_unknown_source_name_is_one_clear_line(landing: Landing) -> None:
    with pytest.raises(TrueUpError, match="no source is named 'opnai'"):
        landing.ingest("opnai")


def test_a_file_in_an_unknown_folder_is_loaded_when_its_content_fits_one_export(
    landing: Landing,
) -> None:
    landing.drop("from_finance/acme/a.json", _page((DAY_1, DAY_2, 10)))
    landing.drop("loose.csv", "usage_date_utc,model,workspace,api_key,usage_type,token_type,"
                 "cost_usd\n2026-03-01,m,w,k,message,output,0.01\n")  # fmt: skip
    assert landing.ingest("openai_usage").files_new == 1
    assert landing.ingest("anthropic_console_costs").files_new == 1
    assert landing.rows("select _source, _account from raw.openai_usage") == [
        ("openai_usage", "acme")
    ]
    assert ingest.unrecognised_files(landing.settings) == []


def test_a_file_that_no_source_takes_is_booked_with_the_known_folders(landing: Landing) -> None:
    path = landing.drop("opnai_usage/notes.csv", "a,b\n1,2\n")
    landing.drop("opnai_usage/broken.json", "{")
    report = ingest.ingest_unrecognised(landing.con, landing.settings)
    assert report.files_rejected == 2
    assert landing.rows("select distinct raw_table, status from raw.landed_files") == [
        (None, "rejected")
    ]
    reason = landing.reason("opnai_usage/notes.csv")
    assert "no source is named 'opnai_usage'" in reason
    assert "openai_usage, openai_costs" in reason
    path.unlink()
    ingest.ingest_unrecognised(landing.con, landing.settings)
    assert list(landing.statuses()) == ["opnai_usage/broken.json"]


def test_a_rejected_file_is_tried_again_on_every_run(landing: Landing) -> None:
    path = landing.drop("openai_usage/a.json", "{")
    assert landing.ingest("openai_usage").files_rejected == 1
    assert landing.ingest("openai_usage").files_rejected == 1
    landing.drop("openai_usage/a.json", _page((DAY_1, DAY_2, 10)))
    report = landing.ingest("openai_usage")
    assert (report.files_new, report.files_rejected, report.files_withdrawn) == (1, 0, 0)
    path.unlink()
    landing.ingest("openai_usage")
    assert landing.statuses() == {}


def _sidecar(path: Path, promises: dict[str, Any]) -> Path:
    sidecar = path.with_name(path.name + ".control.json")
    sidecar.write_text(json.dumps(promises), encoding="utf-8")
    return sidecar


def test_a_promise_that_comes_later_is_checked_then(landing: Landing) -> None:
    path = landing.drop("openai_usage/a.json", _page((DAY_1, DAY_2, 10)))
    landing.ingest("openai_usage")
    assert landing.rows("select sidecar_ok from raw.landed_files") == [(None,)]
    _sidecar(path, {"rows": 2, "totals": {"input_tokens": "10"}})
    landing.ingest("openai_usage")
    assert landing.rows("select sidecar_ok, reason from raw.landed_files") == [
        (False, "the sidecar promises 2 rows, the file has 1")
    ]
    _sidecar(path, {"rows": 1, "totals": {"input_tokens": 10}})
    landing.ingest("openai_usage")
    assert landing.rows("select sidecar_ok, reason from raw.landed_files") == [(True, None)]
    assert landing.rows("select count(*) from raw.openai_usage") == [(1,)]


def test_progress_says_file_rows_and_seconds(landing: Landing) -> None:
    landing.drop("openai_usage/a.json", _page((DAY_1, DAY_2, 10)))
    landing.ingest("openai_usage")
    assert len(landing.lines) == 1
    assert landing.lines[0].startswith("openai_usage/a.json: 1 rows in ")
