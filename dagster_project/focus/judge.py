"""Runs the official rules and gives them an exit code. Runs in the validator's own environment.

    .venv-focus/bin/python dagster_project/focus/judge.py FILE.parquet

The validator's command exits 0 whatever it finds. This one exits 1 when a rule fails that a file
could keep, and says of every rule whether it passed, failed or was not looked at, and why.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SPECIFICATION = "1.2"
# One asks that every InvoiceId be empty and the other that none is: no file with rows keeps both.
UNSATISFIABLE = frozenset({"InvoiceId-C-004-C", "InvoiceId-C-005-C"})
# What token spend can support. Without any, 441 of the 578 rules are not looked at.
CRITERIA = (
    "ACCOUNT_NAMING_SUPPORTED",
    "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED",
    "MULTIPLE_BILLING_ACCOUNT_TYPES_SUPPORTED",
    "MULTIPLE_PRICING_CATEGORIES_SUPPORTED",
    "MULTIPLE_SUB_ACCOUNT_TYPES_SUPPORTED",
    "NEGOTIATED_PRICING_SUPPORTED",
    "PRICING_BILLING_CURRENCY_DIFFERENCES_SUPPORTED",
    "PUBLIC_PRICE_LIST_SUPPORTED",
    "REGION_SUPPORTED",
    "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED",
    "SUB_ACCOUNT_SUPPORTED",
    "TAGGING_SUPPORTED",
    "UNIT_PRICING_SUPPORTED",
    "USAGE_MEASUREMENT_SUPPORTED",
)
Entry = Mapping[str, Any]


def outcome(entry: Entry) -> str:
    """passed, failed or skipped."""
    if (entry.get("details") or {}).get("skipped"):
        return "skipped"
    return "passed" if entry.get("ok") else "failed"


def is_waived(rule: str, entries: Mapping[str, Entry]) -> bool:
    """Whether no file can keep a failed rule: it is one of the two, or fails by them alone."""
    if rule in UNSATISFIABLE:
        return True
    children = (entries.get(rule, {}).get("details") or {}).get("children") or []
    failed = [
        child.get("referenced_rule_id")
        for child in children
        if not child.get("ok") and not child.get("skipped")
    ]
    return bool(failed) and all(
        child is not None and child != rule and is_waived(child, entries) for child in failed
    )


def judge(entries: Mapping[str, Entry]) -> tuple[Counter[str], list[str], list[str]]:
    """Rules by outcome, the failed rules that count, and those that no file can keep."""
    counts = Counter(outcome(entry) for entry in entries.values())
    failed = [rule for rule, entry in entries.items() if outcome(entry) == "failed"]
    waived = [rule for rule in failed if is_waived(rule, entries)]
    return counts, [rule for rule in failed if rule not in waived], waived


@contextlib.contextmanager
def a_folder_for_the_validator() -> Iterator[None]:
    """It reads its currency list and writes its log relative to the working directory."""
    import focus_validator  # noqa: PLC0415  (only in this environment)

    before = Path.cwd()
    rules = Path(str(focus_validator.__file__)).parent / "rules"
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "focus_validator" / "rules"
        copied.mkdir(parents=True)
        shutil.copy(rules / "currency_codes.csv", copied)
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def validated(export: Path) -> Mapping[str, Entry]:
    """What the official rules say of the file, by rule."""
    logging.disable(logging.CRITICAL)
    with a_folder_for_the_validator(), contextlib.redirect_stdout(io.StringIO()):
        from focus_validator.validator import Validator  # noqa: PLC0415

        results = Validator(
            data_filename=str(export),
            output_destination=None,
            output_type="console",
            rules_version=SPECIFICATION,
            focus_dataset="CostAndUsage",
            rules_block_remote_download=True,
            applicability_criteria=",".join(CRITERIA),
        ).validate()
    entries: Mapping[str, Entry] = results.by_rule_id
    return entries


def report(export: Path, entries: Mapping[str, Entry]) -> int:
    """Print the verdict; 1 when a rule fails that a file could keep."""
    counts, failed, waived = judge(entries)
    reasons = Counter(
        str((entry.get("details") or {}).get("reason") or "no reason given")
        for entry in entries.values()
        if outcome(entry) == "skipped"
    )
    print(
        f"FOCUS {SPECIFICATION}, focus-validator 2.2.1, {len(CRITERIA)} criteria: "
        f"{counts['passed']} pass, {counts['skipped']} skipped, {counts['failed']} fail, "
        f"{len(waived)} of them waived\n{export}"
    )
    for reason, rules in reasons.most_common():
        print(f"  skipped {rules:>4}  {reason}")
    for rule in waived:
        why = "no file with rows can keep it" if rule in UNSATISFIABLE else "fails by those alone"
        print(f"  waived        {rule}: {why}")
    for rule in failed:
        details = entries[rule].get("details") or {}
        text = json.dumps(str(details.get("message") or ""))
        print(f"  FAILED        {rule}: {details.get('violations', '?')} rows, {text}")
    if not entries:
        print("  FAILED        the validator looked at no rule")
    return 1 if failed or not entries else 0


def main(arguments: list[str]) -> int:
    """Validate the file that is named."""
    export = Path(arguments[0])
    return report(export, validated(export))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
