"""dbt models and macros rendered without dbt, so that a law can be tried on random tables."""

from __future__ import annotations

import ast
import re
from copy import deepcopy
from functools import cache, partial
from pathlib import Path
from typing import Any

import jinja2

DBT = Path(__file__).resolve().parents[2] / "dbt"

# `return` is dbt's own; what such a macro returns is a list or a dict of names, read as Python.
RETURNING = re.compile(
    r"{% macro (?P<name>\w+)\((?P<arguments>[\w, ]*)\) -%}\s*"
    r"{{ return\((?P<value>.*?)\) }}\s*{%- endmacro %}",
    re.DOTALL,
)


@cache
def _macro_files() -> str:
    # how dbt replaces tables is in blocks and tags of its own, which Jinja does not know
    paths = sorted(set((DBT / "macros").glob("*.sql")) - {DBT / "macros" / "materializations.sql"})
    return "".join(path.read_text() for path in paths)


@cache
def _macros() -> str:
    text = re.sub(r"{% test .*?{% endtest %}", "", _macro_files(), flags=re.DOTALL)
    text = RETURNING.sub("", text)
    assert "return(" not in text
    return re.sub(r"{% macro generate_schema_name.*?endmacro %}", "", text, flags=re.DOTALL)


@cache
def _returned() -> dict[str, Any]:
    """What each macro that only returns a value returns."""
    return {
        found["name"]: ast.literal_eval(found["value"].strip())
        for found in RETURNING.finditer(_macro_files())
        if not found["arguments"]
    }


@cache
def _choosing() -> dict[str, Any]:
    """Macros that return one of several values, by their arguments."""

    def choose(value: str, names: list[str], *given: Any) -> Any:
        chosen = dict(zip(names, given, strict=True))
        return jinja2.Environment().compile_expression(value)(**chosen)

    return {
        found["name"]: partial(choose, found["value"].strip(), found["arguments"].split(", "))
        for found in RETURNING.finditer(_macro_files())
        if found["arguments"]
    }


def cuts() -> tuple[str, ...]:
    """The columns that unit costs are cut by."""
    return tuple(_returned()["cuts"])


def priced_meters() -> tuple[str, ...]:
    """The meters as macros/meters.sql lists them."""
    return tuple(_returned()["priced_meters"])


def modality_meters() -> tuple[str, ...]:
    """The meters of a modality, which a source without modalities has no columns for."""
    return tuple(name for names in _returned()["modality_meters"].values() for name in names)


def render(template: str, **variables: str) -> str:
    """SQL of a template; ref('x') is table x, source('s', 'x') too, env_var what is given."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.globals.update(
        ref=lambda name: name,
        source=lambda schema, name: name,
        config=lambda **options: "",
        env_var=lambda name, default="": variables.get(name, default),
        is_incremental=lambda: False,
        # a macro is a function; a model gets a value of its own each time
        **{name: partial(deepcopy, value) for name, value in _returned().items()},
        **_choosing(),
    )
    return environment.from_string(_macros() + template).render()


def model(name: str) -> str:
    """SQL of a model file."""
    (path,) = (DBT / "models").rglob(f"{name}.sql")
    return render(path.read_text())
