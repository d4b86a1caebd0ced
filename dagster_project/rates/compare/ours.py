"""What `trueup price` answers for a case file."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path

from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.lib.settings import PROJECT_ROOT
from dagster_project.rates.compare.outcomes import Answer


def run_price(cases: Path) -> str:
    """Run `trueup price` on a case file and return its JSON lines."""
    command = [sys.executable, "-m", "dagster_project.cli", "price", str(cases.resolve())]
    result = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise TrueUpError(f"`trueup price {cases.name}` failed: {result.stderr.strip()[-500:]}")
    return result.stdout


def read_answers(lines: str) -> tuple[dict[str, Answer], str]:
    """Read the answers by case id, and the rate card that gave them."""
    answers: dict[str, Answer] = {}
    versions: set[str] = set()
    for number, line in enumerate(lines.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line, parse_float=_no_float)
            cost = record["cost_usd"]
            answer = Answer(None if cost is None else Decimal(cost), record.get("reason") or "")
            answers[record["case_id"]] = answer
        except (ValueError, KeyError, TypeError, InvalidOperation) as error:
            raise ConfigurationError(f"line {number} of TrueUp's answers: {error}") from error
        versions.add(record.get("rate_card_version") or "")
    return answers, ", ".join(sorted(versions - {""}))


def _no_float(text: str) -> None:
    raise ValueError(f"{text} is a number where the contract asks for a decimal string")
