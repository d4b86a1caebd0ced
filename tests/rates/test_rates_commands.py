"""The commands: a build that changes nothing, a card that is out of date, a table, a diff."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.rates import rebuild as rebuild_module
from dagster_project.rates.commands import rates
from dagster_project.rates.rebuild import rebuild

FACTS = """
channel: openai
provider: openai
sources:
  page: {title: "a page", ref: "example.org", read_on: "2026-11-01"}
models:
  - model: m-1
    from: "2026-03-05T00:00:00Z"
    source: page
    prices:
      - {mtok: {input: "PRICE", output: "15"}}
"""


@pytest.fixture
def rooms(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of facts and one of seeds."""
    facts, seeds = tmp_path / "rates" / "facts", tmp_path / "seeds"
    facts.mkdir(parents=True)
    seeds.mkdir()
    (facts / "openai.yml").write_text(FACTS.replace("PRICE", "2.5"))
    return tmp_path / "rates", seeds


def _built(rooms: tuple[Path, Path], day: str = "2026-11-22", *, check: bool = False):  # type: ignore[no-untyped-def]
    result = rebuild(day, check=check, rates_folder=rooms[0], seeds_folder=rooms[1])
    if not check:
        assert result.problems == []
        result.write()
    return result


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_building_twice_writes_the_same_bytes_and_one_version(rooms: tuple[Path, Path]) -> None:
    assert _built(rooms).seeds.is_new_version
    before = _files(rooms[1])
    assert not _built(rooms, "2026-12-24").seeds.is_new_version
    assert _files(rooms[1]) == before
    assert all(b"\r" not in content for content in before.values())


def test_a_card_that_is_out_of_date_is_told_and_not_touched(rooms: tuple[Path, Path]) -> None:
    _built(rooms)
    assert _built(rooms, check=True).differences == []
    before = _files(rooms[1])
    (rooms[0] / "facts" / "openai.yml").write_text(FACTS.replace("PRICE", "3"))
    stale = _built(rooms, check=True)
    assert any("rate_card.csv: 2 lines to add or change" in line for line in stale.differences)
    assert _files(rooms[1]) == before
    assert _built(rooms).seeds.versions[-1].version_number == "2"


def _run(monkeypatch: pytest.MonkeyPatch, rooms: tuple[Path, Path], *words: str) -> Result:
    def here(built_on: str, note: str = "", *, check: bool = False):  # type: ignore[no-untyped-def]
        return rebuild(built_on, note, check=check, rates_folder=rooms[0], seeds_folder=rooms[1])

    monkeypatch.setattr(rebuild_module, "rebuild", here)
    return CliRunner().invoke(rates, list(words))


def test_build_says_what_it_did(rooms: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    day = ("--built-on", "2026-11-22")
    first = _run(monkeypatch, rooms, "build", *day)
    assert "new version: 1 (2026-11-22." in first.output
    again = _run(monkeypatch, rooms, "build", *day)
    assert "identical content, no new version" in again.output
    assert "is up to date" in _run(monkeypatch, rooms, "build", "--check").output


def test_check_of_a_stale_card_exits_three(
    rooms: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = _run(monkeypatch, rooms, "build", "--check")
    assert isinstance(result.exception, TrueUpError)
    assert result.exception.exit_code == 3
    assert "is not what facts and imports give" in str(result.exception)


def test_a_card_that_fails_a_check_is_not_written(
    rooms: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = FACTS.replace("PRICE", "2.5") + '      - {processing: batch, mtok: {input: "9"}}\n'
    (rooms[0] / "facts" / "openai.yml").write_text(broken)
    result = _run(monkeypatch, rooms, "build", "--open", str(tmp_path / "open"))
    assert isinstance(result.exception, ConfigurationError)
    assert "batch above standard: openai m-1 input_uncached_tokens" in str(result.exception)
    assert _files(rooms[1]) == {}
    assert (tmp_path / "open" / "problems.txt").read_text().count("\n") == 1


def test_a_wrong_day_is_told(rooms: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    result = _run(monkeypatch, rooms, "build", "--built-on", "yesterday")
    assert "write it as 2026-09-30" in str(result.exception)


def test_show_prints_the_history_of_a_model() -> None:
    result = CliRunner().invoke(rates, ["show", "deepseek-v4-pro", "--channel", "deepseek"])
    assert result.exit_code == 0
    assert "2026-08-16 16:00Z" in result.output
    assert "deepseek_peak" in result.output


def test_show_of_one_instant_prints_one_price() -> None:
    words = ["show", "o3-2025-04-16", "--channel", "openai", "--at", "2025-06-09"]
    result = CliRunner().invoke(rates, words)
    assert "realtime    standard  global" in result.output
    assert " 10 " in result.output
    assert " 40" in result.output


def test_show_of_an_unknown_name_offers_near_ones() -> None:
    result = CliRunner().invoke(rates, ["show", "gpt-5.4-minni"])
    assert isinstance(result.exception, ConfigurationError)
    assert "gpt-5.4-mini" in str(result.exception)


def test_diff_of_the_committed_card_lists_prices_and_csv() -> None:
    result = CliRunner().invoke(rates, ["diff", "0", "1", "--channel", "cohere"])
    assert result.exit_code == 0
    assert "added" in result.output
    as_csv = CliRunner().invoke(rates, ["diff", "0", "1", "--channel", "cohere", "--csv"])
    assert as_csv.output.startswith("change,channel,model_key,meter")


def test_import_without_a_package_says_what_to_name() -> None:
    result = CliRunner().invoke(rates, ["import"])
    assert "name what to read" in str(result.exception)
    result = CliRunner().invoke(rates, ["import", "--genai"])
    assert "--released-on is missing" in str(result.exception)


def test_the_help_teaches() -> None:
    text = CliRunner().invoke(rates, ["--help"]).output
    assert "trueup rates show gpt-5.4" in text
    for command in ("build", "import", "diff", "show"):
        assert CliRunner().invoke(rates, [command, "--help"]).exit_code == 0


def test_the_seeds_are_replaced_whole(rooms: tuple[Path, Path]) -> None:
    _built(rooms)
    assert sorted(_files(rooms[1])) == [
        "model_aliases.csv",
        "rate_card.csv",
        "rate_card_versions.csv",
    ]
