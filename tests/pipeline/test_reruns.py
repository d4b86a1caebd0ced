"""Law 7: running twice changes nothing, and every way to a state of landing gives its figures."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from company import (
    FEATURE_MAP,
    OPENAI_SECOND_DAY,
    first_day_calls,
    write_company,
)
from exports import GPT, MINI, json_lines, openai_costs, spend_log
from harness import Home, differing_marts

from dagster_project.lib.ledger import plan_window, rules_fingerprint
from dagster_project.lib.warehouse import connect

D = Decimal


@pytest.fixture(scope="module")
def grown(make_home: Callable[[str], Home]) -> Home:
    """A home that was computed, then got late and restated files, then was computed again."""
    home = make_home("grown")
    write_company(home)
    home.compute()
    assert home.one("select sum(cost_usd) from marts.fct_llm_calls") == D("0.05126")
    # late: a call of a day that is computed, and a fuller copy of c5, which is already loaded
    late = json_lines(
        spend_log("c7", "2026-10-05T23:00:00Z", MINI, 4000, 1000, tags=["feature:search"]),
        spend_log("c5", "2026-10-06T09:00:00.250Z", MINI, 4000, 1000, user="u1",
                  session_id="s-9", tags=["feature:search", "task:T2", "env:prod"]),
    )  # fmt: skip
    home.drop("litellm_spend_logs/late.jsonl", late)
    # restated: the newer export spans the second day and takes 0.001 off its last line
    *kept, (key, item, quantity, _) = OPENAI_SECOND_DAY
    home.drop(
        "openai_costs/2026-10-restated.json",
        openai_costs({"2026-10-06": [*kept, (key, item, quantity, "0")], "2026-10-07": []}),
    )
    # landed twice: the same bytes under another name
    home.drop("litellm_spend_logs/2026-10-05_again.jsonl", first_day_calls())
    home.compute()
    return home


def test_late_restated_and_repeated_files_give_the_figures_of_a_clean_rebuild(
    grown: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rebuilt = grown.rebuilt(tmp_path_factory.mktemp("rebuilt") / "home")
    rebuilt.compute()
    assert differing_marts(grown, rebuilt) == {}


def test_a_late_call_is_added_to_its_own_day(grown: Home) -> None:
    """c7 costs 4000 x 0.25 + 1000 x 2 per million = 0.003."""
    assert grown.sql(
        "select usage_date::varchar, sum(cost_usd) from marts.fct_llm_calls"
        " where channel = 'openai' group by all order by all"
    ) == [("2026-10-05", D("0.02776")), ("2026-10-06", D("0.0033"))]


def test_the_fuller_copy_of_a_call_is_kept_and_the_other_is_shown(grown: Home) -> None:
    assert grown.sql(
        "select session_id from marts.fct_llm_calls where source_call_id = 'default/c5'"
    ) == [("s-9",)]
    assert grown.sql("select path, row_number, reason_code from marts.quarantined_rows") == [
        ("litellm_spend_logs/2026-10-06.jsonl", 1, "duplicate")
    ]


def test_a_newer_export_replaces_the_days_that_it_spans_whole(grown: Home) -> None:
    assert grown.sql(
        "select usage_date::varchar, count(*), sum(billed_usd) from marts.fct_billed_lines"
        " where source = 'openai_costs' group by all order by all"
    ) == [("2026-10-05", 5, D("0.02476")), ("2026-10-06", 6, D("0.00455"))]


def test_the_file_landed_twice_is_booked_as_a_duplicate(grown: Home) -> None:
    assert grown.sql(
        "select path, rows_loaded from marts.landed_files where status = 'duplicate'"
    ) == [("litellm_spend_logs/2026-10-05_again.jsonl", 0)]


def test_computing_again_without_news_changes_nothing(
    grown: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = snapshot_of(grown, tmp_path_factory)
    grown.compute()
    assert differing_marts(before, grown) == {}


def test_a_full_refresh_gives_the_figures_of_the_increments(
    grown: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = snapshot_of(grown, tmp_path_factory)
    grown.compute(full_refresh=True)
    assert differing_marts(before, grown) == {}


def test_changed_prices_or_models_ask_for_every_day(grown: Home, tmp_path: Path) -> None:
    """Prices are seeds of the dbt project, so no landed file says that they changed."""
    settings = grown.settings
    now = rules_fingerprint(settings)
    shutil.copytree(settings.dbt_project_dir / "seeds", tmp_path / "seeds")
    shutil.copytree(settings.dbt_project_dir / "macros", tmp_path / "macros")
    shutil.copytree(settings.dbt_project_dir / "models", tmp_path / "models")
    copied = replace(settings, dbt_project_dir=tmp_path)
    assert rules_fingerprint(copied) == now
    with (tmp_path / "seeds" / "rate_card.csv").open("a", encoding="utf-8") as card:
        card.write("\n")
    changed = rules_fingerprint(copied)
    assert changed != now
    assert rules_fingerprint(replace(settings, reporting_time_zone="Europe/Paris")) != now
    with connect(settings.warehouse) as con:
        days = {"asked_first": None, "asked_last": None, "full_refresh": False}
        assert not plan_window(con, fingerprint=now, **days).full_refresh
        assert plan_window(con, fingerprint=changed, **days).full_refresh


def test_a_changed_feature_map_is_applied_to_days_that_no_run_names(grown: Home) -> None:
    grown.reference("feature_map", FEATURE_MAP.replace("batch_tools", "night_jobs"))
    grown.compute()
    assert grown.sql(
        "select distinct feature from marts.fct_llm_calls where api_key_id = 'key_map'"
    ) == [("night_jobs",)]
    grown.reference("feature_map", FEATURE_MAP)


def test_withdrawn_files_take_their_figures_with_them(
    grown: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without the late and restated files the home is the company as it was at first."""
    for path in ("litellm_spend_logs/late.jsonl", "openai_costs/2026-10-restated.json",
                 "litellm_spend_logs/2026-10-05_again.jsonl"):  # fmt: skip
        (grown.landing / path).unlink()
    grown.compute()
    assert grown.one("select sum(cost_usd) from marts.fct_llm_calls") == D("0.05126")
    rebuilt = grown.rebuilt(tmp_path_factory.mktemp("withdrawn") / "home")
    rebuilt.compute()
    assert differing_marts(grown, rebuilt) == {}


def test_the_comparison_of_marts_sees_a_single_changed_digit(
    grown: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The law's own test: without this, an empty comparison would pass every test above."""
    before = snapshot_of(grown, tmp_path_factory)
    with duckdb.connect(str(before.settings.snapshot)) as con:
        con.execute(
            "update marts.fct_charge_lines set cost_usd = cost_usd + 0.000000000000000001"
            " where meter = 'output_tokens' and model_key = ?",
            [GPT],
        )
    assert differing_marts(before, grown) == {"fct_charge_lines": 2}


def snapshot_of(home: Home, factory: pytest.TempPathFactory) -> Home:
    """The home's published snapshot as it is now, in a home of its own."""
    copy = Home(factory.mktemp("copy") / "home")
    copy.settings.exports.mkdir(parents=True)
    shutil.copy(home.settings.snapshot, copy.settings.snapshot)
    return copy
