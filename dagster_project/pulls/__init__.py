"""API clients that land the files a person would otherwise drop into the landing folder.

A pull only lands files: bodies as served, one file a page, whole or not at all. What they mean is
the loader's and dbt's business.
"""

from dagster_project.pulls.runner import PULLS, PullResult, run_pulls

__all__ = ["PULLS", "PullResult", "run_pulls"]
