"""`python -m dagster_project.rates.compare`: the comparison behind `make prices-compare`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.lib.settings import PROJECT_ROOT
from dagster_project.rates.compare import genai, litellm
from dagster_project.rates.compare.cases import Case, default_case_files, read_cases
from dagster_project.rates.compare.document import Result, render, write
from dagster_project.rates.compare.litellm_file import PriceFile, read_prices
from dagster_project.rates.compare.ours import read_answers, run_price
from dagster_project.rates.compare.outcomes import OUTCOMES, Answer, judge

OURS = "TrueUp"
OUT = PROJECT_ROOT / "docs" / "prices-compare.md"


def main(arguments: list[str] | None = None) -> int:
    """Compare, write the document, print the counts; the exit codes are those of `trueup`."""
    parser = argparse.ArgumentParser(
        prog="python -m dagster_project.rates.compare", description=__doc__
    )
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="cases as CSV")
    parser.add_argument("--ours", type=Path, help="answers of `trueup price` (default: run it)")
    parser.add_argument("--litellm-wheel", type=Path, help="where its price file is read from")
    parser.add_argument("--out", type=Path, default=OUT, help="the document to write")
    options = parser.parse_args(arguments)
    try:
        summary = compare(
            options.files or default_case_files(),
            ours=options.ours,
            wheel=options.litellm_wheel,
            out=options.out,
        )
    except TrueUpError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(summary)
    return 0


def compare(files: list[Path], *, ours: Path | None, wheel: Path | None, out: Path) -> str:
    """Price every case three times, write `out` and return the counts as text."""
    by_file = {file: read_cases(file) for file in files}
    cases = [case for read in by_file.values() for case in read]
    repeated = [name for name, times in Counter(c.case_id for c in cases).items() if times > 1]
    if repeated or not cases:
        raise ConfigurationError(
            f"the case {repeated[0]} stands twice" if repeated else "there is no case to compare"
        )
    # What may be missing on this machine is asked for before any work is done.
    genai.package()
    prices = read_prices(wheel)
    text = _answers_text(ours) if ours is not None else "".join(run_price(file) for file in files)
    answers, rate_card = read_answers(text)
    absent = [case.case_id for case in cases if case.case_id not in answers]
    if absent:
        raise ConfigurationError(f"TrueUp's answers lack {len(absent)} cases, first {absent[0]}")
    theirs = {
        f"genai-prices {genai.version()}": [genai.price(case) for case in cases],
        f"LiteLLM {prices.version}": [litellm.price(case, prices) for case in cases],
    }
    lists = {OURS: [answers[case.case_id] for case in cases], **theirs}
    results = [_result(case, place, lists) for place, case in enumerate(cases)]
    names = list(lists)
    write(out, render(results, names, _about(by_file, rate_card, prices)))
    return "\n".join(_summary(results, names))


def _result(case: Case, place: int, lists: dict[str, list[Answer]]) -> Result:
    answers = {name: given[place] for name, given in lists.items()}
    outcomes = {
        name: judge(answer, case.expected_usd, is_package=name != OURS)
        for name, answer in answers.items()
    }
    return Result(case, answers, outcomes)


def _answers_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error


def _about(by_file: dict[Path, list[Case]], rate_card: str, prices: PriceFile) -> list[str]:
    told = ", ".join(f"{len(cases)} of `{file.name}`" for file, cases in by_file.items())
    return [
        f"Cases: {told}.",
        f"TrueUp: rate card {rate_card or 'not named'}.",
        f"LiteLLM: price file of {prices.version}, sha256 `{prices.sha256[:12]}`.",
    ]


def _summary(results: list[Result], names: list[str]) -> list[str]:
    lines = []
    for name in names:
        counts = (sum(r.outcomes[name] == outcome for r in results) for outcome in OUTCOMES)
        told = ", ".join(f"{n} {o}" for n, o in zip(counts, OUTCOMES, strict=True) if n)
        lines.append(f"{name}: {told}")
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
