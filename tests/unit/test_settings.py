"""Settings: what the environment may say, and the key that is made once."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.settings import PROJECT_ROOT, Settings


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = Settings.from_environment({})
    assert settings.home == PROJECT_ROOT / "data"
    assert settings.warehouse == PROJECT_ROOT / "data/warehouse/trueup.duckdb"
    assert settings.snapshot == PROJECT_ROOT / "data/exports/trueup.duckdb"
    assert settings.landing == PROJECT_ROOT / "data/landing"
    assert settings.reference == PROJECT_ROOT / "data/reference"
    assert settings.dbt_project_dir == PROJECT_ROOT / "dbt"
    assert settings.reporting_time_zone == "UTC"
    assert settings.resolution_maturity_days == 7
    assert settings.largest_person_ids == 50
    assert settings.minimum_group_size == 5
    assert (settings.task_maturity_days, settings.conversion_maturity_days) == (0, 0)
    assert settings.quarantine_limit == 0.05
    assert settings.alert_webhook_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRUEUP_REPORTING_TIME_ZONE", "Mars/Olympus"),
        ("TRUEUP_REPORTING_TIME_ZONE", "../etc/passwd"),
        ("TRUEUP_RESOLUTION_MATURITY_DAYS", "-1"),
        ("TRUEUP_RESOLUTION_MATURITY_DAYS", "1.5"),
        ("TRUEUP_RESOLUTION_MATURITY_DAYS", "367"),
        ("TRUEUP_LARGEST_PERSON_IDS", "0"),
        ("TRUEUP_LARGEST_PERSON_IDS", "1001"),
        ("TRUEUP_MINIMUM_GROUP_SIZE", "0"),
        ("TRUEUP_MINIMUM_GROUP_SIZE", "five"),
        ("TRUEUP_CLOSE_NEEDS", "two"),
        ("TRUEUP_TASK_MATURITY_DAYS", "a week"),
        ("TRUEUP_CONVERSION_MATURITY_DAYS", "367"),
        ("TRUEUP_QUARANTINE_LIMIT", "5%"),
        ("TRUEUP_QUARANTINE_LIMIT", "1.01"),
        ("TRUEUP_QUARANTINE_LIMIT", "nan"),
        ("TRUEUP_ALERT_WEBHOOK_URL", "ftp://host/x"),
        ("TRUEUP_HASH_KEY", "short"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        Settings.from_environment({name: value})
    assert caught.value.exit_code == 2


def test_a_home_that_is_a_file_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="ascii")
    with pytest.raises(ConfigurationError, match="TRUEUP_HOME"):
        Settings.from_environment({"TRUEUP_HOME": str(tmp_path / "file")})


def test_neither_the_hash_key_nor_the_webhook_stands_in_the_repr(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {
            "TRUEUP_HOME": str(tmp_path),
            "TRUEUP_HASH_KEY": "planted-secret-key-1",
            "TRUEUP_ALERT_WEBHOOK_URL": "https://hooks.example/planted-token",
        }
    )
    assert settings.hash_key == "planted-secret-key-1"
    assert "planted" not in repr(settings)


def test_the_key_file_is_made_at_first_use_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings = Settings.from_environment({"TRUEUP_HOME": str(tmp_path)})
    assert not (tmp_path / ".hash_key").exists()
    key = settings.hash_key
    assert len(key) == 64
    assert (tmp_path / ".hash_key").stat().st_mode & 0o777 == 0o600
    assert Settings.from_environment({"TRUEUP_HOME": str(tmp_path)}).hash_key == key


def _key_of(home: str) -> str:
    return Settings.from_environment({"TRUEUP_HOME": home}).hash_key


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        keys = set(pool.map(_key_of, [str(tmp_path)] * 16))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == [".hash_key"]


def test_a_damaged_key_file_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / ".hash_key").write_text("cut", encoding="ascii")
    with pytest.raises(ConfigurationError, match="hash_key"):
        _ = Settings.from_environment({"TRUEUP_HOME": str(tmp_path)}).hash_key
