"""Pseudo-random whole numbers that are the same on every machine.

Only the raw 64-bit stream of PCG64 is used, which NumPy promises never to change, and only integer
arithmetic after it: no platform, NumPy version or math library can move a byte of the demo.
"""

from __future__ import annotations

import numpy as np

from dagster_project.demo.calendar import (
    END_MS,
    FIRST_MS,
    MS_PER_DAY,
    MS_PER_HOUR,
    Flags,
    Ints,
    spread,
)

SEED = 20_260_901


class Draws:
    """One named stream of draws; two streams never share a number."""

    def __init__(self, stream: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence([SEED, stream]))

    def _raw(self, size: int) -> Ints:
        """31 random bits each."""
        raw = np.asarray(self._bits.random_raw(size), dtype=np.uint64)
        return (raw >> np.uint64(33)).astype(np.int64)

    def between(self, size: int, low: int, high: int) -> Ints:
        """Whole numbers from low to high, both included, equally likely."""
        return low + self._raw(size) % (high - low + 1)

    def skewed(self, size: int, low: int, high: int) -> Ints:
        """Whole numbers from low to high with many small ones: the mean lies a third of the way."""
        sixteen_bits = self._raw(size) >> 15
        squares = (sixteen_bits * sixteen_bits) >> 16
        return low + (((high - low + 1) * squares) >> 16)

    def chance(self, size: int, per_mille: int) -> Flags:
        """True for about per_mille of a thousand."""
        return self._raw(size) % 1000 < per_mille

    def weighted(self, size: int, weights: tuple[int, ...]) -> Ints:
        """Indexes drawn in proportion to whole-number weights."""
        bounds = np.cumsum(np.asarray(weights, dtype=np.int64))
        drawn = self._raw(size) % int(bounds[-1])
        return np.searchsorted(bounds, drawn, side="right").astype(np.int64)

    def instants(self, total: int, weights: list[int], hours: tuple[int, ...]) -> Ints:
        """Epoch milliseconds: `total` instants, spread over the days by weights.

        A few instants are drawn instead: shares of less than ten a day would all round to the
        busiest days.
        """
        if total < 10 * len(weights):
            days = self.weighted(total, tuple(weights))
        else:
            days = np.repeat(np.arange(len(weights), dtype=np.int64), spread(total, weights))
        within = self.weighted(total, hours) * MS_PER_HOUR + self.between(total, 0, MS_PER_HOUR - 1)
        return np.minimum(FIRST_MS + days * MS_PER_DAY + within, END_MS)


def scrambled(numbers: Ints, salt: int) -> list[str]:
    """16 hex digits per number, one-to-one, so ids look drawn and never collide."""
    offset = salt * 0x9E3779B97F4A7C15 % 2**64
    value = numbers.astype(np.uint64) + np.uint64(offset)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    value = value ^ (value >> np.uint64(31))
    return [f"{number:016x}" for number in value.tolist()]
