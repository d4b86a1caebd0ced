"""The measured figures as one table of text."""

from __future__ import annotations

from dagster_project.bench.measure import Measured
from dagster_project.bench.run import Figures

GIBIBYTE = 1 << 30
HEADER = ("step", "seconds", "cpu s", "rows/s", "largest GiB", "sum GiB", "/ baseline", "cpu /")

Line = tuple[str, ...]


def render(figures: Figures) -> str:
    """Return the table, the slowest models and what the columns mean."""
    base = figures.baseline.seconds
    models = figures.price.model_seconds + figures.marts.model_seconds
    tests = figures.price.test_seconds + figures.marts.test_seconds
    sql_part = figures.load_seconds + models
    lines = [
        HEADER,
        _process("load: landing to raw", figures.load, figures),
        _process("price: dbt build +fct_charge_lines", figures.price.process, figures),
        _inner("  its models", figures.price.model_seconds, figures),
        _process("marts: dbt build of the rest", figures.marts.process, figures),
        _inner("  its models", figures.marts.model_seconds, figures),
        _inner("SQL part: load and models", sql_part, figures),
        _inner("SQL part with dbt's tests", sql_part + tests, figures),
        _process("whole run: trueup run", figures.whole, figures),
        _process("baseline: one SQL script", figures.baseline, figures),
    ]
    slowest = sorted((*figures.price.slowest, *figures.marts.slowest), key=lambda node: -node[1])
    parts = sorted(figures.baseline_parts.items(), key=lambda part: -part[1])
    other = max(measured.seconds for measured in figures.baselines)
    return "\n".join(
        [
            f"{figures.rows:,} calls",
            "",
            *_aligned(lines),
            "",
            "slowest in dbt: " + _listed(slowest[:8]),
            "baseline: " + _listed([part for part in parts if part[0] != "baseline"][:6]),
            f"the baseline ran twice ({base:,.1f} s and {other:,.1f} s); the faster one counts",
            "GiB: resident memory of the largest process, and the largest sum over all processes",
            "cpu: processor seconds of all processes; the fairer figure on a shared machine",
        ]
    )


def _process(name: str, measured: Measured, figures: Figures) -> Line:
    return (
        name,
        f"{measured.seconds:,.1f}",
        f"{measured.cpu_seconds:,.1f}",
        f"{figures.rows / measured.seconds:,.0f}",
        f"{measured.largest_process_bytes / GIBIBYTE:.2f}",
        f"{measured.largest_sum_bytes / GIBIBYTE:.2f}",
        f"{measured.seconds / figures.baseline.seconds:.2f}",
        f"{measured.cpu_seconds / figures.baseline.cpu_seconds:.2f}",
    )


def _inner(name: str, seconds: float, figures: Figures) -> Line:
    rate = f"{figures.rows / seconds:,.0f}"
    ratio = f"{seconds / figures.baseline.seconds:.2f}"
    return (name, f"{seconds:,.1f}", "", rate, "", "", ratio, "")


def _aligned(lines: list[Line]) -> list[str]:
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADER))]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _listed(timings: list[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in timings)
