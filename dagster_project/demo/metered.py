"""What the providers metered: usage per day, key and model, from the calls that reached them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from dagster_project.demo import company, prices
from dagster_project.demo.agents import TOKEN_COLUMNS
from dagster_project.demo.calendar import DAYS, Ints, day_at, day_of, day_weights
from dagster_project.demo.company import Key
from dagster_project.demo.draws import Draws
from dagster_project.demo.gateway import reached_provider
from dagster_project.demo.tasks import Columns, chosen

# 10 to 12 September: a notebook calls the large OpenAI model past the gateway.
BYPASS_DAYS = (9, 10, 11)
BYPASS_REQUESTS = (61, 74, 38)
BYPASS_INPUT = (356_000, 431_500, 222_250)
BYPASS_OUTPUT = (124_600, 150_800, 77_900)


@dataclass(frozen=True)
class Usage:
    """Metered usage of one day, key, model and processing; tokens in disjoint meters."""

    day: int
    key: Key
    model: str
    is_batch: bool
    requests: int
    tokens: dict[str, int]

    @property
    def date(self) -> date:
        """The UTC day."""
        return day_at(self.day)

    def cost(self, meter: str) -> Decimal:
        """Exact USD of one meter at the provider's price; 0 where nothing was metered."""
        tokens = self.tokens.get(meter, 0)
        if not tokens:
            return Decimal(0)
        return tokens * prices.unit_price(self.model, meter, self.date, is_batch=self.is_batch)

    def total(self) -> Decimal:
        """Exact USD of all meters; a model that is not charged costs 0."""
        return sum((self.cost(m) for m in prices.meters_of(self.model)), Decimal(0))


def gateway_usage(calls: Columns) -> list[Usage]:
    """Usage of OpenAI and Google behind the gateway log."""
    counted = chosen(calls, reached_provider(calls))
    meters = {
        prices.INPUT: counted["prompt"] - counted["cached"],
        prices.READ: counted["cached"],
        prices.OUTPUT: counted["output"],
    }
    is_batch = np.zeros_like(counted["time"])
    return _summed(counted, is_batch, meters, company.OPENAI_KEYS, company.GATEWAY_MODELS)


def agent_usage(calls: Columns) -> list[Usage]:
    """Usage of Anthropic behind the in-house log."""
    counted = chosen(calls, (calls["is_failed"] == 0) & (calls["is_void"] == 0))
    meters = dict(zip(prices.METERS, (counted[c] for c in TOKEN_COLUMNS), strict=False))
    keys, models = company.ANTHROPIC_KEYS, company.AGENT_MODELS
    return _summed(counted, counted["is_batch"], meters, keys, models)


def _summed(
    calls: Columns,
    is_batch: Ints,
    meters: dict[str, Ints],
    keys: tuple[Key, ...],
    models: tuple[str, ...],
) -> list[Usage]:
    """Sum whole numbers per day, key, model and processing, in that order."""
    code = ((day_of(calls["time"]) * len(keys) + calls["key"]) * len(models) + calls["model"]) * 2
    code = code + is_batch
    groups, inverse = np.unique(code, return_inverse=True)
    requests = np.bincount(inverse)
    sums = {}
    for meter, values in meters.items():
        sums[meter] = np.zeros(len(groups), dtype=np.int64)
        np.add.at(sums[meter], inverse, values)
    usages = []
    for i, group in enumerate(groups.tolist()):
        rest, batch = divmod(group, 2)
        rest, model = divmod(rest, len(models))
        day, key = divmod(rest, len(keys))
        tokens = {meter: int(values[i]) for meter, values in sums.items()}
        usages.append(Usage(day, keys[key], models[model], bool(batch), int(requests[i]), tokens))
    return usages


def bypass_usage() -> list[Usage]:
    """Usage that no log holds."""
    rows = zip(BYPASS_DAYS, BYPASS_REQUESTS, BYPASS_INPUT, BYPASS_OUTPUT, strict=True)
    return [
        Usage(
            day, company.BYPASS_KEY, prices.GPT, False, requests,
            {prices.INPUT: tokens_in, prices.READ: 0, prices.OUTPUT: tokens_out},
        )
        for day, requests, tokens_in, tokens_out in rows
    ]  # fmt: skip


def research_usage() -> list[Usage]:
    """Usage of the second Anthropic account, which keeps no log of its own."""
    draws = Draws(6)
    weights = day_weights(saturday=60, sunday=60)
    usages = []
    for key in company.RESEARCH_KEYS:
        for model in (prices.HAIKU, prices.SONNET_NEW):
            drawn = {
                prices.INPUT: draws.between(DAYS, 60_000, 420_000),
                prices.READ: draws.between(DAYS, 400_000, 3_000_000),
                prices.WRITE_5M: draws.between(DAYS, 5_000, 140_000),
                prices.WRITE_1H: draws.between(DAYS, 0, 60_000),
                prices.OUTPUT: draws.between(DAYS, 9_000, 130_000),
            }
            for day in range(DAYS):
                tokens = {m: int(v[day]) * weights[day] // 100_000 for m, v in drawn.items()}
                usages.append(Usage(day, key, model, False, 0, tokens))
    return sorted(usages, key=lambda usage: usage.day)
