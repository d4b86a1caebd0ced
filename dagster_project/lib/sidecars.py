"""A file's promises: <file>.control.json says how many rows and which sums the file holds."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path

EXPECTED = '{"rows": 3, "totals": {"input_tokens": "120"}}'


def broken_promises(path: Path, rows: int, totals: dict[str, Decimal]) -> list[str]:
    """Return what the sidecar at `path` promises and the file does not keep, in words.

    `totals` are the sums over all rows of the file, those in quarantine included.
    """
    try:
        promises = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=str)
    except (OSError, ValueError):
        return [f"the sidecar cannot be read (expected {EXPECTED})"]
    if not isinstance(promises, dict) or not isinstance(promises.get("totals", {}), dict):
        return [f"the sidecar has another form than {EXPECTED}"]
    broken = []
    if "rows" in promises and str(promises["rows"]) != str(rows):
        broken.append(f"the sidecar promises {_shown(promises['rows'])} rows, the file has {rows}")
    for column, promised in promises.get("totals", {}).items():
        if column not in totals:
            broken.append("the sidecar promises a total of a column that this export does not have")
            continue
        found = totals[column]
        if _decimal(promised) != found:
            broken.append(
                f"the sidecar promises {column} = {_shown(promised)}, the file has {found:f}"
            )
    return broken


def _decimal(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _shown(value: object) -> str:
    number = _decimal(value)
    return "no number" if number is None else f"{number:f}"
