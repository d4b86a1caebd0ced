"""Real exports, beside the project: totals worked out from the publishers' own figures."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

from dagster_project.lib.settings import PROJECT_ROOT
from tests.conftest import Landing

TEMPLATES = PROJECT_ROOT / "data/reference/templates"


def _copy(landing: Landing, sample: Path, place: str) -> None:
    path = landing.settings.landing / place
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(sample, path)


def _use_template(landing: Landing, name: str) -> None:
    folder = landing.settings.reference / "mappings"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(TEMPLATES / "mappings" / f"{name}.csv", folder / f"{name}.csv")


def test_the_managing_intelligence_log_gives_the_published_token_counts(
    landing: Landing, samples: Path
) -> None:
    _use_template(landing, "managing_intelligence")
    for sample in sorted((samples / "real/managing-intelligence").glob("run-*.jsonl")):
        _copy(landing, sample, f"managing_intelligence/{sample.name}")
    report = landing.ingest("call_log")
    assert (report.rows_in, report.rows_loaded) == (232, 232)
    assert landing.rows(
        "select model_served, sum(input_tokens)::bigint, sum(output_tokens)::bigint"
        " from raw.call_log where requested_at >= '2026-07-01' group by 1 order by 1"
    ) == [
        ("claude-haiku-4-5-20251001", 15870, 20971),
        ("claude-opus-4-8", 22850, 45165),
        ("claude-sonnet-4-6", 15870, 45115),
    ]
    assert landing.rows(
        "select model_served, sum(input_tokens)::bigint, sum(cache_read_tokens)::bigint,"
        " sum(cache_write_5m_tokens)::bigint, sum(output_tokens)::bigint from raw.call_log"
        " where requested_at < '2026-07-01' group by 1 order by 1"
    ) == [
        ("claude-haiku-4-5-20251001", 690, 0, 0, 799),
        ("claude-opus-4-8", 349956, 71280, 14256, 36340),
        ("claude-sonnet-4-6", 237860, 50400, 10080, 70843),
    ]
    assert landing.rows(
        "select sum(reasoning_tokens)::bigint, count(distinct call_id), count(response_hash)"
        " from raw.call_log"
    ) == [(734, 232, 180)]


def test_the_console_cost_export_sums_to_the_billed_dollars(
    landing: Landing, samples: Path
) -> None:
    sample = next((samples / "real/managing-intelligence").glob("claude_api_cost*.csv"))
    _copy(landing, sample, "anthropic_console_costs/a.csv")
    assert landing.ingest("anthropic_console_costs").rows_loaded == 24
    assert landing.rows(
        "select sum(cost_usd::decimal(38,18)) from raw.anthropic_console_costs"
    ) == [(Decimal("4.65"),)]


def test_the_azure_trace_keeps_all_rows_and_tokens(landing: Landing, samples: Path) -> None:
    _use_template(landing, "azure_llm_trace")
    for sample in (samples / "real/azure-llm-inference-2023").glob("*.csv"):
        _copy(landing, sample, f"azure_llm_trace/{sample.name}")
    report = landing.ingest("call_log")
    assert (report.rows_in, report.rows_quarantined) == (28185, 0)
    assert landing.rows(
        "select sum(input_tokens)::bigint, sum(output_tokens)::bigint, count(distinct call_id),"
        " min(requested_at)::varchar, date_trunc('second', max(requested_at))::varchar"
        " from raw.call_log"
    ) == [
        (40421844, 4334561, 28185, "2023-11-16 18:15:46.68059", "2023-11-16 19:14:19"),
    ]


def test_the_real_openai_dashboard_exports_load_to_the_last_digit(
    landing: Landing, samples: Path
) -> None:
    folder = samples / "providers/openai"
    name = "2025-10.real_redacted.csv"
    _copy(landing, folder / f"dashboard_cost_export_{name}", "openai_costs/c.csv")
    _copy(landing, folder / f"dashboard_usage_export_{name}", "openai_usage/u.csv")
    assert landing.ingest("openai_costs").rows_loaded == 8
    assert landing.ingest("openai_usage").rows_loaded == 7
    assert landing.rows(
        "select sum(amount_value::decimal(38,18)), count(*) filter (is_empty_bucket)"
        " from raw.openai_costs"
    ) == [(Decimal("2.98595375"), 2)]
    assert landing.rows(
        "select sum(input_tokens)::bigint, sum(input_cached_tokens)::bigint,"
        " sum(num_model_requests)::bigint, count(*) filter (is_empty_bucket) from raw.openai_usage"
    ) == [(339711, 13952, 53, 1)]


def test_live_openai_cost_bodies_load(landing: Landing, samples: Path) -> None:
    folder = samples / "providers/openai"
    for sample in ("api_costs.live_2026-06-14", "api_costs.live_empty_2026-06-06"):
        _copy(landing, folder / f"{sample}.json", f"openai_costs/{sample}.json")
    assert landing.ingest("openai_costs").rows_loaded == 6
    assert landing.rows(
        "select sum(amount_value::decimal(38,18)), sum(quantity::decimal(38,18)),"
        " count(*) filter (is_empty_bucket) from raw.openai_costs"
    ) == [(Decimal("0.0000387"), Decimal(87), 3)]
