"""The accounts of the fault matrix: every kind at every provider, random pairs, clean months."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from august import HAIKU, MODELS, PRIORITY, Books, clean
from faults import ALL, BOTH, CONTRACT_KIND, KINDS, Draw, Expected, Kind

PAIRS = 36
# kinds that log and bill prove by themselves, at accounts without a usage report
BARE = (
    "logged_twice", "two_loggers", "log_zone", "not_billed", "billed_twice", "next_day",
    "batch_billed", "tier_billed", "geo_billed", "cache_billed", "old_price", "long_price",
    "odd_price", "cents", "session_fee", "new_model",
)  # fmt: skip
# and those that a bill with counts proves
BARE_COUNTED = ("unlogged_calls", "ghost_calls", "cache_as_input")
CONTRACT_FACTOR = Decimal("0.9")


@dataclass(frozen=True)
class Scenario:
    """One account's month with what its residuals must be."""

    books: Books
    kinds: tuple[Kind, ...]
    expected: tuple[Expected, ...]
    spend: Decimal

    @property
    def name(self) -> str:
        """As the test shows it."""
        return f"{self.books.provider}-{self.books.account}"

    def by_code(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Net and moved per code, of all faults together."""
        sums: dict[str, tuple[Decimal, Decimal]] = {}
        for one in self.expected:
            net, moved = sums.get(one.code, (Decimal(0), Decimal(0)))
            sums[one.code] = net + one.net, moved + one.moved
        return sums


def _scenario(
    provider: str,
    account: str,
    kinds: tuple[Kind, ...],
    factor: Decimal = Decimal(1),
    *,
    has_usage_report: bool = True,
) -> Scenario:
    books = clean(provider, account, factor)
    books.has_usage_report = books.has_usage_report and has_usage_report
    spend = books.spend
    draw = Draw(Random(f"{provider}-{account}"))
    expected = tuple(found for kind in kinds for found in kind.inject(books, draw))
    return Scenario(books, kinds, expected, spend)


def scenarios() -> list[Scenario]:
    """All accounts, the same on every machine."""
    found = [_scenario(provider, "clean", ()) for provider in MODELS]
    found += [_scenario(provider, "contract-clean", (), CONTRACT_FACTOR) for provider in BOTH]
    found += [
        _scenario(provider, "contract", (CONTRACT_KIND,), CONTRACT_FACTOR) for provider in BOTH
    ]
    found += [
        _scenario(provider, kind.name, (kind,)) for kind in KINDS for provider in kind.providers
    ]
    found += [
        _scenario(provider, f"bare-{kind.name}", (kind,), has_usage_report=False)
        for kind in KINDS
        for provider in kind.providers
        if provider in BOTH
        and (kind.name in BARE or (provider == "openai" and kind.name in BARE_COUNTED))
    ]
    rng = Random("pairs of August")
    for number in range(PAIRS):
        provider = rng.choice(BOTH)
        kinds = [kind for kind in KINDS if kind.is_local and provider in kind.providers]
        pair = tuple(rng.sample(kinds, 2))
        found.append(_scenario(provider, f"pair-{number:02d}-{pair[0].name}-{pair[1].name}", pair))
    return found


def contracts_csv() -> str:
    """Ten percent off everything, for the accounts that have a contract."""
    header = (
        "contract_id,account,provider,channel,model_key,meter,processing,service_tier,geo,kind,value,"
        "per,currency,valid_from,valid_to,priority,doc_ref\n"
    )
    return (
        header
        + "".join(
            f"C-{channel}-{account},{account},,{channel},,,,,,percent_off,10,,USD,2026-01-01,2027-01-01,0,"
            "order form\n"
            for channel in BOTH
            for account in ("contract", "contract-clean")
        )
        + "".join(
            f"C-priority,priority,,anthropic,{HAIKU},{meter},,priority,,fixed_price,{price},1000000,USD,"
            "2026-01-01,2027-01-01,0,Priority Tier commitment\n"
            for meter, price in PRIORITY[HAIKU].items()
        )
    )


def fx_rates_csv() -> str:
    """Dollars for a euro; 1.10 on 3 September, the day of the invoices."""
    rates = {"2026-08-03": "1.08", "2026-08-17": "1.13", "2026-09-03": "1.10"}
    return "currency,rate_date,usd_per_unit,source\n" + "".join(
        f"EUR,{day},{rate},made up\n" for day, rate in rates.items()
    )


__all__ = ["ALL", "Scenario", "contracts_csv", "fx_rates_csv", "scenarios"]
