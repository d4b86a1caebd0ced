"""Prices of the demo's providers, as the providers bill them, and exact sums over them."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

INPUT = "input_uncached_tokens"
READ = "input_cache_read_tokens"
WRITE_5M = "input_cache_write_5m_tokens"
WRITE_1H = "input_cache_write_1h_tokens"
OUTPUT = "output_tokens"
METERS = (INPUT, READ, WRITE_5M, WRITE_1H, OUTPUT)

GPT_MINI = "gpt-5-mini-2025-08-07"
GPT = "gpt-5-2025-08-07"
EMBEDDING = "text-embedding-3-small"
PREVIEW = "gpt-6-mini-preview"
GEMINI = "gemini-2.5-flash"
HAIKU = "claude-haiku-4-5-20251001"
SONNET = "claude-sonnet-4-6"
SONNET_NEW = "claude-sonnet-5-5"

# USD per million tokens. The preview model is free and has no published price, so it has no row.
_PER_MILLION: dict[str, dict[str, str]] = {
    GPT_MINI: {INPUT: "0.25", READ: "0.025", OUTPUT: "2"},
    GPT: {INPUT: "1.25", READ: "0.125", OUTPUT: "10"},
    EMBEDDING: {INPUT: "0.02"},
    GEMINI: {INPUT: "0.30", READ: "0.03", OUTPUT: "2.50"},
    HAIKU: {INPUT: "1", READ: "0.10", WRITE_5M: "1.25", WRITE_1H: "2", OUTPUT: "5"},
    SONNET: {INPUT: "3", READ: "0.30", WRITE_5M: "3.75", WRITE_1H: "6", OUTPUT: "15"},
    SONNET_NEW: {INPUT: "2", READ: "0.20", WRITE_5M: "2.5", WRITE_1H: "4", OUTPUT: "10"},
}
SONNET_NEW_READ_FROM = date(2026, 10, 7)
SONNET_NEW_READ_AFTER = "0.10"
BATCH_FACTOR = Decimal("0.5")
PER_TOKEN = Decimal("0.000001")
CENT = Decimal("0.01")


def is_priced(model: str) -> bool:
    """True when the provider charges for this model."""
    return model in _PER_MILLION


def unit_price(model: str, meter: str, day: date, *, is_batch: bool = False) -> Decimal:
    """USD per token on a day, exact. A meter that the model has not is a KeyError."""
    per_million = Decimal(_PER_MILLION[model][meter])
    if (model, meter) == (SONNET_NEW, READ) and day >= SONNET_NEW_READ_FROM:
        per_million = Decimal(SONNET_NEW_READ_AFTER)
    return per_million * PER_TOKEN * (BATCH_FACTOR if is_batch else 1)


def meters_of(model: str) -> tuple[str, ...]:
    """The meters that the provider bills for this model."""
    return tuple(meter for meter in METERS if meter in _PER_MILLION.get(model, {}))


def pico_per_token(model: str, meter: str) -> int:
    """Realtime price in 1e-12 USD per token, 0 when there is none; exact for every price here."""
    price = _PER_MILLION.get(model, {}).get(meter, "0")
    return int(Decimal(price) * 1_000_000)


def to_cents(amount: Decimal) -> Decimal:
    """Rounded half up to whole cents, as invoices are."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def plain(amount: Decimal) -> str:
    """Decimal text without an exponent and without trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
