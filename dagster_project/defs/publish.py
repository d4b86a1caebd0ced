"""What readers open: the snapshot, the workbook and the page, each swapped in whole."""

from __future__ import annotations

import dagster as dg

from dagster_project.defs.resources import WRITER_POOL, TrueUpResource
from dagster_project.lib.progress import say
from dagster_project.lib.publish import publish_snapshot

TITLE = "TrueUp: what a unit of value costs, and whether the bill agrees"


def mart_keys() -> list[dg.AssetKey]:
    """Keys of every mart, from the dbt manifest."""
    from dagster_project.defs.transform import ledger, marts  # noqa: PLC0415

    keys = {*ledger.keys, *marts.keys}
    return sorted(key for key in keys if key.path[0] == "marts")


def _snapshot_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key=["exports", "snapshot"],
        group_name="exports",
        kinds={"duckdb"},
        deps=mart_keys(),
        pool=WRITER_POOL,
        description="Read-only copy of schema marts, for people and tools.",
    )
    def snapshot(trueup: TrueUpResource) -> dg.MaterializeResult:
        settings = trueup.settings()
        tables = publish_snapshot(settings.warehouse, settings.snapshot)
        say(f"published {tables} tables")
        return dg.MaterializeResult(metadata={"tables": tables, "path": str(settings.snapshot)})

    return snapshot


@dg.asset(
    key=["exports", "workbook"],
    group_name="exports",
    kinds={"excel"},
    deps=[dg.AssetKey(["exports", "snapshot"])],
    description="Workbook for finance, from the snapshot.",
)
def workbook(trueup: TrueUpResource) -> dg.MaterializeResult:
    """Write trueup.xlsx beside the snapshot."""
    from dagster_project.reports.workbook import write_workbook  # noqa: PLC0415

    settings = trueup.settings()
    target = settings.exports / "trueup.xlsx"
    write_workbook(settings.snapshot, target, title=TITLE)
    return dg.MaterializeResult(metadata={"path": str(target)})


@dg.asset(
    key=["exports", "page"],
    group_name="exports",
    kinds={"html"},
    deps=[dg.AssetKey(["exports", "snapshot"])],
    description="One self-contained page, from the snapshot.",
)
def page(trueup: TrueUpResource) -> dg.MaterializeResult:
    """Write trueup.html beside the snapshot."""
    from dagster_project.reports.page import write_page  # noqa: PLC0415

    settings = trueup.settings()
    target = settings.exports / "trueup.html"
    write_page(settings.snapshot, target, title=TITLE)
    return dg.MaterializeResult(metadata={"path": str(target)})


@dg.asset(
    key=["exports", "focus"],
    group_name="exports",
    kinds={"parquet"},
    deps=[dg.AssetKey(["exports", "snapshot"])],
    description="FOCUS 1.2 Cost and Usage and 1.4 Invoice Detail, from the snapshot.",
)
def focus(trueup: TrueUpResource) -> dg.MaterializeResult:
    """Write focus/ beside the snapshot."""
    from dagster_project.reports.focus_files import write_focus_files  # noqa: PLC0415

    settings = trueup.settings()
    files = write_focus_files(settings.snapshot, settings.exports / "focus")
    return dg.MaterializeResult(metadata={"path": str(files[0])})


@dg.definitions
def publish() -> dg.Definitions:
    """The four publications."""
    return dg.Definitions(assets=[_snapshot_asset(), workbook, page, focus])
