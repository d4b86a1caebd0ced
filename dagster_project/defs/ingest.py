"""Raw tables as assets, and the gate that stands behind each."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.pulls import LANDED_EXPORTS
from dagster_project.defs.resources import WRITER_POOL, TrueUpResource
from dagster_project.lib.gate import GateResult, evaluate, gate_check_names
from dagster_project.lib.ingest import ingest_source, ingest_unrecognised
from dagster_project.lib.progress import detail, say
from dagster_project.lib.reference import REFERENCE_TABLES, load_reference
from dagster_project.lib.warehouse import connect
from dagster_project.sources import SOURCES

CONTROL_TABLES = (
    "landed_files",
    "file_windows",
    "quarantine",
    "compared_versions",
    "input_fingerprints",
)


def _raw_asset(name: str) -> dg.AssetsDefinition:
    """One step loads a source's files and judges them: the warehouse is opened once for both.

    A gate that fails, fails the step, so nothing that reads the table is built.
    """
    source = SOURCES[name]
    key = dg.AssetKey(["raw", source.raw_table])

    @dg.asset(
        key=key,
        group_name="raw",
        kinds={"duckdb"},
        pool=WRITER_POOL,
        deps=[LANDED_EXPORTS, dg.AssetKey(["raw", "reference_accounts"])],
        check_specs=[
            dg.AssetCheckSpec(check, asset=key, blocking=True) for check in gate_check_names(name)
        ],
        description=f"Files of {name.replace('_', ' ')} as landed, with file and row of each.",
    )
    def load(trueup: TrueUpResource) -> dg.MaterializeResult:
        settings = trueup.settings()
        with connect(settings.warehouse) as con:
            report = ingest_source(con, settings, name, log=detail)
            results = evaluate(con, name, settings)
        if report.files_new or report.files_withdrawn or report.files_rejected:
            say(
                f"{source.raw_table}: {report.files_new} new files, {report.rows_loaded:,} rows, "
                f"{report.rows_quarantined:,} quarantined"
            )
        for warning in report.warnings:
            say(f"warning: {warning}")
        return dg.MaterializeResult(
            metadata={
                "files_new": report.files_new,
                "files_duplicate": report.files_duplicate,
                "files_rejected": report.files_rejected,
                "files_withdrawn": report.files_withdrawn,
                "rows_in": report.rows_in,
                "rows_loaded": report.rows_loaded,
                "rows_quarantined": report.rows_quarantined,
            },
            check_results=[_judged(name, key, result) for result in results],
        )

    return load


def _judged(name: str, key: dg.AssetKey, result: GateResult) -> dg.AssetCheckResult:
    if not result.passed:
        say(f"gate {name}.{result.name} failed: {result.message}")
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=result.name,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=result.message,
        metadata={"details": dg.MetadataValue.json(result.details)},
    )


@dg.multi_asset(
    name="reference_tables",
    specs=[
        dg.AssetSpec(
            ["raw", f"reference_{name}"],
            group_name="raw",
            kinds={"csv"},
            description=f"The user's reference/{name}.csv.",
        )
        for name in REFERENCE_TABLES
    ],
    pool=WRITER_POOL,
)
def reference_tables(trueup: TrueUpResource) -> Iterator[dg.MaterializeResult]:
    """Load the user's mappings; a wrong row stops the run with its file, row and column."""
    settings = trueup.settings()
    with connect(settings.warehouse) as con:
        load_reference(con, settings)
    for name in REFERENCE_TABLES:
        yield dg.MaterializeResult(asset_key=["raw", f"reference_{name}"])


@dg.multi_asset(
    name="landing_control",
    specs=[
        dg.AssetSpec(
            ["raw", table],
            group_name="raw",
            kinds={"duckdb"},
            deps=[dg.AssetKey(["raw", source.raw_table]) for source in SOURCES.values()],
            description="What became of each landed file, bucket and row.",
        )
        for table in CONTROL_TABLES
    ],
    pool=WRITER_POOL,
)
def landing_control(trueup: TrueUpResource) -> Iterator[dg.MaterializeResult]:
    """Record the files that no source takes, so that none is passed over in silence."""
    settings = trueup.settings()
    with connect(settings.warehouse) as con:
        ingest_unrecognised(con, settings)
    for table in CONTROL_TABLES:
        yield dg.MaterializeResult(asset_key=["raw", table])


@dg.asset_check(
    asset=dg.AssetKey(["raw", "landed_files"]),
    name="every_file_recognised",
    blocking=False,
    pool=WRITER_POOL,
)
def every_file_recognised(trueup: TrueUpResource) -> dg.AssetCheckResult:
    """Warn of files in landing that no source takes; they hold no figure, so nothing stops."""
    settings = trueup.settings()
    with connect(settings.warehouse) as con:
        rows = con.execute(
            "select path, reason from raw.landed_files where raw_table is null order by path"
        ).fetchall()
    for path, reason in rows:
        say(f"warning: {path}: {reason}")
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(rows)} landed files belong to no source",
        metadata={"files": dg.MetadataValue.json([list(row) for row in rows])},
    )


@dg.definitions
def ingest() -> dg.Definitions:
    """Every raw table and every gate."""
    return dg.Definitions(
        assets=[reference_tables, landing_control, *(_raw_asset(name) for name in SOURCES)],
        asset_checks=[every_file_recognised],
    )
