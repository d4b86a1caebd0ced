"""Puts the demo together: the calls, what the providers metered and billed, what was achieved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np

from dagster_project.demo import bills, company, gateway, pages, prices
from dagster_project.demo.agents import agent_calls
from dagster_project.demo.calendar import (
    DAYS,
    FIRST_DAY,
    LAST_DAY,
    Flags,
    day_index,
)
from dagster_project.demo.events import (
    REPEATED_EVENTS,
    RESENT_MESSAGES,
    product_files,
    segment_files,
)
from dagster_project.demo.landed import DemoFile, write_files
from dagster_project.demo.logs import WeekFile, agent_files, gateway_files
from dagster_project.demo.metered import (
    Usage,
    agent_usage,
    bypass_usage,
    gateway_usage,
    research_usage,
)
from dagster_project.demo.planted import planted
from dagster_project.demo.reference import reference_tables
from dagster_project.demo.summary import DemoSummary
from dagster_project.demo.tasks import Columns, plan_tasks
from dagster_project.demo.tickets import Ticket, plan_tickets
from dagster_project.demo.zendesk import nightly_pages

Log = Callable[[str], None]
# The file that arrives a second time under another name, and the day on which it does.
RESENT_WEEK = 2
LAST_DAY_INDEX = DAYS - 1
INVOICE_DATES = {"openai": "2026-10-02", "anthropic": "2026-10-03", "google": "2026-10-05"}


@dataclass(frozen=True)
class Books:
    """Everything of the demo before it becomes files."""

    tickets: list[Ticket]
    tasks: Columns
    gateway_calls: Columns
    agent_calls: Columns
    openai: list[Usage]
    google: list[Usage]
    anthropic: list[Usage]
    research: list[Usage]
    bypass: list[Usage]

    @property
    def openai_metered(self) -> list[Usage]:
        """What OpenAI counted: the gateway's calls and those past it."""
        return sorted([*self.openai, *self.bypass], key=lambda usage: usage.day)


def make_books() -> Books:
    """Invent the company's 45 days; the same on every call."""
    tickets = plan_tickets()
    tasks = plan_tasks(tickets)
    through_gateway = gateway.gateway_calls(tasks)
    by_agents = agent_calls(tasks)
    metered = gateway_usage(through_gateway)
    return Books(
        tickets=tickets,
        tasks=tasks,
        gateway_calls=through_gateway,
        agent_calls=by_agents,
        openai=[usage for usage in metered if usage.model != prices.GEMINI],
        google=[usage for usage in metered if usage.model == prices.GEMINI],
        anthropic=agent_usage(by_agents),
        research=research_usage(),
        bypass=bypass_usage(),
    )


def write_demo(settings_home: Path, *, log: Log | None = None) -> DemoSummary:
    """Write landing/ and reference/ of the demo company below a home, with a marker.

    Refuses (ConfigurationError, nothing written) a home whose landing holds other files or whose
    reference tables are filled in. Writing twice leaves the same bytes.
    """
    say = log or (lambda text: None)
    say(f"inventing {DAYS} days of {company.COMPANY}, {FIRST_DAY} to {LAST_DAY} (UTC)")
    books = make_books()
    files = [*_log_files(books), *_report_files(books), *_outcome_files(books)]
    files += [
        DemoFile(f"reference/{path}", text.encode(), text.count("\n") - 1, 0)
        for path, text in reference_tables().items()
    ]
    written = write_files(settings_home, files)
    summary = DemoSummary(
        company=company.COMPANY,
        first_day=FIRST_DAY,
        last_day=LAST_DAY,
        calls=_distinct_calls(books),
        files=written,
        counts=_counts(books),
        spend_usd=_spend(books),
        planted=planted(books.openai, books.google, books.anthropic, books.research, books.bypass),
    )
    say(f"wrote {len(written)} files, {summary.size / 1e6:.1f} MB, {summary.calls} calls")
    return summary


def _weekly(source: str, stem: str, suffix: str, files: list[WeekFile]) -> list[DemoFile]:
    return [
        DemoFile(
            f"landing/{source}/{stem}_{file.first_day}.{suffix}",
            file.content,
            file.rows,
            file.last_day_index,
        )
        for file in files
    ]


def _log_files(books: Books) -> list[DemoFile]:
    """Call logs; one week of the in-house log was sent a second time under another name."""
    spend_logs = gateway_files(books.gateway_calls)
    own = _weekly("agent_calls", "agent_calls", "parquet", agent_files(books.agent_calls))
    first = own[RESENT_WEEK]
    resent = DemoFile(
        first.path.replace(".parquet", "_resent.parquet"), first.content, first.rows, first.day + 1
    )
    return [*_weekly("litellm_spend_logs", "spend_logs", "jsonl", spend_logs), *own, resent]


def _paged(folder: str, stem: str, results: pages.Results, days: int, kind: str) -> list[DemoFile]:
    """Report pages as files; the export was taken on the last day of the demo."""
    make = pages.openai_pages if kind == "openai" else pages.anthropic_pages
    rows = {day: len(found) for day, found in results.items()}
    files = []
    for first_day, text in make(results, days):
        first = day_index(date.fromisoformat(first_day))
        covered = range(first, min(first + pages.PAGE_DAYS, days))
        count = sum(rows.get(day, 0) for day in covered)
        path = f"landing/{folder}/{stem}_{first_day}.json"
        files.append(DemoFile(path, text.encode(), count, LAST_DAY_INDEX))
    return files


def _report_files(books: Books) -> list[DemoFile]:
    """Usage reports, cost reports and invoices."""
    metered = books.openai_metered
    texts = [u for u in metered if u.model != prices.EMBEDDING]
    vectors = [u for u in metered if u.model == prices.EMBEDDING]
    costs = pages.anthropic_costs(bills.anthropic_billed(books.anthropic))
    billed_days = pages.BILLED_DAYS
    messages, research = (pages.anthropic_messages(u) for u in (books.anthropic, books.research))
    return [
        *_paged("openai_usage", "completions", pages.openai_completions(texts), DAYS, "openai"),
        *_paged("openai_usage", "embeddings", pages.openai_embeddings(vectors), DAYS, "openai"),
        *_paged("openai_costs", "costs", pages.openai_costs(metered), billed_days, "openai"),
        *_paged("anthropic_usage", "messages", messages, DAYS, "anthropic"),
        *_paged("anthropic_usage/research", "messages", research, DAYS, "anthropic"),
        *_paged("anthropic_costs", "cost_report", costs, billed_days, "anthropic"),
        *_console_files(books),
        *_invoice_files(books),
    ]


def _console_files(books: Books) -> list[DemoFile]:
    """The Console exports of the research account, one per month."""
    months = {"2026-09": range(bills.MONTH_DAYS), "2026-10": range(bills.MONTH_DAYS, DAYS)}
    files = []
    for month, days in months.items():
        text = bills.console_csv(books.research, days)
        path = f"landing/anthropic_console_costs/research/console_cost_{month}.csv"
        files.append(DemoFile(path, text.encode(), text.count("\n") - 1, LAST_DAY_INDEX))
    return files


def _invoice_files(books: Books) -> list[DemoFile]:
    """The September invoices."""
    invoices = (
        ("OAI-2026-09-0417", "openai", "default", bills.openai_invoice(books.openai_metered)),
        ("ANT-2026-09-1182", "anthropic", "default", bills.anthropic_invoice(books.anthropic)),
        ("ANT-2026-09-1183", "anthropic", "research", bills.research_invoice(books.research)),
        ("GCP-2026-09-0093", "google", "default", bills.google_invoice(books.google)),
    )
    files = []
    for invoice_id, channel, account, lines in invoices:
        text = bills.invoice_csv(invoice_id, channel, account, INVOICE_DATES[channel], lines)
        path = f"landing/invoice_lines/invoice_{channel}_{account}_2026-09.csv"
        issued = day_index(date.fromisoformat(INVOICE_DATES[channel]))
        files.append(DemoFile(path, text.encode(), len(lines), issued))
    return files


def _outcome_files(books: Books) -> list[DemoFile]:
    """Product events, Segment events and nightly ticket exports."""
    segment = segment_files(books.gateway_calls, books.tasks)
    product = product_files(books.tasks)
    tickets = []
    for name, text, rows in nightly_pages(books.tickets):
        path = f"landing/zendesk_tickets/tickets_{name}.json"
        tickets.append(
            DemoFile(path, text.encode(), rows, day_index(date.fromisoformat(name[:10])))
        )
    return [
        *_weekly("segment_tracks", "tracks", "jsonl", segment),
        *_weekly("product_outcomes", "events", "jsonl", product),
        *tickets,
    ]


def _distinct_calls(books: Books) -> int:
    """Logged calls with an id of their own; a repeated or contradicting record adds none."""
    twins = gateway.CONFLICTING_CALLS
    return len(books.gateway_calls["time"]) - twins + len(books.agent_calls["time"])


def _spend(books: Books) -> dict[tuple[str, str], Decimal]:
    """Exact cost of what the ledger holds: the logs, and the research account's usage report."""
    ledgers = {
        ("anthropic", "default"): books.anthropic,
        ("anthropic", "research"): books.research,
        ("google", "default"): books.google,
        ("openai", "default"): books.openai,
    }
    return {
        key: sum((usage.total() for usage in usages), Decimal(0)) for key, usages in ledgers.items()
    }


def _counts(books: Books) -> dict[str, int]:
    """How many of each kind of thing the demo holds, for checks and for the curious."""
    through, own = books.gateway_calls, books.agent_calls
    statuses = [ticket.changes[-1].status for ticket in books.tickets]
    return {
        "gateway_rows": len(through["time"]) + gateway.REPEATED_CALLS,
        "agent_rows": len(own["time"]),
        "repeated_calls": gateway.REPEATED_CALLS,
        "conflicting_calls": gateway.CONFLICTING_CALLS,
        "negative_rows": _total(through["output"] < 0) + _total(own["output"] < 0),
        "unknown_model_calls": _total(through["model"] == company.PREVIEW),
        "gateway_cache_hits": _total(through["is_hit"] == 1),
        "failed_calls": _total(through["is_failed"] == 1) + _total(own["is_failed"] == 1),
        "fallback_calls": _total(through["is_fallback"] == 1),
        "calls_without_feature": _total((through["feature"] < 0) & (through["is_void"] == 0))
        + _total((own["feature"] < 0) & (own["key"] != company.REVIEW_KEY)),
        "calls_without_task": _total(through["task"] == 0) + _total(own["task"] == 0),
        "files_sent_twice": 1,
        "resent_segment_messages": RESENT_MESSAGES,
        "repeated_product_events": REPEATED_EVENTS,
        "tasks": len(books.tasks["start"]),
        "tasks_succeeded": int(books.tasks["succeeded"].sum()),
        "tickets": len(books.tickets),
        "tickets_deleted": statuses.count("deleted"),
        "tickets_solved_or_closed": statuses.count("solved") + statuses.count("closed"),
        "tickets_reopened": sum(t.reopened_ms() is not None for t in books.tickets),
        "follow_up_tickets": sum(t.parent is not None for t in books.tickets),
    }


def _total(flags: Flags) -> int:
    return int(np.count_nonzero(flags))
