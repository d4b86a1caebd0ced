"""Homes for the pipeline tests, one folder per test module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Home


@pytest.fixture(scope="module")
def make_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Home]:
    """Make an empty home with the given name; a space in the path is part of every test."""
    folder = tmp_path_factory.mktemp("a home")

    def make(name: str) -> Home:
        path = Path(folder) / name
        (path / "landing").mkdir(parents=True)
        return Home(path)

    return make


@pytest.fixture(scope="module")
def home(make_home: Callable[[str], Home]) -> Home:
    """The module's one home."""
    return make_home("home")
