"""The demo's books, re-computed from its files: what ties, and what was planted not to tie.

Prices and dates are written out again here, in whole numbers of 1e-12 USD per token, so nothing
in these tests is computed by the code that they check.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dagster_project.demo import DemoSummary, Planted, write_demo

Row = dict[str, Any]
# (day, model, mode, meter) -> tokens
Tokens = dict[tuple[str, str, str, str], int]

PICO = {
    ("gpt-5-mini-2025-08-07", "input"): 250_000,
    ("gpt-5-mini-2025-08-07", "read"): 25_000,
    ("gpt-5-mini-2025-08-07", "output"): 2_000_000,
    ("gpt-5-2025-08-07", "input"): 1_250_000,
    ("gpt-5-2025-08-07", "read"): 125_000,
    ("gpt-5-2025-08-07", "output"): 10_000_000,
    ("text-embedding-3-small", "input"): 20_000,
    ("gemini-2.5-flash", "input"): 300_000,
    ("gemini-2.5-flash", "read"): 30_000,
    ("gemini-2.5-flash", "output"): 2_500_000,
    ("claude-haiku-4-5-20251001", "input"): 1_000_000,
    ("claude-haiku-4-5-20251001", "read"): 100_000,
    ("claude-haiku-4-5-20251001", "write_5m"): 1_250_000,
    ("claude-haiku-4-5-20251001", "write_1h"): 2_000_000,
    ("claude-haiku-4-5-20251001", "output"): 5_000_000,
    ("claude-sonnet-4-6", "input"): 3_000_000,
    ("claude-sonnet-4-6", "read"): 300_000,
    ("claude-sonnet-4-6", "write_5m"): 3_750_000,
    ("claude-sonnet-4-6", "write_1h"): 6_000_000,
    ("claude-sonnet-4-6", "output"): 15_000_000,
    ("claude-sonnet-5-5", "input"): 2_000_000,
    ("claude-sonnet-5-5", "read"): 200_000,
    ("claude-sonnet-5-5", "write_5m"): 2_500_000,
    ("claude-sonnet-5-5", "write_1h"): 4_000_000,
    ("claude-sonnet-5-5", "output"): 10_000_000,
}
PREVIEW = "gpt-6-mini-preview"
HAIKU = "claude-haiku-4-5-20251001"
SONNET = "claude-sonnet-4-6"
BYPASS_KEY = "key_notebook_direct"
LAST_BILLED = "2026-10-12"
ANTHROPIC_TYPES = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "read",
    "cache_creation.ephemeral_5m_input_tokens": "write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "write_1h",
    "output_tokens": "output",
}


def pico(day: str, model: str, mode: str, meter: str) -> int:
    """Price of one token in 1e-12 USD."""
    price = PICO[model, meter]
    if model == "claude-sonnet-5-5" and meter == "read" and day >= "2026-10-07":
        price = 100_000
    return price // 2 if mode == "batch" else price


def usd(tokens: Tokens) -> Decimal:
    """Exact cost of tokens."""
    total = sum(count * pico(*key) for key, count in tokens.items() if key[1] != PREVIEW)
    return Decimal(total).scaleb(-12)


def only(tokens: Tokens, **wanted: list[str]) -> Tokens:
    """The tokens whose day, model, mode or meter is in the wanted set."""
    names = ("day", "model", "mode", "meter")
    return {
        key: count
        for key, count in tokens.items()
        if all(key[names.index(name)] in values for name, values in wanted.items())
    }


def days(first: str, last: str) -> list[str]:
    start, stop = datetime.fromisoformat(first), datetime.fromisoformat(last)
    count = (stop - start).days + 1
    return [(start + timedelta(days=i)).date().isoformat() for i in range(count)]


def cells(counter: Counter[tuple[str, str, str, str]]) -> Tokens:
    return {key: count for key, count in counter.items() if count}


@dataclass(frozen=True)
class Demo:
    """The demo's folder, read with nothing but json, csv and pyarrow."""

    home: Path
    summary: DemoSummary

    def spend_logs(self) -> list[Row]:
        return [
            json.loads(line)
            for path in sorted(self.home.glob("landing/litellm_spend_logs/*.jsonl"))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]

    def agent_calls(self) -> list[Row]:
        names = sorted(self.home.glob("landing/agent_calls/*.parquet"))
        return [
            row
            for path in names
            if not path.stem.endswith("_resent")
            for row in pq.read_table(path).to_pylist()
        ]

    def buckets(self, pattern: str) -> Iterator[tuple[str, Row]]:
        """(day, result) of every page that matches."""
        for path in sorted(self.home.glob(f"landing/{pattern}")):
            for bucket in json.loads(path.read_text(encoding="utf-8"))["data"]:
                start = bucket.get("starting_at")
                if start is None:
                    start = datetime.fromtimestamp(bucket["start_time"], UTC).isoformat()
                for result in bucket["results"]:
                    yield start[:10], result

    def csv_rows(self, pattern: str) -> list[Row]:
        rows = []
        for path in sorted(self.home.glob(pattern)):
            with path.open(encoding="utf-8", newline="") as stream:
                rows += list(csv.DictReader(stream))
        return rows

    def tickets(self) -> list[Row]:
        return [
            ticket
            for path in sorted(self.home.glob("landing/zendesk_tickets/*.json"))
            for ticket in json.loads(path.read_text(encoding="utf-8"))["tickets"]
        ]

    def planted(self, code: str, channel: str, account: str = "default") -> list[Planted]:
        return [
            p
            for p in self.summary.planted
            if (p.code, p.channel, p.account) == (code, channel, account)
        ]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    home = tmp_path_factory.mktemp("books")
    return Demo(home, write_demo(home))


@pytest.fixture(scope="module")
def spend_logs(demo: Demo) -> list[Row]:
    return demo.spend_logs()


@pytest.fixture(scope="module")
def agent_calls(demo: Demo) -> list[Row]:
    return demo.agent_calls()


@pytest.fixture(scope="module")
def gateway(spend_logs: list[Row]) -> Tokens:
    """Tokens that reached a provider, by the rules that a careful reader of the log applies."""
    by_id: dict[str, set[tuple[int, int]]] = defaultdict(set)
    rows: dict[str, Row] = {}
    for row in spend_logs:
        by_id[row["request_id"]].add((row["prompt_tokens"], row["completion_tokens"]))
        rows[row["request_id"]] = row
    tokens: Counter[tuple[str, str, str, str]] = Counter()
    for request_id, row in rows.items():
        is_broken = len(by_id[request_id]) > 1 or row["completion_tokens"] < 0
        if is_broken or row["cache_hit"] == "True":
            continue
        usage = row["metadata"]["additional_usage_values"]
        cached = usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)
        at = (row["startTime"][:10], row["model"], "realtime")
        tokens[*at, "input"] += row["prompt_tokens"] - cached
        tokens[*at, "read"] += cached
        tokens[*at, "output"] += row["completion_tokens"]
    return cells(tokens)


@pytest.fixture(scope="module")
def openai(gateway: Tokens) -> Tokens:
    return {key: count for key, count in gateway.items() if not key[1].startswith("gemini")}


@pytest.fixture(scope="module")
def google(gateway: Tokens) -> Tokens:
    return only(gateway, model=["gemini-2.5-flash"])


@pytest.fixture(scope="module")
def anthropic(agent_calls: list[Row]) -> Tokens:
    tokens: Counter[tuple[str, str, str, str]] = Counter()
    for row in agent_calls:
        if row["output_tokens"] < 0:
            continue
        at = (row["ts"].date().isoformat(), row["model"], row["mode"])
        tokens[*at, "input"] += row["input_tokens"]
        tokens[*at, "read"] += row["cache_read_input_tokens"]
        tokens[*at, "write_5m"] += row["cache_write_5m_tokens"]
        tokens[*at, "write_1h"] += row["cache_write_1h_tokens"]
        tokens[*at, "output"] += row["output_tokens"]
    return cells(tokens)


def openai_metered(demo: Demo, *, bypass: bool) -> Tokens:
    tokens: Counter[tuple[str, str, str, str]] = Counter()
    for day, result in demo.buckets("openai_usage/*.json"):
        if (result["api_key_id"] == BYPASS_KEY) != bypass:
            continue
        at = (day, result["model"], "realtime")
        cached = result.get("input_cached_tokens", 0)
        assert (
            result.get("input_uncached_tokens", result["input_tokens"]) + cached
            == (result["input_tokens"])
        )
        tokens[*at, "input"] += result["input_tokens"] - cached
        tokens[*at, "read"] += cached
        tokens[*at, "output"] += result.get("output_tokens", 0)
    return cells(tokens)


def anthropic_metered(demo: Demo, pattern: str) -> Tokens:
    tokens: Counter[tuple[str, str, str, str]] = Counter()
    for day, result in demo.buckets(pattern):
        mode = "batch" if result["service_tier"] == "batch" else "realtime"
        at = (day, result["model"], mode)
        tokens[*at, "input"] += result["uncached_input_tokens"]
        tokens[*at, "read"] += result["cache_read_input_tokens"]
        tokens[*at, "write_5m"] += result["cache_creation"]["ephemeral_5m_input_tokens"]
        tokens[*at, "write_1h"] += result["cache_creation"]["ephemeral_1h_input_tokens"]
        tokens[*at, "output"] += result["output_tokens"]
    return cells(tokens)


# What ties.


def test_the_gateway_log_equals_openai_usage_in_every_cell(demo: Demo, openai: Tokens) -> None:
    assert openai == openai_metered(demo, bypass=False)


def test_the_in_house_log_equals_anthropic_usage_in_every_cell(
    demo: Demo, anthropic: Tokens
) -> None:
    assert anthropic == anthropic_metered(demo, "anthropic_usage/*.json")


def test_every_openai_cost_row_is_quantity_times_price_and_equals_usage(demo: Demo) -> None:
    directions = {"input": "input", "cached input": "read", "output": "output"}
    billed: Counter[tuple[str, str, str, str]] = Counter()
    zeros = 0
    for day, result in demo.buckets("openai_costs/*.json"):
        model, _, direction = result["line_item"].rpartition(", ")
        quantity = int(result["quantity"])
        key = (day, model, "realtime", directions[direction])
        assert Decimal(result["amount"]["value"]) == Decimal(quantity * pico(*key)).scaleb(-12)
        assert result["quantity_unit"] == "tokens"
        billed[key] += quantity
        zeros += result["amount"]["value"] == "0E-6176"
    metered = Counter(openai_metered(demo, bypass=False))
    metered.update(openai_metered(demo, bypass=True))
    expected = {k: c for k, c in metered.items() if k[0] <= LAST_BILLED and k[1] != PREVIEW}

    assert cells(billed) == expected
    assert zeros == 3


def anthropic_billed(demo: Demo) -> dict[tuple[str, str, str, str], Decimal]:
    billed: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for day, result in demo.buckets("anthropic_costs/*.json"):
        mode = "batch" if result["service_tier"] == "batch" else "realtime"
        meter = ANTHROPIC_TYPES[result["token_type"]]
        billed[day, result["model"], mode, meter] += Decimal(result["amount"]) / 100
    return billed


def test_the_anthropic_bill_is_usage_times_price_except_where_planted(
    demo: Demo, anthropic: Tokens
) -> None:
    billed = anthropic_billed(demo)
    off = {}
    for key, count in anthropic.items():
        if key[0] <= LAST_BILLED:
            residual = billed.pop(key, Decimal(0)) - Decimal(count * pico(*key)).scaleb(-12)
            if residual:
                off[key] = residual
    assert not billed
    assert {key for key in off if key[1] == SONNET} == {
        (f"2026-09-{day}", SONNET, "realtime", "output") for day in (21, 22, 23)
    }
    assert {key[:3] for key in off if key[1] != SONNET} == {("2026-09-27", HAIKU, "batch")}
    assert len(off) == 3 + 5


def test_the_log_prices_of_the_gateway_are_the_prices_of_the_providers(
    spend_logs: list[Row],
) -> None:
    for row in spend_logs:
        if row["completion_tokens"] < 0 or row["model"] == PREVIEW:
            continue
        usage = row["metadata"]["additional_usage_values"]
        cached = usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)
        day, model = row["startTime"][:10], row["model"]
        counts = {"input": row["prompt_tokens"] - cached, "read": cached}
        counts["output"] = row["completion_tokens"]
        exact = sum(n * pico(day, model, "realtime", m) for m, n in counts.items() if n)
        if row["cache_hit"] == "True" or row["spend"] == 0.0:
            assert row["spend"] == 0.0
        else:
            assert row["spend"] == float(Decimal(exact).scaleb(-12))


def test_no_google_call_falls_between_a_utc_and_a_pacific_month(spend_logs: list[Row]) -> None:
    hours = {row["startTime"][11:13] for row in spend_logs if row["model"] == "gemini-2.5-flash"}

    assert min(hours) >= "07"


def test_no_call_reaches_the_long_context_band(
    spend_logs: list[Row], agent_calls: list[Row]
) -> None:
    assert max(row["prompt_tokens"] for row in spend_logs) < 200_000
    assert (
        max(
            row["input_tokens"]
            + row["cache_read_input_tokens"]
            + row["cache_write_5m_tokens"]
            + row["cache_write_1h_tokens"]
            for row in agent_calls
        )
        < 200_000
    )


def test_reported_spend_is_the_cost_of_what_the_ledger_holds(
    demo: Demo, openai: Tokens, google: Tokens, anthropic: Tokens
) -> None:
    research = anthropic_metered(demo, "anthropic_usage/research/*.json")

    assert demo.summary.spend_usd == {
        ("openai", "default"): usd(openai),
        ("google", "default"): usd(google),
        ("anthropic", "default"): usd(anthropic),
        ("anthropic", "research"): usd(research),
    }


# What was planted not to tie.


def test_unlogged_usage_is_the_notebook_key_at_list_price(demo: Demo) -> None:
    tokens = openai_metered(demo, bypass=True)
    entries = {p.meter: p for p in demo.planted("unlogged", "openai")}

    # 356,000 + 431,500 + 222,250 input and 124,600 + 150,800 + 77,900 output tokens.
    assert sum(only(tokens, meter=["input"]).values()) == 1_009_750
    assert sum(only(tokens, meter=["output"]).values()) == 353_300
    assert entries["input_uncached_tokens"].amount_usd == Decimal("1.2621875")
    assert entries["output_tokens"].amount_usd == Decimal("3.533")
    assert {key[0] for key in tokens} == {"2026-09-10", "2026-09-11", "2026-09-12"}


def test_unlogged_usage_is_about_three_percent_of_septembers_openai_bill(demo: Demo) -> None:
    september = Decimal(0)
    for day, result in demo.buckets("openai_costs/*.json"):
        if day < "2026-10-01":
            september += Decimal(result["amount"]["value"])

    assert Decimal("0.025") < Decimal("4.7951875") / september < Decimal("0.035")


def test_the_rate_difference_is_a_dollar_fifty_per_million_and_over_half_a_percent(
    demo: Demo, anthropic: Tokens
) -> None:
    (entry,) = demo.planted("rate_region", "anthropic")
    release = only(
        anthropic, day=days("2026-09-21", "2026-09-23"), model=[SONNET], meter=["output"]
    )
    september = usd(only(anthropic, day=days("2026-09-01", "2026-09-30")))

    assert entry.amount_usd == Decimal(sum(release.values()) * 15).scaleb(-7)
    assert entry.amount_usd > september * Decimal("0.005")
    assert (entry.model, entry.meter) == (SONNET, "output_tokens")


def test_used_not_billed_is_the_sunday_batch(demo: Demo, anthropic: Tokens) -> None:
    (entry,) = demo.planted("used_not_billed", "anthropic")
    batch = only(anthropic, day=["2026-09-27"], model=[HAIKU], mode=["batch"])

    assert len(batch) == 5
    assert entry.amount_usd == -usd(batch)
    assert entry.amount_usd < -1


def test_googles_invoice_is_usage_rounded_to_cents_and_one_unexplained_line(
    demo: Demo, google: Tokens
) -> None:
    lines = demo.csv_rows("landing/invoice_lines/invoice_google_*.csv")
    meters = {
        "input_uncached_tokens": "input",
        "input_cache_read_tokens": "read",
        "output_tokens": "output",
    }
    september = only(google, day=days("2026-09-01", "2026-09-30"))
    rounding = Decimal(0)
    for line in lines:
        if line["meter"]:
            tokens = only(september, meter=[meters[line["meter"]]])
            assert int(line["quantity"]) == sum(tokens.values())
            assert abs(Decimal(line["amount"]) - usd(tokens)) <= Decimal("0.005")
            rounding += Decimal(line["amount"]) - usd(tokens)
    (unexplained,) = demo.planted("unexplained", "google")
    (rounded,) = demo.planted("rounding", "google")

    assert [(x["amount"], x["kind"]) for x in lines if not x["meter"]] == [("4.85", "usage")]
    assert unexplained.amount_usd == Decimal("4.85")
    assert rounded.amount_usd == rounding


def test_the_console_export_differs_by_rounding_only(demo: Demo) -> None:
    rows = demo.csv_rows("landing/anthropic_console_costs/research/*.csv")
    types = {
        "input_no_cache": "input", "input_cache_read": "read", "output": "output",
        "input_cache_write_5m": "write_5m", "input_cache_write_1h": "write_1h",
    }  # fmt: skip
    models = {"Claude Haiku 4.5": HAIKU, "Claude Sonnet 5.5": "claude-sonnet-5-5"}
    exact = {}
    for day, result in demo.buckets("anthropic_usage/research/*.json"):
        creation = result["cache_creation"]
        counts = {
            "input": result["uncached_input_tokens"], "read": result["cache_read_input_tokens"],
            "write_5m": creation["ephemeral_5m_input_tokens"],
            "write_1h": creation["ephemeral_1h_input_tokens"], "output": result["output_tokens"],
        }  # fmt: skip
        for meter, count in counts.items():
            key = (day, result["model"], "realtime", meter)
            exact[result["api_key_id"], *key] = Decimal(count * pico(*key)).scaleb(-12)
    total = Decimal(0)
    for row in rows:
        cell = (models[row["model"]], "realtime", types[row["token_type"]])
        residual = Decimal(row["cost_usd"]) - exact.pop(
            (row["api_key_id"], row["usage_date_utc"], *cell)
        )
        assert abs(residual) <= Decimal("0.005")
        total += residual
    (entry,) = demo.planted("rounding", "anthropic", "research")

    assert entry.amount_usd == total
    assert all(key[1] > LAST_BILLED or not cost for key, cost in exact.items())


def test_what_is_not_billed_yet_is_the_usage_after_each_bills_last_day(
    demo: Demo, openai: Tokens, google: Tokens, anthropic: Tokens
) -> None:
    research = anthropic_metered(demo, "anthropic_usage/research/*.json")
    last_three = days("2026-10-13", "2026-10-15")
    october = days("2026-10-01", "2026-10-15")
    for channel, account, tokens, open_days in (
        ("openai", "default", openai, last_three),
        ("anthropic", "default", anthropic, last_three),
        ("anthropic", "research", research, last_three),
        ("google", "default", google, october),
    ):
        (entry,) = demo.planted("not_billed", channel, account)
        assert entry.amount_usd == -usd(only(tokens, day=open_days))
        assert entry.first_day.isoformat() == open_days[0]
        assert entry.last_day.isoformat() == "2026-10-15"


def test_computed_plus_planted_is_billed_to_the_last_digit(
    demo: Demo, openai: Tokens, anthropic: Tokens
) -> None:
    openai_bill = sum(
        Decimal(result["amount"]["value"]) for _, result in demo.buckets("openai_costs/*.json")
    )
    anthropic_bill = sum(anthropic_billed(demo).values())

    def residuals(channel: str) -> Decimal:
        return sum(
            (
                p.amount_usd
                for p in demo.summary.planted
                if (p.channel, p.account) == (channel, "default")
                # these stand on the invoice alone
                and p.code not in ("tax", "credit")
            ),
            Decimal(0),
        )

    assert usd(openai) + residuals("openai") == openai_bill
    assert usd(anthropic) + residuals("anthropic") == anthropic_bill


def test_invoices_add_up_to_the_cost_reports_within_half_a_cent_a_line(demo: Demo) -> None:
    openai_bill = Decimal(0)
    for day, result in demo.buckets("openai_costs/*.json"):
        if day < "2026-10-01":
            openai_bill += Decimal(result["amount"]["value"])
    september = (v for k, v in anthropic_billed(demo).items() if k[0] < "2026-10-01")
    anthropic_bill = sum(september, Decimal(0))
    for channel, bill in (("openai", openai_bill), ("anthropic", anthropic_bill)):
        lines = demo.csv_rows(f"landing/invoice_lines/invoice_{channel}_default_*.csv")
        usage = [line for line in lines if line["kind"] == "usage"]
        invoiced = sum(Decimal(line["amount"]) for line in usage)
        assert abs(invoiced - bill) <= Decimal("0.005") * len(usage)
        for line in usage:
            product = int(line["quantity"]) * Decimal(line["unit_price"])
            assert abs(product - Decimal(line["amount"])) <= Decimal("0.005")
        assert [line["kind"] for line in lines if line["kind"] != "usage"] == (
            ["tax"] if channel == "openai" else ["credit"]
        )


# What was planted beside money.


def test_the_gateway_log_holds_the_promised_mishaps(demo: Demo, spend_logs: list[Row]) -> None:
    copies = Counter(row["request_id"] for row in spend_logs)
    texts = Counter(json.dumps(row, sort_keys=True) for row in spend_logs)
    hits = [row for row in spend_logs if row["cache_hit"] == "True"]
    failures = [row for row in spend_logs if row["status"] == "failure"]

    assert sum(count == 2 for count in texts.values()) == 40
    assert sum(count == 2 for count in copies.values()) == 43
    assert max(copies.values()) == 2
    assert sum(row["model"] == PREVIEW for row in spend_logs) == 25
    assert sum(row["completion_tokens"] < 0 for row in spend_logs) == 4
    assert len(hits) == 1_100
    assert all("_cache_hit" in row["request_id"] for row in hits)
    assert all(row["spend"] == 0.0 and row["total_tokens"] > 0 for row in hits)
    assert failures
    assert all(row["total_tokens"] == 0 for row in failures)
    assert len(spend_logs) == demo.summary.counts["gateway_rows"]


def test_a_fallback_answers_the_task_whose_openai_call_failed(spend_logs: list[Row]) -> None:
    def task_of(row: Row) -> str:
        tags: list[str] = row["request_tags"]
        return next(tag for tag in tags if tag.startswith("task:"))

    failed = {
        task_of(row)
        for row in spend_logs
        if row["status"] == "failure" and row["model"] == "gpt-5-2025-08-07"
    }
    fallbacks = [row for row in spend_logs if "fallback:true" in row["request_tags"]]

    assert len(fallbacks) > 20
    for row in fallbacks:
        assert row["custom_llm_provider"] == "gemini"
        assert "attempt:2" in row["request_tags"]
        assert task_of(row) in failed


def test_task_events_cover_the_tasks_of_the_calls(
    demo: Demo, spend_logs: list[Row], agent_calls: list[Row]
) -> None:
    events = [
        json.loads(line)
        for path in sorted(demo.home.glob("landing/product_outcomes/*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    started = {e["task"] for e in events if e["event"] == "task_started"}
    judged = {e["id"]: e["event"] for e in events if e["event"] != "task_started"}
    called = {tag[5:] for r in spend_logs for tag in r["request_tags"] if tag.startswith("task:")}
    called |= {row["task"] for row in agent_calls if row["task"]}
    succeeded = Counter(judged.values())

    assert called == started
    assert len(started) == demo.summary.counts["tasks"]
    assert len(events) - len({e["id"] for e in events}) == 30
    assert 0.86 < succeeded["task_succeeded"] / len(judged) < 0.91


def test_tickets_have_versions_that_reopen_are_deleted_and_follow_up(demo: Demo) -> None:
    versions: dict[int, list[Row]] = defaultdict(list)
    for ticket in demo.tickets():
        versions[ticket["id"]].append(ticket)
    latest = [states[-1] for states in versions.values()]
    parents = {
        t["id"]: t["via"]["source"]["from"]["ticket_id"]
        for t in latest
        if t["via"]["source"]["rel"] == "follow_up"
    }

    assert len(versions) == 914
    assert sum(t["status"] == "deleted" for t in latest) == 6
    assert len(parents) == 14
    assert all(child in versions[parent][-1]["followup_ids"] for child, parent in parents.items())
    assert sum(t["metric_set"]["reopens"] > 0 for t in latest) > 40
    for states in versions.values():
        stamps = [t["generated_timestamp"] for t in states]
        assert stamps == sorted(stamps)
    solved = [t for t in latest if t["status"] in ("solved", "closed")]
    assert all({"ai_resolved", "human_resolved"} & set(t["tags"]) for t in solved)
    assert sum(t["metric_set"]["solved_at"] >= "2026-10-09" for t in solved) > 20


def test_segment_knows_the_users_of_the_calls_and_resends_a_few_messages(
    demo: Demo, spend_logs: list[Row]
) -> None:
    lines = [
        line
        for path in sorted(demo.home.glob("landing/segment_tracks/*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    tracks = [row for row in map(json.loads, lines) if row["type"] == "track"]
    users = {row["userId"] for row in tracks}
    sales = [row for row in tracks if row["event"] == "Document Exported"]

    assert len(lines) - len(set(lines)) == 25
    assert {row["end_user"] for row in spend_logs if row["end_user"]} <= users
    assert any(user.startswith("u-internal-") for user in users)
    assert len(sales) > 200
    assert {row["properties"]["revenue"] for row in sales} == {1.9, 4.9, 9.9}


def test_each_mapping_names_only_columns_that_its_log_has(
    demo: Demo, agent_calls: list[Row]
) -> None:
    folder = demo.home / "reference" / "mappings"
    mappings = {
        path.stem: list(csv.DictReader(path.open(encoding="utf-8", newline="")))
        for path in folder.glob("*.csv")
    }
    first_event = next(demo.home.glob("landing/product_outcomes/*.jsonl"))
    sample = json.loads(first_event.read_text(encoding="utf-8").splitlines()[0])

    assert {name: rows[0]["constant"] for name, rows in mappings.items()} == {
        "agent_calls": "call_log",
        "product_outcomes": "outcome_feed",
    }
    agent_paths = {row["path"] for row in mappings["agent_calls"] if row["path"]}
    event_paths = {row["path"] for row in mappings["product_outcomes"] if row["path"]}
    assert agent_paths == set(agent_calls[0])
    assert event_paths - {"ticket"} <= set(sample)
