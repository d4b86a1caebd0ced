"""Usage and cost reports as the providers' APIs page them out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

from dagster_project.demo import company, prices
from dagster_project.demo.calendar import (
    LAST_BILLED_DAY,
    day_at,
    day_index,
    day_ms,
    epoch_seconds,
    iso,
)
from dagster_project.demo.metered import Usage

Row = dict[str, Any]
Results = dict[int, list[Row]]
# A daily report returns at most 31 buckets a page.
PAGE_DAYS = 31
# The Costs API prints 39 decimals, and a zero in this form.
OPENAI_DECIMALS = Decimal(1).scaleb(-39)
OPENAI_ZERO = "0E-6176"
DIRECTIONS = {prices.INPUT: "input", prices.READ: "cached input", prices.OUTPUT: "output"}
TOKEN_TYPES = {
    prices.INPUT: "uncached_input_tokens",
    prices.READ: "cache_read_input_tokens",
    prices.WRITE_5M: "cache_creation.ephemeral_5m_input_tokens",
    prices.WRITE_1H: "cache_creation.ephemeral_1h_input_tokens",
    prices.OUTPUT: "output_tokens",
}
TOKEN_TITLES = {
    prices.INPUT: "Input Tokens",
    prices.READ: "Input Tokens, Cache Read",
    prices.WRITE_5M: "Input Tokens, Cache Write 5m",
    prices.WRITE_1H: "Input Tokens, Cache Write 1h",
    prices.OUTPUT: "Output Tokens",
}
BILLED_DAYS = day_index(LAST_BILLED_DAY) + 1


def openai_pages(results: Results, days: int) -> list[tuple[str, str]]:
    """Pages of the OpenAI organization API: (first day, JSON text) each."""

    def bucket(day: int) -> Row:
        return {
            "object": "bucket", "start_time": epoch_seconds(day),
            "end_time": epoch_seconds(day + 1), "results": results.get(day, []),
        }  # fmt: skip

    return _pages(days, bucket, lambda page: {"object": "page", **page})


def anthropic_pages(results: Results, days: int) -> list[tuple[str, str]]:
    """Pages of the Anthropic Admin API: (first day, JSON text) each."""

    def bucket(day: int) -> Row:
        return {
            "starting_at": iso(day_ms(day)), "ending_at": iso(day_ms(day + 1)),
            "results": results.get(day, []),
        }  # fmt: skip

    return _pages(days, bucket, lambda page: page)


def _pages(
    days: int, bucket: Callable[[int], Row], envelope: Callable[[Row], Row]
) -> list[tuple[str, str]]:
    pages = []
    for first in range(0, days, PAGE_DAYS):
        last = min(first + PAGE_DAYS, days)
        has_more = last < days
        page = {
            "data": [bucket(day) for day in range(first, last)],
            "has_more": has_more,
            "next_page": f"page_{epoch_seconds(last)}" if has_more else None,
        }
        text = json.dumps(envelope(page), ensure_ascii=False, separators=(",", ":"))
        pages.append((day_at(first).isoformat(), text + "\n"))
    return pages


def openai_completions(usages: list[Usage]) -> Results:
    """Usage results grouped by project, key, model, batch and service tier."""
    results: Results = defaultdict(list)
    for usage in usages:
        fresh, cached = usage.tokens[prices.INPUT], usage.tokens[prices.READ]
        output = usage.tokens[prices.OUTPUT]
        results[usage.day].append({
            "object": "organization.usage.completions.result",
            "input_tokens": fresh + cached, "input_cached_tokens": cached,
            "input_cache_write_tokens": 0, "input_uncached_tokens": fresh,
            "output_tokens": output, "input_text_tokens": fresh, "output_text_tokens": output,
            "input_cached_text_tokens": cached, "input_audio_tokens": 0,
            "input_cached_audio_tokens": 0, "output_audio_tokens": 0, "input_image_tokens": 0,
            "input_cached_image_tokens": 0, "output_image_tokens": 0,
            "num_model_requests": usage.requests, "project_id": usage.key.sub_account,
            "user_id": None, "api_key_id": usage.key.api_key_id, "model": usage.model,
            "batch": False, "service_tier": "default",
        })  # fmt: skip
    return results


def openai_embeddings(usages: list[Usage]) -> Results:
    """Embedding results grouped by project, key and model."""
    results: Results = defaultdict(list)
    for usage in usages:
        results[usage.day].append({
            "object": "organization.usage.embeddings.result",
            "input_tokens": usage.tokens[prices.INPUT], "num_model_requests": usage.requests,
            "project_id": usage.key.sub_account, "user_id": None,
            "api_key_id": usage.key.api_key_id, "model": usage.model,
        })  # fmt: skip
    return results


def openai_costs(usages: list[Usage]) -> Results:
    """Cost results grouped by line item, project and key, with quantities."""
    results: Results = defaultdict(list)
    for usage in usages:
        for meter in prices.meters_of(usage.model):
            if usage.day >= BILLED_DAYS:
                continue
            results[usage.day].append({
                "object": "organization.costs.result",
                "amount": {"value": _openai_amount(usage.cost(meter)), "currency": "usd"},
                "quantity": float(usage.tokens[meter]), "quantity_unit": "tokens",
                "line_item": f"{usage.model}, {DIRECTIONS[meter]}",
                "project_id": usage.key.sub_account, "project_name": usage.key.title,
                "organization_id": "org-demo", "organization_name": company.COMPANY,
                "user_id": None, "user_email": None, "api_key_id": usage.key.api_key_id,
            })  # fmt: skip
    return results


def _openai_amount(amount: Decimal) -> str:
    if not amount:
        return OPENAI_ZERO
    with localcontext() as context:
        context.prec = 60
        return f"{amount.quantize(OPENAI_DECIMALS):f}"


def anthropic_messages(usages: list[Usage]) -> Results:
    """Usage results grouped by key, workspace, model, tier, context window and geography."""
    results: Results = defaultdict(list)
    for usage in usages:
        results[usage.day].append({
            "uncached_input_tokens": usage.tokens[prices.INPUT],
            "cache_creation": {
                "ephemeral_1h_input_tokens": usage.tokens[prices.WRITE_1H],
                "ephemeral_5m_input_tokens": usage.tokens[prices.WRITE_5M],
            },
            "cache_read_input_tokens": usage.tokens[prices.READ],
            "output_tokens": usage.tokens[prices.OUTPUT],
            "server_tool_use": {"web_search_requests": 0},
            "api_key_id": usage.key.api_key_id, "workspace_id": usage.key.sub_account,
            "model": usage.model, "service_tier": "batch" if usage.is_batch else "standard",
            "context_window": "0-200k", "inference_geo": geo_of(usage.model),
            "account_id": None, "service_account_id": None,
        })  # fmt: skip
    return results


def anthropic_costs(lines: dict[tuple[int, str | None, str, bool, str], Decimal]) -> Results:
    """Cost results; `lines` maps (day, workspace, model, is_batch, meter) to exact USD."""
    results: Results = defaultdict(list)
    for (day, workspace, model, is_batch, meter), amount in lines.items():
        batch = ", Batch" if is_batch else ""
        results[day].append({
            "currency": "USD", "amount": prices.plain(amount * 100), "workspace_id": workspace,
            "description": f"{title_of(model)} Usage - {TOKEN_TITLES[meter]}{batch}",
            "cost_type": "tokens", "context_window": "0-200k", "model": model,
            "service_tier": "batch" if is_batch else "standard",
            "token_type": TOKEN_TYPES[meter], "inference_geo": geo_of(model),
        })  # fmt: skip
    return results


def title_of(model: str) -> str:
    """Display name of an Anthropic model."""
    return company.AGENT_MODEL_TITLES[company.AGENT_MODELS.index(model)]


def geo_of(model: str) -> str:
    """Geography that Anthropic reports for a model of the demo."""
    return company.AGENT_MODEL_GEOS[company.AGENT_MODELS.index(model)]
