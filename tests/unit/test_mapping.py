"""Mappings: what they may say, and how a wrong one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.mapping import load_mappings
from dagster_project.lib.settings import PROJECT_ROOT

HEAD = "target,path,constant,transform,note\n"
GOOD = "kind,,call_log,,\ncall_id,id,,,\nrequested_at,at,,,\nchannel,,openai,,\n"


def _written(folder: Path, rows: str, name: str = "mylog.csv") -> Path:
    (folder / name).write_text(HEAD + rows, encoding="utf-8")
    return folder


def test_a_good_mapping_keeps_its_kind_and_bindings(tmp_path: Path) -> None:
    mapping = load_mappings(_written(tmp_path, GOOD + "feature,,,,\n"))
    assert mapping["mylog"].kind == "call_log"
    assert [binding.column for binding in mapping["mylog"].bindings] == [
        "call_id",
        "requested_at",
        "channel",
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (GOOD + "colour,x,,,\n", "row 6, target colour: no such target"),
        (GOOD + "feature,x,y,,\n", "row 6, target feature: give a path or a constant"),
        (GOOD + "call_id,x,,,\n", "row 6, target call_id: the target is mapped twice"),
        (GOOD + "input_tokens,x,,lower,\n", "row 6, target input_tokens: transform 'lower'"),
        (GOOD + "input_tokens,,1.5,,\n", "row 6, target input_tokens: '1.5' is not a whole"),
        (GOOD + "usage_convention,,both,,\n", "row 6, target usage_convention: must be one of"),
        (GOOD + "usage,u,,usage:unheard_of,\n", "row 6, target usage: transform must be one of"),
        (GOOD + "usage,,,usage:gemini,\n", "row 6, target usage: path must name"),
        (GOOD + "is_retry,,maybe,,\n", "row 6, target is_retry: must be true or false"),
        (GOOD + "reported_cost,,cheap,,\n", "row 6, target reported_cost: 'cheap'"),
        (GOOD + "feature,a..b,,,\n", "row 6, target feature: path 'a..b' has an empty part"),
        (GOOD + "feature,a\n", "row 6: 2 cells, 5 are expected"),
        (GOOD.replace("call_log", "calls"), "row 2, target kind: constant must be"),
        (GOOD + "format,,xml,,\n", "row 6, target format: constant must be one of"),
        ("kind,,call_log,,\ncall_id,id,,,\n", "required targets are not mapped: requested_at"),
        ("kind,,call_log,,\ncall_id,,one,,\nrequested_at,t,,,\nchannel,,x,,\n", "needs a path"),
    ],
)
def test_a_wrong_mapping_names_file_row_and_target(tmp_path: Path, rows: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_mappings(_written(tmp_path, rows))
    assert "mylog.csv" in str(caught.value)
    assert said in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_mapping_may_not_take_a_built_in_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="built-in"):
        load_mappings(_written(tmp_path, GOOD, "openai_usage.csv"))


def test_wrong_column_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mylog.csv").write_text("target,path\nkind,\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="row 1: the columns must be"):
        load_mappings(tmp_path)


def test_a_mapping_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mylog.csv").write_bytes(b"\xff\xfe\x00target")
    with pytest.raises(ConfigurationError, match="not a UTF-8 CSV"):
        load_mappings(tmp_path)


def test_an_own_row_wins_over_the_usage_object(tmp_path: Path) -> None:
    rows = GOOD + "usage,u,,usage:openai_chat,\nservice_tier,tier,,,\n"
    bindings = load_mappings(_written(tmp_path, rows))["mylog"].bindings
    tiers = [binding.paths for binding in bindings if binding.column == "service_tier"]
    assert tiers == [(("tier",),)]


def test_the_templates_are_valid_mappings() -> None:
    mappings = load_mappings(PROJECT_ROOT / "data/reference/templates/mappings")
    assert {name: mapping.kind for name, mapping in mappings.items()} == {
        "azure_llm_trace": "call_log",
        "managing_intelligence": "call_log",
    }
