"""Reading values out of a parsed API page without touching their digits."""

from __future__ import annotations

import json
from typing import Any

from dagster_project.lib.errors import FileRejectedError

# Stands for an object or list where a single value belongs; the load quarantines such a row.
CONTAINER = "\x01container"


def scalar(value: Any) -> str | None:
    """Return a JSON value as text: numbers as they were written, true/false, None for null."""
    if isinstance(value, str):
        # A lone surrogate is legal in JSON and impossible in UTF-8.
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return CONTAINER


def scalar_list(value: Any) -> str | None:
    """Return a list of single values as JSON text."""
    if value is None:
        return None
    if not isinstance(value, list) or any(isinstance(item, dict | list) for item in value):
        return CONTAINER
    return json.dumps(value, ensure_ascii=False)


def nested(value: Any, *keys: str) -> Any:
    """Return value[key1][key2]…, or None where a step is missing."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, and nothing for anything else."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]


def buckets(document: Any, export: str) -> list[dict[str, Any]]:
    """Return the time buckets of a page (or of a list of pages)."""
    found: list[dict[str, Any]] = []
    for page in document if isinstance(document, list) else [document]:
        data = page.get("data") if isinstance(page, dict) else None
        if not isinstance(data, list):
            raise FileRejectedError(f'not a page of the {export} export: it has no "data" list')
        for bucket in data:
            if not isinstance(bucket, dict) or not isinstance(bucket.get("results"), list):
                raise FileRejectedError(
                    f'not a page of the {export} export: a bucket has no "results" list'
                )
            found.append(bucket)
    return found


def results(document: Any) -> list[dict[str, Any]]:
    """Return all result objects of a page of unknown origin."""
    pages = document if isinstance(document, list) else [document]
    return [
        result
        for page in objects(pages)
        for bucket in objects(page.get("data"))
        for result in objects(bucket.get("results"))
    ]
