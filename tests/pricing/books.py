"""A home whose price list is written by hand, so that every expected amount is too.

The list replaces three seeds; everything else is the project as it is. Models are built by their
compiled SQL, which is what `trueup price` runs and what dbt runs at night.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "pipeline"))

from harness import Home

from dagster_project.lib import compiled_models
from dagster_project.lib.publish import publish_snapshot
from dagster_project.lib.settings import PROJECT_ROOT, Settings
from dagster_project.lib.warehouse import connect

D = Decimal
Row = dict[str, Any]
SEEDS = PROJECT_ROOT / "dbt" / "seeds"
MILLION = 1_000_000

LEDGER = ("fct_llm_calls", "fct_charge_lines", "unpriced_usage")
UNIT_MARTS = (
    "cost_per_feature",
    "cost_per_active_user",
    "cost_per_resolved_ticket",
    "cost_per_successful_task",
)
CLOSING = ("period_closes", "price_restatements", "reconciliation_months")

CONTRACT_COLUMNS = (
    "contract_id,account,provider,channel,model_key,meter,processing,service_tier,geo,kind,value,"
    "per,currency,valid_from,valid_to,priority,doc_ref"
)
CHARGE_COLUMNS = (
    "contract_id,channel,account,kind,model_key,meter,quantity,threshold_usd,amount_usd,percent,"
    "valid_from,valid_to,doc_ref"
)


def price(
    channel: str, model: str, meter: str, published: str, per: int = MILLION, **more: Any
) -> Row:
    """One row of a price list; `per` as the vendor prints it. In every version unless told."""
    units = 3600 if meter.endswith("_seconds") and not meter.startswith("output") else 1
    unit_price = (D(published) * units / per).quantize(D(1).scaleb(-18))
    row: Row = {
        "provider": channel, "channel": channel, "model_key": model, "meter": meter,
        "processing": "realtime", "service_tier": "standard", "geo": "global",
        "schedule": "always", "ctx_min_tokens": "0", "ctx_max_tokens": "",
        "published_price": published, "published_per": str(per),
        "unit_price": format(unit_price, "f"), "currency": "USD",
        "valid_from": "2026-01-01T00:00:00Z", "valid_to": "", "valid_from_known": "true",
        "status": "confirmed", "source": "by hand", "read_on": "2026-01-01", "note": "",
        "added_in": "1", "removed_in": "", **more,
    }  # fmt: skip
    key = [row[name] for name in row if name not in ("unit_price", "note", "removed_in")]
    row["rate_id"] = f"{abs(hash(tuple(map(str, key)))):016x}"[:16]
    return row


def tokens(channel: str, model: str, uncached: str, output: str, **more: Any) -> list[Row]:
    """Input and output prices of a model, per million tokens."""
    return [
        price(channel, model, "input_uncached_tokens", uncached, **more),
        price(channel, model, "output_tokens", output, **more),
    ]


def terms(*rows: Row) -> str:
    """A contracts.csv with the given cells; the others are empty."""
    return _csv(CONTRACT_COLUMNS, rows)


def charges(*rows: Row) -> str:
    """A contract_charges.csv with the given cells; the others are empty."""
    return _csv(CHARGE_COLUMNS, rows)


def _csv(columns: str, rows: Iterable[Row]) -> str:
    names = columns.split(",")
    lines = [",".join(str(row.get(name, "")) for name in names) for row in rows]
    assert all(set(row) <= set(names) for row in rows)
    return "\n".join([columns, *lines]) + "\n"


def record(
    case_id: str,
    channel: str,
    model: str,
    usage: Row,
    at: str = "2026-10-05T09:00:00Z",
    **more: Any,
) -> Row:
    """One usage record, with the object that its provider returned."""
    return {
        "case_id": case_id, "channel": channel, "response_model": model, "ts_utc": at,
        "usage_native_json": usage, **more,
    }  # fmt: skip


def used(uncached: int, output: int = 0, **more: Any) -> Row:
    """A usage object in which nothing is cached."""
    return {"input_tokens": uncached, "output_tokens": output, **more}


@dataclass
class Books(Home):
    """A home with a price list of its own, in versions; the last one is current."""

    seeds: Path = field(default_factory=Path)

    @classmethod
    def at(cls, path: Path, rows: Sequence[Row], names: Sequence[Row] = (), **more: Any) -> Books:
        """Make an empty home whose list is `rows`; every model of it answers to its own key."""
        (path / "landing").mkdir(parents=True)
        books = cls(path, seeds=path / "dbt" / "seeds", **more)
        shutil.copytree(SEEDS, books.seeds)
        _write(books.seeds / "rate_card.csv", _header("rate_card"), rows)
        keys = {(row["channel"], row["model_key"], row["provider"]) for row in rows}
        own = [
            {"channel": channel, "raw_model": model, "model_key": model, "provider": provider,
             "rule": "exact"}
            for channel, model, provider in sorted(keys)
        ]  # fmt: skip
        _write(books.seeds / "model_aliases.csv", _header("model_aliases"), [*own, *names])
        books.versions("first")
        return books

    @property
    def settings(self) -> Settings:
        """Settings as the command would read them, with this list's folder."""
        return replace(super().settings, dbt_project_dir=self.seeds.parent)

    def versions(self, *names: str) -> None:
        """Say which versions the list has; the last is current."""
        rows = [
            {"version_number": number, "rate_card_version": name, "built_on": "2026-01-01",
             "is_current": "true" if name == names[-1] else "false", "row_count": "1"}
            for number, name in enumerate(names, start=1)
        ]  # fmt: skip
        _write(self.seeds / "rate_card_versions.csv", _header("rate_card_versions"), rows)

    def build(self, *models: str, publish: bool = False) -> Books:
        """Load what landed and make the models, all days of them."""
        self.load()
        with (
            self.entered(),
            patch.object(compiled_models, "DBT_DIR", self.seeds.parent),
            connect(self.settings.warehouse) as con,
        ):
            compiled_models.build_model(con, *models)
        if publish:
            publish_snapshot(self.settings.warehouse, self.settings.snapshot)
        return self

    def again(self, name: str) -> Books:
        """A home that starts over from this one's landing, reference and price list."""
        path = self.path.with_name(name)
        self.rebuilt(path)
        shutil.copytree(self.seeds, path / "dbt" / "seeds")
        return Books(path, dict(self.environment), self.clock, seeds=path / "dbt" / "seeds")

    def records(self, *rows: Row, name: str = "usage_records/a.jsonl") -> None:
        """Land usage records."""
        self.drop(name, "".join(json.dumps(row) + "\n" for row in rows))

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the warehouse."""
        return self.warehouse_sql(query)

    def value(self, query: str) -> Any:
        """The one value of a query on the warehouse."""
        ((found,),) = self.ask(query)
        return found


MakeBooks = Callable[..., Books]


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def results(self) -> list[Row]:
        """What `trueup price` printed, one object per line; floats would be a fault of theirs."""
        return [json.loads(line, parse_float=_no_float) for line in self.out.splitlines()]


def _no_float(text: str) -> Any:
    raise AssertionError(f"a float in the output: {text}")


Command = Callable[..., Ended]


def _header(seed: str) -> list[str]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as stream:
        return next(csv.reader(stream))


def _write(path: Path, header: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
