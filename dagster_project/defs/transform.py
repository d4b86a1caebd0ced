"""dbt models as assets: the daily ledger, and everything computed from it."""

import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtCliResource, dbt_assets

from dagster_project.defs.partitions import daily
from dagster_project.defs.resources import WRITER_POOL, TrueUpResource
from dagster_project.lib.dbt_project import dbt_project
from dagster_project.lib.ledger import (
    dbt_arguments,
    dbt_environment,
    mark_computed,
    plan_window,
    rules_fingerprint,
)
from dagster_project.lib.progress import say
from dagster_project.lib.warehouse import connect

# The ledger and what it is made of. Both facts are incremental by day; all else is rebuilt whole.
LEDGER = "+fct_charge_lines"
FULL_REFRESH_TAG = "trueup/full_refresh"


class LayerTranslator(DagsterDbtTranslator):
    """Asset keys are [layer, model]; the group is the layer."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> dg.AssetSpec:
        """Name the asset for its schema, as the warehouse does."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
        if node["resource_type"] == "source":
            return spec
        layer = node["config"]["schema"]
        return spec.replace_attributes(key=dg.AssetKey([layer, node["name"]]), group_name=layer)


def _built(invocation: DbtCliInvocation) -> Iterator[Any]:
    """Events of one dbt build; its folder of 5 MB is kept only where the build failed."""
    yield from invocation.stream()
    shutil.rmtree(invocation.target_path, ignore_errors=True)


@dbt_assets(
    project=dbt_project(),
    manifest=dbt_project().manifest_path,
    name="ledger",
    select=LEDGER,
    partitions_def=daily,
    backfill_policy=dg.BackfillPolicy.single_run(),
    dagster_dbt_translator=LayerTranslator(),
    pool=WRITER_POOL,
)
def ledger(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, trueup: TrueUpResource
) -> Iterator[Any]:
    """Price the days of this run and every day that a new file touched; late data is included."""
    settings = trueup.settings()
    fingerprint = rules_fingerprint(settings)
    keys = context.partition_key_range
    with connect(settings.warehouse) as con:
        window = plan_window(
            con,
            fingerprint=fingerprint,
            asked_first=date.fromisoformat(keys.start),
            asked_last=date.fromisoformat(keys.end),
            full_refresh=context.run.tags.get(FULL_REFRESH_TAG) == "true",
        )
    if window.full_refresh:
        say("ledger: computing every landed day")
    else:
        say(f"ledger: computing {window.first_day} to {window.last_day}")
    os.environ.update(dbt_environment(settings, window))
    yield from _built(dbt.cli(dbt_arguments(window), context=context))
    with connect(settings.warehouse) as con:
        mark_computed(con, fingerprint)


@dbt_assets(
    project=dbt_project(),
    manifest=dbt_project().manifest_path,
    name="marts",
    select="*",
    exclude=LEDGER,
    dagster_dbt_translator=LayerTranslator(),
    pool=WRITER_POOL,
)
def marts(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, trueup: TrueUpResource
) -> Iterator[Any]:
    """Bills, outcomes, reconciliation and unit costs, rebuilt whole from the ledger."""
    settings = trueup.settings()
    say("marts: bills, outcomes, reconciliation, unit costs")
    os.environ.update(dbt_environment(settings, None))
    yield from _built(dbt.cli(dbt_arguments(None), context=context))
