"""`python -m dagster_project.bench --rows N`: the benchmark behind `make bench`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dagster_project.bench.pricing import render as render_pricing
from dagster_project.bench.pricing import run_pricing
from dagster_project.bench.run import run_benchmark
from dagster_project.bench.table import render
from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.settings import PROJECT_ROOT

DEFAULT_ROWS = 10_000_000

# One call a file and a day would still be generated; fewer rows leave files empty.
FEWEST_ROWS = 1_000


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and print its table; the exit codes are those of `trueup`."""
    parser = argparse.ArgumentParser(prog="python -m dagster_project.bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=DEFAULT_ROWS, help="calls to generate")
    parser.add_argument("--keep", action="store_true", help="leave the warehouses for a look")
    parser.add_argument("--skip-pricing", action="store_true", help="leave pricing alone out")
    parser.add_argument(
        "--home",
        type=Path,
        default=PROJECT_ROOT / "data",
        help="where a folder trueup-bench is written (default: data/)",
    )
    options = parser.parse_args(arguments)
    if options.rows < FEWEST_ROWS:
        parser.error(f"--rows takes {FEWEST_ROWS} or more")
    try:
        print(render(run_benchmark(options.home, options.rows, keep=options.keep)))
        if not options.skip_pricing:
            print(render_pricing(run_pricing(options.home, options.rows, keep=options.keep)))
    except TrueUpError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
