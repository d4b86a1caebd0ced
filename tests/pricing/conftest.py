"""The command in this process, and homes with price lists of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from books import Books, Command, Ended, Home, MakeBooks

from dagster_project import cli


@pytest.fixture
def trueup(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run `trueup` with arguments in a home; nothing of the caller's environment stays."""

    def run(home: Home, *arguments: str | Path) -> Ended:
        capfd.readouterr()
        monkeypatch.setattr("sys.argv", ["trueup", *map(str, arguments)])
        with home.entered(), pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capfd.readouterr()
        return Ended(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def bare(tmp_path: Path) -> Home:
    """A home without anything in it; pricing a file needs no more."""
    home = Home(tmp_path / "home")
    home.landing.mkdir(parents=True)
    return home


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the module's own; a space in the path is part of every test."""
    return tmp_path_factory.mktemp("price books")


@pytest.fixture(scope="module")
def make_books(folder: Path) -> MakeBooks:
    """Make a home with the given price list."""

    def make(name: str, *arguments: Any, **more: Any) -> Books:
        return Books.at(folder / name, *arguments, **more)

    return make
