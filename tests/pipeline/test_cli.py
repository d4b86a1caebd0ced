"""The command's exit codes, each with one clear line; no test here runs the whole job."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from harness import Home, wait_for

from dagster_project import cli
from dagster_project.lib import nightly
from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.lib.settings import PROJECT_ROOT


@pytest.fixture
def empty(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.landing.mkdir(parents=True)
    return home


@pytest.fixture
def landed(empty: Home) -> Home:
    empty.drop("litellm_spend_logs/a.jsonl", "{}\n")
    return empty


Capture = pytest.CaptureFixture[str]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Calls of the nightly job, which is not run."""
    calls: list[Any] = []
    monkeypatch.setattr(
        nightly, "run_nightly", lambda settings, days, full_refresh: calls.append(days)
    )
    monkeypatch.setattr("dagster_project.reports.summary.render_summary", lambda snapshot: "sums")
    return calls


def trueup(home: Home, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Exit code of `trueup` in this process."""
    monkeypatch.setattr("sys.argv", ["trueup", *arguments])
    with home.entered(), pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "is empty"),
        (["sql", "select 1"], "no snapshot"),
        (["reconcile"], "no snapshot"),
        (["report"], "no snapshot"),
        (["pull", "--only", "nothing"], "no such pull: nothing"),
        (["run", "--from", "yesterday"], "is not a day"),
        (["unknown"], "No such command"),
    ],
)
def test_a_wrong_request_exits_2_with_one_clear_line(
    empty: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    arguments: list[str],
    said: str,
) -> None:
    assert trueup(empty, monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "2026-10-05"], "--to needs --from"),
        (["--from", "2026-10-06", "--to", "2026-10-05"], "--to 2026-10-05 is before"),
        (["--from", "2019-12-31"], "2019-12-31"),
        (["--from", "2999-01-01"], "2999-01-01"),
    ],
)
def test_a_range_that_cannot_be_run_exits_2_before_anything_runs(
    *,
    landed: Home,
    ran: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    arguments: list[str],
    said: str,
) -> None:
    assert trueup(landed, monkeypatch, "run", *arguments) == 2
    assert said in capsys.readouterr().err
    assert ran == []


def test_the_demo_is_never_mixed_with_other_files(
    landed: Home, ran: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert trueup(landed, monkeypatch, "demo") == 2
    assert "files of your own" in capsys.readouterr().err
    (landed.landing / ".demo").write_text('{"complete": true, "files": {}, "templates": {}}')
    monkeypatch.setattr("dagster_project.demo.demo_is_landed", lambda home: True)
    monkeypatch.setattr(
        "dagster_project.demo.foreign_files", lambda home: ["litellm_spend_logs/a.jsonl"]
    )
    assert trueup(landed, monkeypatch, "run") == 2
    assert "litellm_spend_logs/a.jsonl" in capsys.readouterr().err
    assert ran == []


def test_a_finished_run_exits_0_and_says_where_its_results_are(
    landed: Home, ran: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert trueup(landed, monkeypatch, "run", "--from", "2026-10-05", "--to", "2026-10-06") == 0
    assert [(str(days.first_day), str(days.last_day)) for days in ran] == [
        ("2026-10-05", "2026-10-06")
    ]
    out = capsys.readouterr().out
    for name in ("sums", "trueup.duckdb", "trueup.xlsx", "trueup.html"):
        assert name in out


@pytest.mark.parametrize(("flags", "code"), [(["--fail-on-drift"], 1), ([], 0)])
def test_drift_exits_1_only_where_it_was_asked_for(
    *,
    landed: Home,
    ran: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    flags: list[str],
    code: int,
) -> None:
    monkeypatch.setattr(
        "dagster_project.reports.tolerances.drift_messages",
        lambda snapshot, month: ["openai drifts"],
    )
    assert trueup(landed, monkeypatch, "run", *flags) == code
    assert ("drift: openai drifts" in capsys.readouterr().err) is bool(flags)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TrueUpError("the run failed"), 3),
        (ConfigurationError("reference/accounts.csv row 2"), 2),
        # an error nobody thought of must not look like drift
        (RuntimeError("never seen before"), 3),
        (KeyboardInterrupt(), 3),
    ],
)
def test_each_way_to_fail_has_its_exit_code(
    landed: Home, monkeypatch: pytest.MonkeyPatch, capsys: Capture, error: BaseException, code: int
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(nightly, "run_nightly", fail)
    assert trueup(landed, monkeypatch, "run") == code
    assert capsys.readouterr().err.splitlines()[-1].startswith("trueup: ")


def test_a_wrong_reference_file_exits_2_with_file_row_column_and_reason(
    landed: Home, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """The whole way through Dagster, whose own error would hide the reason."""
    landed.reference(
        "tolerances",
        "residual_code,channel,account,tolerance_pct,tolerance_usd\nrate,openai,*,much,0\n",
    )
    assert trueup(landed, monkeypatch, "run") == 2
    error = capsys.readouterr().err
    assert "tolerances.csv row 2, column tolerance_pct: 'much' is not a number" in error
    assert "Traceback" not in error
    assert not landed.settings.snapshot.exists()


def test_a_second_run_waits_until_the_first_has_finished(
    landed: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Another process holds the writer's place for a second; the run begins after it."""
    released = tmp_path / "released"
    script = (
        "import sys, time, pathlib\n"
        "from dagster_project.lib.settings import Settings\n"
        "from dagster_project.lib.warehouse import writer_lock\n"
        "with writer_lock(Settings.from_environment()):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(1)\n"
        f"    pathlib.Path({str(released)!r}).touch()\n"
    )
    order: list[bool] = []
    monkeypatch.setattr(
        nightly, "_execute", lambda settings, tags: order.append(released.exists()) or []
    )
    with landed.entered():
        holder = subprocess.Popen(
            [sys.executable, "-c", script], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
        )
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            landed_at = time.monotonic()
            nightly.run_nightly(
                landed.settings, nightly.default_range(date(2026, 10, 6)), full_refresh=False
            )
        finally:
            wait_for(lambda: holder.poll() is not None)
    assert order == [True]
    assert time.monotonic() - landed_at < 30
