"""Reference tables: loaded whole, checked row by row, and their change noticed."""

from __future__ import annotations

import shutil

import pytest

from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.hashing import keyed_hash
from dagster_project.lib.reference import load_reference
from dagster_project.lib.reference_tables import REFERENCE_TABLES
from dagster_project.lib.settings import PROJECT_ROOT
from tests.conftest import HASH_KEY, Landing

TEMPLATES = PROJECT_ROOT / "data/reference/templates"


def _write(landing: Landing, name: str, text: str) -> None:
    landing.settings.reference.mkdir(parents=True, exist_ok=True)
    (landing.settings.reference / f"{name}.csv").write_text(text, encoding="utf-8")


def test_without_any_file_every_table_exists_and_is_empty(landing: Landing) -> None:
    assert load_reference(landing.con, landing.settings) is True
    assert load_reference(landing.con, landing.settings) is False
    for name in REFERENCE_TABLES:
        assert landing.rows(f"select * from raw.reference_{name}") == []


def test_the_templates_load_and_internal_users_arrive_hashed(landing: Landing) -> None:
    shutil.copytree(TEMPLATES, landing.settings.reference)
    load_reference(landing.con, landing.settings)
    assert landing.rows("select user_key, reason from raw.reference_internal_users limit 1") == [
        (keyed_hash("qa-robot-1", HASH_KEY), "load test")
    ]
    assert landing.rows("select count(*) from raw.reference_feature_map") == [(3,)]
    assert landing.rows("select tolerance_pct from raw.reference_tolerances order by 1") == [
        ("0",),
        ("0.5",),
    ]


def test_templates_below_the_reference_folder_are_not_loaded(landing: Landing) -> None:
    shutil.copytree(TEMPLATES, landing.settings.reference / "templates")
    load_reference(landing.con, landing.settings)
    assert landing.rows("select count(*) from raw.reference_feature_map") == [(0,)]


def test_a_changed_file_is_noticed_and_makes_loaded_days_pending(landing: Landing) -> None:
    landing.drop_lines(
        "segment_tracks/a.jsonl",
        {"messageId": "m", "type": "track", "timestamp": "2026-03-04T05:06:07Z"},
    )
    landing.ingest("segment_tracks")
    load_reference(landing.con, landing.settings)
    landing.pending()
    assert load_reference(landing.con, landing.settings) is False
    assert landing.pending() == []
    _write(landing, "scope_rules", "unit,match_type,match_value,rule\nfeature,team,x,because\n")
    assert load_reference(landing.con, landing.settings) is True
    assert landing.pending() == ["2026-03-04"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("accounts", "source,instance\na,b\n", "row 1: the columns must be"),
        (
            "scope_rules",
            "unit,match_type,match_value,rule\nday,team,x,y\n",
            "row 2, column unit: 'day' is not one of",
        ),
        (
            "scope_rules",
            "unit,match_type,match_value,rule\nfeature,team,,y\n",
            "row 2, column match_value: a value is required",
        ),
        (
            "tolerances",
            "residual_code,channel,account,tolerance_pct,tolerance_usd\nx,*,*,0.5%,1\n",
            "row 2, column tolerance_pct: '0.5%'",
        ),
        (
            "tolerances",
            "residual_code,channel,account,tolerance_pct,tolerance_usd\nrates,*,*,0.5,1\n",
            "row 2, column residual_code: 'rates' is not one of",
        ),
        (
            "true_up_rules",
            "residual,rule\nunlogged,evenly\n",
            "row 2, column rule: 'evenly' is not one of proportional, none",
        ),
        # what is proved is never spread, it goes to its rows
        (
            "true_up_rules",
            "residual,rule\nrounding,proportional\n",
            "row 2, column residual: 'rounding' is not one of",
        ),
        (
            "internal_users",
            "user_id,reason,valid_from,valid_to\nu,,2026-02-30,\n",
            "row 2, column valid_from: '2026-02-30' is not a date",
        ),
        (
            "internal_users",
            "user_id,reason,valid_from,valid_to\nu,,2026-02-02,2026-02-01\n",
            "column valid_to: 2026-02-01 is before",
        ),
        (
            "source_precedence",
            "channel,account,role,source,valid_from,valid_to\n*,*,ledger,invoice_lines,,\n",
            "row 2, column source: 'invoice_lines' is not one of call_log, provider_usage",
        ),
        (
            "source_precedence",
            "channel,account,role,source,valid_from,valid_to\n"
            "a,b,ledger,call_log,,\na,b,ledger,provider_usage,,\n",
            "row 3: the same channel, account, role, valid_from as row 2",
        ),
        (
            "attribution_windows",
            "unit,feature,window_hours\nconversion,*,9000\n",
            "row 2, column window_hours: at most 8784",
        ),
        *(
            ("allocation_rules", f"rule,source_feature,method,target_feature,percent\n{rows}", said)
            for rows, said in (
                (
                    "r,a,fixed,b,60\nr,a,fixed,c,30\n",
                    "row 2, column percent: a sums to 90, not 100",
                ),
                ("r,a,even,b,50\n", "row 2, column percent: for method fixed, and only there"),
                ("r,a,fixed,b,\n", "row 2, column percent: for method fixed, and only there"),
                ("r,a,direct,*,\n", "row 2, column target_feature: name one feature"),
                ("r,a,direct,b,\nr,a,direct,c,\n", "row 2: method direct has one target_feature"),
                ("r,a,even,b,\nq,b,even,c,\n", "row 2, column target_feature: 'b' gives its own"),
                ("r,a,even,*,\nr,a,even,c,\n", "row 2: '*' already names every feature"),
                (
                    "r,a,even,b,\nr,a,proportional,c,\n",
                    "row 2: the rows of a from one date have one",
                ),
            )
        ),
        (
            "allocation_rules",
            "rule,source_feature,method,target_feature,valid_from,valid_to\n"
            "r,a,even,b,2026-01-01,2026-07-01\nr,a,even,c,2026-06-01,\n",
            "row 3, column valid_from: a has another rule until 2026-07-01",
        ),
        ("accounts", "source,instance,channel,account\na,b,c\n", "row 2: 3 cells, 4 are expected"),
    ],
)
def test_a_wrong_row_names_file_row_column_and_reason(
    landing: Landing, name: str, text: str, said: str
) -> None:
    _write(landing, name, text)
    with pytest.raises(ConfigurationError) as caught:
        load_reference(landing.con, landing.settings)
    assert f"{name}.csv" in str(caught.value)
    assert said in str(caught.value)


def test_a_wrong_file_leaves_the_earlier_tables_as_they_were(landing: Landing) -> None:
    _write(landing, "scope_rules", "unit,match_type,match_value,rule\nfeature,team,x,because\n")
    load_reference(landing.con, landing.settings)
    _write(landing, "scope_rules", "unit,match_type,match_value,rule\nfeature,nobody,x,because\n")
    with pytest.raises(ConfigurationError):
        load_reference(landing.con, landing.settings)
    assert landing.rows("select match_value from raw.reference_scope_rules") == [("x",)]
