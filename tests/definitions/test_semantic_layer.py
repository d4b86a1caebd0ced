"""Rules of the semantic layer, read from its files: no period thrice, no kinds summed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

DBT = Path(__file__).resolve().parents[2] / "dbt"
FILES = sorted((DBT / "models" / "semantic").glob("*.yml"))
PERIODS = ("day", "week", "month")


def read(part: str) -> dict[str, dict[str, Any]]:
    """Semantic models or metrics by name."""
    return {
        entry["name"]: entry
        for path in FILES
        for entry in yaml.safe_load(path.read_text()).get(part, [])
    }


MODELS, METRICS = read("semantic_models"), read("metrics")
SIMPLE = {name: metric for name, metric in METRICS.items() if metric["type"] == "simple"}
MODEL_OF = {measure["name"]: model for model in MODELS.values() for measure in model["measures"]}


def filtered(metric: dict[str, Any], model: dict[str, Any], dimension: str) -> list[str]:
    """The values of a dimension that a metric is filtered to."""
    pattern = rf"{{{{ Dimension\('{model['primary_entity']}__{dimension}'\) }}}} = '(\w+)'$"
    return [found[1] for line in metric.get("filter", []) if (found := re.match(pattern, line))]


def breaches(metrics: dict[str, dict[str, Any]]) -> list[str]:
    """Metrics that count a period thrice, add up what does not, or sum kinds of resolution."""
    found = []
    for name, metric in metrics.items():
        model = MODEL_OF[metric["type_params"]["measure"]]
        dimensions = {dimension["name"] for dimension in model["dimensions"]}
        if "period_grain" in dimensions:
            grains = filtered(metric, model, "period_grain")
            if len(grains) != 1 or grains[0] not in PERIODS:
                found.append(f"{name}: {grains} is not one period grain")
            named = name.rpartition("_")[2]
            if grains != [named if named in PERIODS else "day"]:
                found.append(f"{name}: its name is not that of a {grains}")
            measure = next(
                m for m in model["measures"] if m["name"] == metric["type_params"]["measure"]
            )
            if grains != ["day"] and "non_additive_dimension" not in measure:
                found.append(f"{name}: a figure of a {grains} is summed over several")
        if "resolution_kind" in dimensions and len(filtered(metric, model, "resolution_kind")) != 1:
            found.append(f"{name}: sums kinds of resolution")
    return found


def test_no_metric_counts_a_period_thrice_or_sums_kinds_of_resolution() -> None:
    assert len(SIMPLE) > 50
    assert breaches(SIMPLE) == []


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ({"measure": "task_successful", "filter": []}, "not one period grain"),
        (
            {
                "measure": "task_successful",
                "filter": ["{{ Dimension('task_period__period_grain') }} = 'month'"],
            },
            "summed over several",
        ),
        (
            {
                "measure": "user_active_users",
                "filter": ["{{ Dimension('user_period__period_grain') }} = 'week'"],
            },
            "its name is not",
        ),
        (
            {
                "measure": "ticket_resolved",
                "filter": ["{{ Dimension('ticket_period__period_grain') }} = 'day'"],
            },
            "sums kinds",
        ),
    ],
)
def test_the_rule_catches_each_breach(metric: dict[str, Any], words: str) -> None:
    broken = {"type_params": {"measure": metric["measure"]}, "filter": metric["filter"]}
    assert words in " ".join(breaches({"broken": broken}))


def test_a_measure_is_asked_through_metrics_alone_and_each_is_asked() -> None:
    for measure, model in MODEL_OF.items():
        entry = next(m for m in model["measures"] if m["name"] == measure)
        assert "create_metric" not in entry, measure
    assert {metric["type_params"]["measure"] for metric in SIMPLE.values()} == set(MODEL_OF)


def test_every_metric_and_semantic_model_says_what_it_is() -> None:
    for entry in [*MODELS.values(), *METRICS.values()]:
        assert entry["description"].endswith("."), entry["name"]


def test_every_ratio_is_on_one_basis() -> None:
    """A computed cost is divided as a computed cost: names and parts agree."""
    for name, metric in METRICS.items():
        if metric["type"] == "ratio":
            parts = f"{metric['type_params']['numerator']} {metric['type_params']['denominator']}"
            for basis in ("computed", "trued_up"):
                assert (basis in name) == (basis in parts), name


def test_the_marts_of_the_semantic_layer_are_contracted() -> None:
    contracted = {
        model["name"]
        for path in (DBT / "models" / "marts").rglob("_*__models.yml")
        for model in yaml.safe_load(path.read_text())["models"]
        if model["config"]["contract"]["enforced"]
    }
    for model in MODELS.values():
        assert re.fullmatch(r"ref\('(\w+)'\)", model["model"])[1] in contracted
