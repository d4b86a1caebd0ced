"""The demo, run as a newcomer runs it: what was planted is found, exactly, and nothing else."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from graphlib import TopologicalSorter

import pytest
from harness import Home

from dagster_project.cli import main
from dagster_project.demo import DemoSummary, Planted, write_demo
from dagster_project.lib.dbt_project import compiled_manifest
from dagster_project.lib.ingest import ingest_source
from dagster_project.lib.publish import publish_snapshot
from dagster_project.lib.settings import PROJECT_ROOT
from dagster_project.lib.warehouse import connect

D = Decimal
UNIT_MARTS = (
    "cost_per_feature",
    "cost_per_active_user",
    "cost_per_resolved_ticket",
    "cost_per_successful_task",
)


# In a month with cost reports the invoice is compared with their total: it repeats their figures,
# and its own rounding to cents is a difference of the document, not of the usage.
OF_REPORTED_MONTH = "bill = 'invoice' and channel <> 'google' and charge_kind = 'usage'"


@pytest.fixture(scope="module")
def demo(home: Home) -> tuple[Home, DemoSummary]:
    summary = write_demo(home.path)
    home.run()
    return home, summary


@pytest.fixture(scope="module")
def ran(demo: tuple[Home, DemoSummary]) -> Home:
    return demo[0]


@pytest.fixture(scope="module")
def written(demo: tuple[Home, DemoSummary]) -> DemoSummary:
    return demo[1]


def found(home: Home, planted: Planted) -> Decimal:
    """Sum of the reconciliation lines that a planted difference names."""
    return home.sql(
        f"""
        select coalesce(sum(residual_usd), 0) from marts.reconciliation_lines
        where residual_code = '{planted.code}' and channel = '{planted.channel}'
            and account = '{planted.account}'
            and coalesce(usage_date, month) between date '{planted.first_day}'
                and date '{planted.last_day}'
            and not ({OF_REPORTED_MONTH})
            and '{planted.model}' in ('', model_key) and '{planted.meter}' in ('', meter)
        """
    )[0][0]


def test_each_planted_difference_is_found_to_the_last_digit(
    ran: Home, written: DemoSummary
) -> None:
    assert len(written.planted) > 8
    for planted in written.planted:
        assert found(ran, planted) == planted.amount_usd, planted.sentence


def test_nothing_is_found_that_was_not_planted(ran: Home, written: DemoSummary) -> None:
    wanted: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for planted in written.planted:
        wanted[planted.code, planted.channel, planted.account] += planted.amount_usd
    rows = ran.sql(
        "select residual_code, channel, account, sum(residual_usd) from marts.reconciliation_lines"
        f" where not ({OF_REPORTED_MONTH}) group by all having sum(residual_usd) <> 0"
    )
    assert {tuple(row[:3]): row[3] for row in rows} == dict(wanted)


def test_invoices_repeat_the_cost_reports_but_for_half_a_cent_a_line(ran: Home) -> None:
    rows = ran.sql(
        "select channel, account, residual_code, sum(residual_usd) from marts.reconciliation_lines"
        f" where {OF_REPORTED_MONTH} group by all order by all"
    )
    lines = dict(
        ran.sql(
            "select channel || account, count(*) from marts.fct_billed_lines"
            " where document_type = 'invoice' and charge_kind = 'usage' group by all"
        )
    )
    assert [row[:3] for row in rows] == [
        ("anthropic", "default", "rounding"),
        ("anthropic", "research", "rounding"),
        ("openai", "default", "rounding"),
    ]
    for channel, account, _, amount in rows:
        assert abs(amount) <= D("0.005") * lines[channel + account]


def test_the_ledger_holds_the_cost_of_the_usage_that_was_invented(
    ran: Home, written: DemoSummary
) -> None:
    rows = ran.sql("select channel, account, sum(cost_usd) from marts.fct_llm_calls group by all")
    assert {(row[0], row[1]): row[2] for row in rows} == written.spend_usd


def test_residuals_are_billed_minus_computed_in_every_month(ran: Home) -> None:
    assert (
        ran.sql(
            "select channel, account, month from marts.reconciliation_lines group by all"
            " having sum(residual_usd) <> sum(billed_usd) - sum(computed_cost_usd)"
        )
        == []
    )
    assert ran.sql("select sum(computed_cost_usd) from marts.reconciliation_lines") == ran.sql(
        "select sum(cost_usd) from marts.fct_llm_calls"
    )


def test_charge_lines_sum_to_the_calls_in_every_day_and_account(ran: Home) -> None:
    side = "select usage_date, channel, account, sum(cost_usd) from marts.{} group by all"
    calls, lines = side.format("fct_llm_calls"), side.format("fct_charge_lines")
    assert ran.sql(f"({calls}) except ({lines}) union all (({lines}) except ({calls}))") == []


@pytest.mark.parametrize("mart", UNIT_MARTS)
def test_each_unit_cost_mart_sums_to_the_ledger_on_both_bases(ran: Home, mart: str) -> None:
    (computed,) = ran.sql("select sum(cost_usd) from marts.fct_llm_calls")[0]
    (residuals,) = ran.sql(
        "select sum(residual_usd) from marts.reconciliation_lines"
        " where residual_code <> 'not_billed' and is_usage"
    )[0]
    rows = ran.sql(
        "select period_grain, sum(computed_cost_usd), sum(trued_up_cost_usd)"
        f" from marts.{mart} group by all order by all"
    )
    assert rows == [(grain, computed, computed + residuals) for grain in ("day", "month", "week")]


def test_a_closed_month_trues_up_to_its_bill(ran: Home) -> None:
    rows = ran.warehouse_sql(
        "select channel, account, sum(trued_up_cost_usd), any_value(billed_usage_usd)"
        " from intermediate.int_cost_rows inner join marts.reconciliation_months"
        " using (channel, account)"
        " where usage_date between date '2026-09-01' and date '2026-09-30'"
        " and month = date '2026-09-01' group by all order by all"
    )
    assert [row[:2] for row in rows] == [
        ("anthropic", "default"),
        ("anthropic", "research"),
        ("google", "default"),
        ("openai", "default"),
    ]
    assert [row[2] for row in rows] == [row[3] for row in rows]


def test_traffic_that_two_sources_report_is_counted_once(ran: Home) -> None:
    """Provider usage of the gateway's accounts is control only; it is the ledger of research."""
    assert ran.sql(
        "select channel, account, grain from marts.fct_llm_calls group by all order by all"
    ) == [
        ("anthropic", "default", "call"),
        ("anthropic", "research", "bucket"),
        ("google", "default", "call"),
        ("openai", "default", "call"),
    ]
    assert ran.one(
        "select count(*) from marts.data_coverage where has_call_log and has_provider_usage"
    ) > 0  # fmt: skip


def test_what_was_set_aside_is_what_was_planted(ran: Home, written: DemoSummary) -> None:
    reasons = dict(ran.sql("select reason_code, count(*) from marts.quarantined_rows group by all"))
    # two copies of each conflicting call are set aside
    assert reasons == {
        "negative": written.counts["negative_rows"],
        "duplicate": written.counts["repeated_calls"],
        "conflicting_usage": 2 * written.counts["conflicting_calls"],
    }
    assert ran.sql(
        "select path from marts.landed_files where rows_in <> rows_loaded + rows_quarantined"
    ) == []  # fmt: skip


def test_unknown_models_are_listed_and_mark_the_figures(ran: Home, written: DemoSummary) -> None:
    (row,) = ran.sql(
        "select unpriced_reason, usage_rows, suggestion from marts.unpriced_usage"
        " where unpriced_reason = 'unknown_model'"
    )
    assert row[1] == written.counts["unknown_model_calls"]
    assert "model_aliases.csv" in row[2]
    assert ran.one(
        "select bool_or(is_lower_bound) from marts.cost_per_feature where period_grain = 'month'"
    )


def test_drift_is_published_and_reconcile_exits_1(
    ran: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["trueup", "reconcile", "--month", "2026-09"])
    with ran.entered(), pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 1
    said = capsys.readouterr()
    assert "drift: anthropic / default, 2026-09" in said.err
    assert "claude-sonnet-4-6" in said.err


def test_sql_prints_decimals_exactly(
    ran: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "sys.argv", ["trueup", "sql", "--csv", "select sum(cost_usd) as total from fct_llm_calls"]
    )
    with ran.entered(), pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 0
    total = ran.one("select sum(cost_usd) from marts.fct_llm_calls")
    assert capsys.readouterr().out == f"total\n{total}\n"


def documented_table(marker: str, document: str = "README.md") -> list[list[str]]:
    """Cells of the table that follows the comment `figures: <marker>` in a document."""
    text = (PROJECT_ROOT / document).read_text("utf-8")
    after = text.split(f"<!-- figures: {marker} -->\n", maxsplit=1)[1]
    lines = [line for line in after.split("\n\n", maxsplit=1)[0].splitlines()[2:] if line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_readmes_months_are_those_of_the_run(ran: Home) -> None:
    rows = ran.sql(
        "select channel, account, strftime(month, '%Y-%m'),"
        " cast(round(computed_cost_usd, 2) as decimal(18, 2))::varchar,"
        " cast(round(billed_usage_usd, 2) as decimal(18, 2))::varchar, status"
        " from marts.reconciliation_months where month = date '2026-09-01' order by all"
    )
    assert documented_table("months") == [list(row) for row in rows]


def test_the_readmes_planted_differences_are_those_that_were_written_and_found(
    ran: Home, written: DemoSummary
) -> None:
    for sentence, channel, account, code, amount in documented_table("planted"):
        planted = sum(
            p.amount_usd
            for p in written.planted
            if (p.channel, p.account, p.code) == (channel, account, code)
        )
        assert planted == D(amount), sentence
        found_amount = ran.sql(
            "select sum(residual_usd) from marts.reconciliation_lines"
            f" where channel = '{channel}' and account = '{account}' and residual_code = '{code}'"
        )[0][0]
        assert found_amount == D(amount), sentence


def test_the_readme_states_the_number_of_calls(ran: Home, written: DemoSummary) -> None:
    assert "about 101,000 calls" in (PROJECT_ROOT / "README.md").read_text("utf-8")
    (calls,) = ran.sql("select count(*) from marts.fct_llm_calls where grain = 'call'")[0]
    assert round(calls, -3) == 101_000


EXAMPLES = {
    "direct, successful `code_review` task": (
        "cost_per_successful_task", "successful_tasks", "task_type = 'code_review'"
    ),
    "direct, `ticket_triage` request": (
        "cost_per_feature", "feature_requests", "feature = 'ticket_triage'"
    ),
    "direct, ticket resolved `ai_confirmed`": (
        "cost_per_resolved_ticket",
        "resolved_final + resolved_provisional",
        "resolution_kind = 'ai_confirmed'",
    ),
    "direct, active user": ("cost_per_active_user", "active_users", "user_class = 'end_user'"),
    "direct, `paid_export` conversion": (
        "cost_per_conversion", "conversions_final", "conversion_type = 'paid_export'"
    ),
    "direct, `draft_reply` task of gpt-5": (
        "cost_per_successful_task_by_model",
        "successful_tasks",
        "task_type = 'draft_reply' and model_key = 'gpt-5-2025-08-07'",
    ),
}  # fmt: skip


def test_the_documented_examples_are_the_runs_figures_and_divide(ran: Home) -> None:
    for figure, numerator, denominator, unit_cost in documented_table(
        "examples", "docs/metrics.md"
    ):
        mart, count, condition = EXAMPLES[figure]
        rows = ran.sql(
            f"select computed_cost_usd, {count}, computed_direct_unit_cost_usd from marts.{mart}"
            " where period_grain = 'month' and period_start = date '2026-09-01' and in_scope"
            f" and {condition}"
        )
        assert rows == [(D(numerator), int(denominator), D(unit_cost))], figure
        quotient = (D(numerator) / int(denominator)).quantize(D("1e-12"), ROUND_HALF_UP)
        assert quotient == D(unit_cost), figure


@pytest.mark.parametrize(
    ("query", "figures"),
    [
        (
            "select link_method, computed_cost_usd from marts.match_rates where unit ="
            " 'successful_task' and in_scope and {month} order by computed_cost_usd desc",
            [("task_id", D("1166.321377895")), ("unattributed", D("34.27115669")),
             ("user_window", D("0.3365541"))],
        ),
        (
            "select computed_allocated_usd, computed_cost_usd, feature_requests,"
            " computed_unit_cost_usd from marts.cost_per_feature_allocated where feature ="
            " 'code_review' and period_start = date '2026-09-01'",
            [(D("79.222784035744"), D("689.848931335744"), 8175, D("0.084385190377"))],
        ),
        (
            "select value_usd, computed_margin_usd, computed_margin_ratio,"
            " computed_return_on_cost_ratio from marts.feature_margins where feature ="
            " 'code_review' and period_start = date '2026-09-01'",
            [(D(6432), D("5821.3738527"), 0.905064343, 9.533450014)],
        ),
        (
            "select tag_view, tag, computed_cost_usd from marts.cost_by_tag where {month}"
            " and tag in ('early_access', 'counted_more_than_once') order by all",
            [("full", "counted_more_than_once", D("-45.06087554")),
             ("full", "early_access", D("45.06087554")),
             ("split", "early_access", D("22.53043777"))],
        ),
    ],
    ids=["match rates", "shared cost", "value", "tags"],
)  # fmt: skip
def test_the_examples_worked_out_in_words_are_the_runs(
    ran: Home, query: str, figures: list[tuple]
) -> None:
    month = "period_grain = 'month' and period_start = date '2026-09-01'"
    assert ran.sql(query.format(month=month)) == figures
    text = (PROJECT_ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    numbers = [abs(value) for row in figures for value in row if isinstance(value, D | float)]
    assert [value for value in numbers if str(value) not in text] == []


def test_the_documented_concentration_is_the_runs(ran: Home) -> None:
    rows = ran.sql(
        "select dimension, members, members_carrying_80_pct, top_20_pct_members,"
        " top_20_pct_cost_ratio, trued_up_cost_usd, unattributed_trued_up_cost_usd"
        " from marts.spend_concentration where period_start = date '2026-09-01' order by dimension"
    )
    documented = [
        (name, int(members), int(needed), int(fifth), float(share), D(spend), D(rest))
        for name, members, needed, fifth, share, spend, rest in documented_table(
            "concentration", "docs/metrics.md"
        )
    ]
    assert rows == documented


def test_the_documented_change_of_a_cost_per_success_is_the_runs_and_can_be_redone(
    ran: Home,
) -> None:
    rows = ran.sql(
        "select replace(effect, '_', ' '), after_unit_cost_usd, effect_unit_cost_usd"
        " from marts.unit_cost_changes where period_grain = 'month' and task_type = 'draft_reply'"
        " and period_start = date '2026-10-01' order by effect_no"
    )
    (_, total, first, _), *steps = documented_table("changes", "docs/metrics.md")
    assert D(first) == (D(total) / 5917).quantize(D("1e-12"), ROUND_HALF_UP)
    minus, times_sign = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"
    assert [(name, D(unit_cost), D(effect.replace(minus, "-"))) for name, _, unit_cost, effect
            in steps] == rows  # fmt: skip
    for name, sum_of_words, unit_cost, _ in steps:
        words = sum_of_words.replace(",", "").split()
        if times_sign in words:
            cost, times, per = (D(words[no]) for no in (0, 2, 4))
            redone = (cost * times / per / 5917).quantize(D("1e-12"), ROUND_HALF_UP)
            assert redone == D(unit_cost), name


@pytest.mark.parametrize(
    ("query", "figures"),
    [
        (
            "select concluded_tasks, attempts, successful_tasks, computed_cost_usd,"
            " computed_attempt_unit_cost_usd, attempts_per_task_ratio, task_success_ratio,"
            " computed_successful_task_unit_cost_usd from marts.task_cost_factors"
            " where cohort = 'concluded' and task_type = 'draft_reply' and period_grain = 'month'"
            " and period_start = date '2026-09-01'",
            [(6670, 7055, 5917, D("463.36040018"), D("0.065678299104"), 1.057721139, 0.887106447,
              D("0.078310022001"))],
        ),
        (
            "select value, concluded_tasks, successful_tasks, other_concluded_tasks,"
            " other_successful_tasks, round(task_success_ratio, 3),"
            " round(other_task_success_ratio, 3), round(lower_difference_ratio, 3),"
            " round(upper_difference_ratio, 3), verdict from marts.task_success_comparisons"
            " where dimension = 'model' and task_type = 'draft_reply' and month = date '2026-09-01'"
            " and value = 'claude-sonnet-5-5' and other_value = 'gpt-5-2025-08-07'",
            [("claude-sonnet-5-5", 2628, 2346, 4012, 3546, 0.893, 0.884, -0.007, 0.024,
              "not_distinguishable")],
        ),
        (
            "select resolution_kind, reopened_resolutions, matured_resolutions,"
            " round(lower_reopened_ratio, 3), round(upper_reopened_ratio, 3)"
            " from marts.resolution_rates where month = date '2026-09-01' order by 1",
            [("ai_confirmed", 13, 266, 0.029, 0.082), ("human_solved", 39, 346, 0.084, 0.15)],
        ),
        (
            "select sum(successful_tasks), sum(concluded_tasks), sum(computed_cost_usd),"
            " sum(attempts) from marts.task_cost_factors where cohort = 'concluded'"
            " and period_grain = 'month' and period_start = date '2026-09-01'",
            [(15325, 17284, D("1151.53503602"), 18306)],
        ),
    ],
    ids=["factors", "comparison", "reopened", "semantic layer"],
)  # fmt: skip
def test_the_rates_and_factors_worked_out_in_words_are_the_runs(
    ran: Home, query: str, figures: list[tuple]
) -> None:
    assert ran.sql(query) == figures
    text = (PROJECT_ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    numbers = [abs(v) for row in figures for v in row if isinstance(v, D | float | int)]
    written = [f"{v:,}" if isinstance(v, int) else str(v) for v in numbers]
    assert [value for value in written if value not in text] == []


# ---- docs/closing.md, command by command

AFTER_BILLS = tuple(
    f"{layer}/{folder}"
    for layer, folders in (
        ("staging", ("invoices", "decisions", "control")),
        ("intermediate", ("billing", "reconciliation", "true_up", "closing")),
        ("marts", ("billing", "reconciliation", "closing")),
    )
    for folder in folders
)


def run_again(home: Home) -> None:
    """What `trueup run` does after new invoices and decisions: all else is as it was."""
    nodes = json.loads(compiled_manifest().read_text("utf-8"))["nodes"]
    found = {
        key: node
        for key, node in nodes.items()
        if node["resource_type"] == "model"
        and (node["path"].startswith(AFTER_BILLS) or node["name"] == "fct_billed_lines")
    }
    order = TopologicalSorter(
        {key: found.keys() & set(node["depends_on"]["nodes"]) for key, node in found.items()}
    )
    with home.entered(), connect(home.settings.warehouse) as con:
        for source in ("invoice_lines", "decisions"):
            ingest_source(con, home.settings, source)
        for key in order.static_order():
            kind = "view" if found[key]["config"]["materialized"] == "view" else "table"
            relation = f'"{found[key]["schema"]}"."{found[key]["alias"]}"'
            con.execute(f"create or replace {kind} {relation} as {found[key]['compiled_code']}")
    publish_snapshot(home.settings.warehouse, home.settings.snapshot)


@pytest.fixture(scope="module")
def closed(ran: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The demo after the commands of docs/closing.md, typed in the folder above `data`."""
    folder = tmp_path_factory.mktemp("closing")
    home = Home(folder / "data")
    for part in ("landing", "reference", "warehouse"):
        shutil.copytree(ran.path / part, home.path / part)
    text = (PROJECT_ROOT / "docs" / "closing.md").read_text("utf-8")
    block = text.split("<!-- commands: closing -->\n```\n")[1].split("```", maxsplit=1)[0]
    with pytest.MonkeyPatch.context() as patched:
        for line in block.splitlines():
            words = shlex.split(line)
            if words == ["trueup", "run"]:
                run_again(home)
            elif words[0] != "trueup":
                subprocess.run(line, shell=True, cwd=folder, check=True)
            elif words != ["trueup", "demo"]:
                patched.setattr("sys.argv", words)
                with home.entered(), pytest.raises(SystemExit) as ended:
                    main()
                assert not ended.value.code, line
    return home


def test_the_documented_journal_of_a_late_invoice_is_the_one_posted(closed: Home) -> None:
    rows = closed.sql(
        "select posting_date::varchar, entry_kind, ledger_account, coalesce(cost_center, ''),"
        " debit_usd::decimal(18, 2)::varchar, credit_usd::decimal(18, 2)::varchar"
        " from marts.journal_lines where channel = 'google' and month <= date '2026-10-01'"
        " order by posting_date, entry_id, line_no"
    )
    assert documented_table("late invoice journal", "docs/closing.md") == [list(r) for r in rows]
    assert (closed.settings.exports / "journal-2026-09.csv").is_file()


def test_the_documented_restatements_are_those_of_the_books(closed: Home) -> None:
    rows = closed.sql(
        "select measure, before_usd, after_usd, change_usd, cause from marts.restatement_journal"
        " order by measure"
    )
    assert documented_table("late invoice restatements", "docs/closing.md") == [
        [row[0], *(f"{amount.normalize():f}" for amount in row[1:4]), row[4]] for row in rows
    ]
    assert closed.sql(
        "select channel, state, reviewed_by, closed_by, is_evidence_unchanged, changed_evidence"
        " from marts.close_states where month = date '2026-09-01' and state <> 'open' order by 1"
    ) == [
        ("google", "closed", "A. Controller", "B. Controller", False, "bill_files"),
        ("openai", "closed", None, "B. Controller", True, None),
    ]
