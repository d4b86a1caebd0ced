"""The demo company: 45 days of invented calls, bills and outcomes with planted differences."""

from __future__ import annotations

from dagster_project.demo.generator import write_demo
from dagster_project.demo.landed import demo_is_landed, foreign_files, remove_demo
from dagster_project.demo.summary import DemoSummary, Planted, WrittenFile

__all__ = [
    "DemoSummary",
    "Planted",
    "WrittenFile",
    "demo_is_landed",
    "foreign_files",
    "remove_demo",
    "write_demo",
]
