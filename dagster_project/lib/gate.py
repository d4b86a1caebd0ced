"""The gate of one raw source: what Great Expectations expects of the profile of its files.

A gate blocks on broken promises of files, never on drift. `great_expectations` takes ten seconds
to import, so it is imported where it is used; the names of the checks are known without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pandas as pd

from dagster_project.lib.gate_profile import profile
from dagster_project.lib.settings import Settings
from dagster_project.lib.sql import one_row
from dagster_project.sources import SOURCES, Source

DEFAULT_QUARANTINE_LIMIT = 0.05

# An empty batch passes every column expectation, so the row count is always asked.
COVERS_EVERY_FILE = "profile_covers_every_file"

# A message names the first offenders; all of them are in the details.
SHOWN_FILES = 5


@dataclass(frozen=True)
class GateResult:
    """One check of a gate. `details`: counts, and the offending files with expected, observed."""

    name: str
    passed: bool
    message: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Check:
    """One check: the profile column it bounds, the bounds, and how a miss reads."""

    name: str
    column: str
    low: float | None
    high: float | None
    expected: Callable[[dict[str, Any]], str]
    observed: Callable[[dict[str, Any]], str]


def _checks(source: Source, limit: float) -> list[_Check]:
    checks = [
        _Check(
            "files_readable",
            "unreadable",
            None,
            0,
            lambda file: "a file that can be loaded",
            lambda file: file["reason"],
        ),
        _Check(
            "files_not_empty",
            "undeclared_empty",
            None,
            0,
            lambda file: "at least 1 row, or a page that says it has none",
            lambda file: "0 rows",
        ),
        _Check(
            "rows_in_equal_loaded_plus_quarantined",
            "rows_unaccounted",
            0,
            0,
            lambda file: f"{file['rows_in']} rows",
            lambda file: f"{file['rows_in_raw']} loaded + {file['rows_quarantined']} quarantined",
        ),
        _Check(
            "quarantined_share_within_limit",
            "faulty_share",
            None,
            limit,
            lambda file: f"at most {limit:.2%} of rows faulty",
            lambda file: f"{file['faulty_rows']} of {file['rows_in']} rows",
        ),
        _Check(
            "control_totals_match_the_file",
            "totals_differing",
            None,
            0,
            lambda file: file["totals_expected"],
            lambda file: file["totals_observed"],
        ),
        _Check(
            "sidecar_promises_kept",
            "sidecar_broken",
            None,
            0,
            lambda file: "what the sidecar promises",
            lambda file: file["reason"],
        ),
        _Check(
            "keys_never_null",
            "null_keys",
            None,
            0,
            lambda file: f"a value in {', '.join(source.keys)} on every row",
            lambda file: f"{file['null_keys']} rows without",
        ),
    ]
    if any(column.kind == "count" for column in source.columns):
        checks.append(_COUNTS)
    return checks


_COUNTS = _Check(
    "counts_never_negative",
    "negative_counts",
    None,
    0,
    lambda file: "counts of 0 or more",
    lambda file: f"{file['negative_counts']} rows with a negative count",
)


def _source(source: Source | str) -> Source:
    return SOURCES[source] if isinstance(source, str) else source


def gate_check_names(source: Source | str) -> list[str]:
    """Return the names of the source's checks, without importing Great Expectations."""
    checks = _checks(_source(source), DEFAULT_QUARANTINE_LIMIT)
    return [COVERS_EVERY_FILE, *(check.name for check in checks)]


def profile_table(con: duckdb.DuckDBPyConnection, source: Source | str) -> pd.DataFrame:
    """Return one row per landed file of the source (duplicates left out)."""
    return profile(con, _source(source))


def expectations(
    source: Source | str, files: int = 0, limit: float = DEFAULT_QUARANTINE_LIMIT
) -> dict[str, Any]:
    """Return {check name: Great Expectations expectation} for a profile of `files` rows."""
    # Usage statistics would leave the machine.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations.expectations as gxe  # noqa: PLC0415  ten seconds, for gates only

    suite: dict[str, Any] = {
        COVERS_EVERY_FILE: gxe.ExpectTableRowCountToEqual(
            value=files, meta={"check": COVERS_EVERY_FILE}
        )
    }
    for check in _checks(_source(source), limit):
        suite[check.name] = gxe.ExpectColumnValuesToBeBetween(
            column=check.column,
            min_value=check.low,
            max_value=check.high,
            meta={"check": check.name},
        )
    return suite


def evaluate(
    con: duckdb.DuckDBPyConnection, source: Source | str, settings: Settings
) -> list[GateResult]:
    """Run the source's gate over every landed file; one result per check."""
    chosen = _source(source)
    frame = profile_table(con, chosen)
    (files,) = one_row(
        con,
        "select count(*) from raw.landed_files where raw_table = $name and status <> 'duplicate'",
        {"name": chosen.raw_table},
    )
    limit = settings.quarantine_limit
    if files or len(frame):
        outcomes = _validate(frame, expectations(chosen, files, limit))
    else:
        # nothing has landed, so nothing was promised; most companies use few of the sources
        outcomes = dict.fromkeys(gate_check_names(chosen), True)
    results = [
        GateResult(
            COVERS_EVERY_FILE,
            outcomes[COVERS_EVERY_FILE],
            f"{len(frame)} of {files} landed files profiled",
            {"files": files, "profiled": len(frame)},
        )
    ]
    for check in _checks(chosen, limit):
        misses = pd.Series(False, index=frame.index)
        if check.low is not None:
            misses |= frame[check.column] < check.low
        if check.high is not None:
            misses |= frame[check.column] > check.high
        results.append(_result(check, outcomes[check.name], frame, misses))
    return results


def _validate(frame: pd.DataFrame, suite: dict[str, Any]) -> dict[str, bool]:
    """Return {check name: success}, as Great Expectations judges the frame."""
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    batch = (
        context.data_sources.add_pandas("profile")
        .add_dataframe_asset("files")
        .add_batch_definition_whole_dataframe("all")
        .get_batch(batch_parameters={"dataframe": frame})
    )
    # all at once: Great Expectations then computes what the checks share once
    found = batch.validate(
        gx.ExpectationSuite(name="gate", expectations=list(suite.values())),
        result_format="BOOLEAN_ONLY",
    )
    outcomes = {}
    for result in found.results:
        judged: Any = result.expectation_config
        outcomes[judged.meta["check"]] = bool(result.success)
    return {name: outcomes[name] for name in suite}


def _result(check: _Check, passed: bool, frame: pd.DataFrame, misses: pd.Series) -> GateResult:
    offenders = [
        {
            "file": file["path"],
            "expected": check.expected(file),
            "observed": check.observed(file),
        }
        for file in frame[misses].to_dict("records")
    ]
    if passed:
        message = f"{len(frame)} files kept it" if len(frame) else "no files landed"
    else:
        shown = [
            f"{o['file']}: expected {o['expected']}; observed {o['observed']}"
            for o in offenders[:SHOWN_FILES]
        ]
        more = len(offenders) - len(shown)
        message = " | ".join(shown) + (f" | and {more} more files" if more > 0 else "")
    return GateResult(check.name, passed, message, {"files": len(frame), "offenders": offenders})
