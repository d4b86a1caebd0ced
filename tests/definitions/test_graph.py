"""The Dagster definitions: they load, they are one graph, every gate stands before the ledger."""

from __future__ import annotations

import csv
import tomllib
from datetime import UTC, datetime

import dagster as dg
import pytest
import yaml

from dagster_project.lib.gate import gate_check_names
from dagster_project.lib.instance import DAGSTER_YAML
from dagster_project.lib.settings import PROJECT_ROOT
from dagster_project.sources import SOURCES

SNAPSHOT = dg.AssetKey(["exports", "snapshot"])


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    """The code location, loaded as Dagster loads it."""
    from dagster_project.definitions import defs  # noqa: PLC0415

    return defs()


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions):
    return definitions.resolve_asset_graph()


def reaches(graph, start: dg.AssetKey) -> set[dg.AssetKey]:
    """Every asset downstream of one."""
    found: set[dg.AssetKey] = set()
    waiting = [start]
    while waiting:
        for key in graph.get(waiting.pop()).child_keys - found:
            found.add(key)
            waiting.append(key)
    return found


def test_the_definitions_load_and_every_asset_has_its_resources(
    definitions: dg.Definitions,
) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_every_raw_table_is_an_asset_that_leads_to_the_snapshot(graph) -> None:
    raw = {key for key in graph.get_all_asset_keys() if key.path[0] == "raw"}
    tables = {source.raw_table for source in SOURCES.values()}
    assert tables <= {key.path[1] for key in raw}
    stray = {key.path[1] for key in raw if SNAPSHOT not in reaches(graph, key)}
    assert stray == set()


def test_every_model_leads_to_the_snapshot_and_every_publication_comes_from_it(graph) -> None:
    keys = graph.get_all_asset_keys()
    models = {key for key in keys if key.path[0] in ("staging", "intermediate", "marts")}
    assert len(models) > 60
    # what a command reads from the warehouse itself carries the tag, and is published nowhere
    for_commands = {key for key in models if "command" in graph.get(key).tags}
    assert {key for key in models if SNAPSHOT not in reaches(graph, key)} == for_commands
    code = "".join(path.read_text() for path in (PROJECT_ROOT / "dagster_project").rglob("*.py"))
    assert {key.path[1] for key in for_commands if key.path[1] not in code} == set()
    publications = {key for key in keys if key.path[0] == "exports"}
    assert publications - {SNAPSHOT} <= reaches(graph, SNAPSHOT)
    assert len(publications) == 4


@pytest.mark.parametrize("name", SOURCES)
def test_every_check_of_a_gate_blocks_what_is_built_from_its_table(
    definitions: dg.Definitions, graph, name: str
) -> None:
    key = dg.AssetKey(["raw", SOURCES[name].raw_table])
    wanted = {dg.AssetCheckKey(key, check) for check in gate_check_names(name)}
    assert wanted <= graph.asset_check_keys
    for check in wanted:
        spec = graph.get_check_spec(check)
        assert spec.blocking, check


def test_dbt_owns_no_check_on_a_raw_table(graph) -> None:
    """Were one check of a raw table run by dbt, Dagster would no longer wait for its gate."""
    for key in graph.asset_check_keys:
        if key.asset_key.path[0] == "raw" and key.asset_key.path[1] in {
            source.raw_table for source in SOURCES.values()
        }:
            assert key.name in gate_check_names(
                next(n for n, s in SOURCES.items() if s.raw_table == key.asset_key.path[1])
            ), key


def test_the_gates_of_usage_come_before_the_ledger_and_all_gates_before_the_marts(
    definitions: dg.Definitions,
) -> None:
    job = definitions.resolve_job_def("nightly")
    structure = job.graph.dependency_structure
    upstream: dict[str, set[str]] = {}
    for node in job.graph.node_dict:
        upstream[node] = {
            output.node_name
            for outputs in structure.input_to_upstream_outputs_for_node(node).values()
            for output in outputs
        }

    def before(node: str) -> set[str]:
        found: set[str] = set()
        waiting = [node]
        while waiting:
            for other in upstream[waiting.pop()] - found:
                found.add(other)
                waiting.append(other)
        return found

    # the step that loads a table is its gate too, and fails where a check of it fails
    steps = {}
    for name, source in SOURCES.items():
        step = definitions.resolve_assets_def(dg.AssetKey(["raw", source.raw_table]))
        assert {check.name for check in step.check_specs} == set(gate_check_names(name))
        steps[name] = step.node_def.name
    gates = set(steps.values())
    assert len(gates) == len(SOURCES)
    assert gates <= set(upstream)
    usage = {
        *("litellm_spend_logs", "call_log", "usage_records", "openai_usage", "anthropic_usage"),
        # a close decides which card prices a month
        "decisions",
    }
    assert {steps[name] for name in usage} <= before("ledger")
    assert gates <= before("marts")
    assert "ledger" in before("marts")


def test_the_schedule_asks_for_the_day_that_has_just_ended(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("nightly_schedule")
    assert schedule.cron_schedule == "30 4 * * *"
    assert schedule.execution_timezone == "UTC"
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert schedule.job_name == "nightly"
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=datetime(2026, 3, 1, 4, 30, tzinfo=UTC),
            repository_def=definitions.get_repository_def(),
        )
        (request,) = schedule.evaluate_tick(context).run_requests
    assert request.partition_key == "2026-02-28"
    assert request.run_key == "2026-02-28"


def test_a_failed_run_is_watched_by_a_sensor_that_is_on(definitions: dg.Definitions) -> None:
    sensor = definitions.resolve_sensor_def("alert_on_failure")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING


def test_a_backfill_of_many_days_is_one_run(graph) -> None:
    facts = [dg.AssetKey(["marts", name]) for name in ("fct_llm_calls", "fct_charge_lines")]
    for key in facts:
        node = graph.get(key)
        assert node.backfill_policy == dg.BackfillPolicy.single_run()
        assert isinstance(node.partitions_def, dg.DailyPartitionsDefinition)
        assert node.partitions_def.timezone == "UTC"


def test_one_process_and_one_writer(definitions: dg.Definitions) -> None:
    assert definitions.executor is dg.in_process_executor
    job = definitions.resolve_job_def("nightly")
    writes = {name for name in job.graph.node_dict if name.startswith("raw__")}
    assert len(writes) >= len(SOURCES)
    writes |= {"ledger", "marts", "reference_tables", "landing_control", "exports__snapshot"}
    for name in writes:
        assert job.graph.node_named(name).definition.pool == "duckdb_writer", name
    settings = yaml.safe_load(DAGSTER_YAML)
    assert settings["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert settings["concurrency"]["pools"]["default_limit"] == 1
    # a pool slot of a killed run is never freed otherwise
    assert settings["run_monitoring"]["free_slots_after_run_end_seconds"] > 0
    assert settings["run_retries"]["retry_on_asset_or_op_failure"] is False


def test_the_workspace_and_the_project_name_one_code_location() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    workspace = yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text())
    (location,) = workspace["load_from"]
    module = location["python_module"]
    assert module["location_name"] == project["code_location_name"]
    assert module["module_name"] == f"{project['root_module']}.definitions"


def test_drift_informs_and_never_blocks(graph) -> None:
    with (PROJECT_ROOT / "dbt" / "seeds" / "tolerance_kinds.csv").open(newline="") as stream:
        tolerances = [row["tolerance"] for row in csv.DictReader(stream)]
    assert len(tolerances) == 5
    for tolerance in tolerances:
        key = dg.AssetCheckKey(
            dg.AssetKey(["marts", "reconciliation_tolerances"]), f"{tolerance}_within_tolerance"
        )
        assert graph.get_check_spec(key).blocking is False
