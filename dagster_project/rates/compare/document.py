"""The comparison as a Markdown document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from dagster_project.rates.compare.cases import Case
from dagster_project.rates.compare.outcomes import EXACT, OUTCOMES, Answer

# What stands above this line is written by hand and kept.
MARK = "<!-- Below: written by `make prices-compare`. -->"
DEFAULT_HEAD = "# Prices compared\n"

Line = tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """One case with every price list's answer and outcome, by the list's name."""

    case: Case
    answers: dict[str, Answer]
    outcomes: dict[str, str]

    @property
    def differs(self) -> bool:
        """Whether any list misses this case."""
        return any(outcome != EXACT for outcome in self.outcomes.values())


def write(out: Path, body: str) -> None:
    """Replace what was generated in `out`; its hand-written head stays."""
    head = DEFAULT_HEAD
    if out.exists():
        text = out.read_text(encoding="utf-8")
        if MARK in text:
            head = text.split(MARK, 1)[0]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(f"{head.rstrip()}\n\n{MARK}\n\n{body}", encoding="utf-8", newline="\n")


def render(results: list[Result], names: list[str], about: list[str]) -> str:
    """Return counts by list and by category, and every case that some list misses."""
    parts = [
        *(f"- {line}" for line in about),
        "",
        "## Outcomes",
        "",
        *_table(_counts(results, names)),
        "",
        "## Outcomes by category",
        "",
        "Exact of all; in brackets what the rest is.",
        "",
        *_table(_by_category(results, names)),
        "",
        "## Cases that some list misses",
        "",
        *_table(_differences(results, names)),
        "",
    ]
    return "\n".join(parts)


def _counts(results: list[Result], names: list[str]) -> list[Line]:
    lines: list[Line] = [("", "cases", *OUTCOMES)]
    for name in names:
        counted = Counter(result.outcomes[name] for result in results)
        lines.append((name, str(len(results)), *(str(counted[outcome]) for outcome in OUTCOMES)))
    return lines


def _by_category(results: list[Result], names: list[str]) -> list[Line]:
    lines: list[Line] = [("category", "cases", *names)]
    for category in sorted({result.case.category for result in results}):
        own = [result for result in results if result.case.category == category]
        cells = []
        for name in names:
            counted = Counter(result.outcomes[name] for result in own)
            misses = [
                f"{counted[outcome]} {outcome}" for outcome in OUTCOMES[1:] if counted[outcome]
            ]
            cells.append(f"{counted[EXACT]}" + (f" ({'; '.join(misses)})" if misses else ""))
        lines.append((category, str(len(own)), *cells))
    return lines


def _differences(results: list[Result], names: list[str]) -> list[Line]:
    lines: list[Line] = [
        ("case", "category", "model", "requested", "must be", *names, "what decides")
    ]
    for result in results:
        if not result.differs:
            continue
        case = result.case
        kind = [
            word for word in (case.service_tier, case.geo) if word not in ("standard", "global")
        ]
        model = " ".join([f"`{case.model}`", *kind, *(["batch"] if case.is_batch else [])])
        lines.append(
            (
                case.case_id,
                case.category,
                model,
                f"{case.requested_at:%Y-%m-%d %H:%M:%S}",
                _amount(case.expected_usd, case.expected_reason),
                *(_cell(result, name) for name in names),
                case.document,
            )
        )
    return lines


def _cell(result: Result, name: str) -> str:
    outcome, answer = result.outcomes[name], result.answers[name]
    if outcome == EXACT:
        return "exact"
    return outcome if answer.amount is None else f"{_amount(answer.amount, '')} ({outcome})"


def _amount(amount: Decimal | None, reason: str) -> str:
    """Plain digits without trailing zeros, or why there is no amount."""
    if amount is None:
        return f"none: {reason}" if reason else "none"
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _table(lines: Iterable[Line]) -> list[str]:
    header, *rows = lines
    written = [_row(header), "|" + "|".join(" --- " for _ in header) + "|"]
    return [*written, *(_row(row) for row in rows)]


def _row(cells: Line) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
