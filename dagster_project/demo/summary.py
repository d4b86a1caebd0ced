"""What the demo planted, and what it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Planted:
    """One difference between bill and computation that the demo put there.

    `amount_usd` is billed minus computed, exact. An empty `model` or `meter` means several.
    """

    code: str
    channel: str
    account: str
    first_day: date
    last_day: date
    model: str
    meter: str
    amount_usd: Decimal
    sentence: str


@dataclass(frozen=True)
class WrittenFile:
    """One file of the demo: path below the home, data rows, bytes and sha256."""

    path: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True)
class DemoSummary:
    """Everything a reader needs to check the demo against the warehouse.

    `counts` names what was planted beside money: duplicates, broken rows, unknown models and so
    on. `spend_usd` is the exact cost of the usage in the ledger by (channel, account).
    """

    company: str
    first_day: date
    last_day: date
    calls: int
    files: tuple[WrittenFile, ...]
    counts: dict[str, int]
    spend_usd: dict[tuple[str, str], Decimal]
    planted: tuple[Planted, ...]

    @property
    def size(self) -> int:
        """Bytes written."""
        return sum(file.size for file in self.files)
